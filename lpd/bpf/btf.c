/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bpf/btf-format.h"
#include "bpf/btf.h"

/* A vmlinux with all debug options has a tenth of this. */
#define SECTION_MAX ((uint64_t) 256 * 1024 * 1024)

/* Files of sysfs return at most a page per call (fs/kernfs/file.c). */
#define READ_SIZE ((size_t) 4096)

/* A header may have additions at its end, within this limit. */
#define HEADER_MAX ((uint32_t) 4096)

/* All members of a struct that is searched have to fit into the buffer: about a thousand. The
 * longest struct, task_struct, has fewer than three hundred. */
#define STRUCT_MAX (3 * READ_SIZE)

/* A section, read from its start to its end. */
struct reader {
    int fd;
    uint64_t offset; /* in the file, of the next read */
    uint64_t left;   /* of the section, not yet read */
    size_t start, end;
    char buffer[STRUCT_MAX + READ_SIZE];
};

static void reader_init(struct reader *r, int fd, uint64_t offset, uint64_t size) {
    r->fd = fd;
    r->offset = offset;
    r->left = size;
    r->start = r->end = 0;
}

static uint64_t reader_left(const struct reader *r) {
    return r->left + (r->end - r->start);
}

/* Reads more data after those in the buffer, which must be fewer than STRUCT_MAX. -EBADMSG: there
 * are no more. */
static int reader_more(struct reader *r) {
    size_t wanted = (size_t) MIN(r->left, READ_SIZE);
    ssize_t n;

    memmove(r->buffer, r->buffer + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
    n = pread(r->fd, r->buffer + r->end, wanted, (off_t) r->offset);
    if (n < 0)
        return -errno;
    if (n == 0)
        return -EBADMSG;
    r->end += (size_t) n;
    r->offset += (uint64_t) n;
    r->left -= (uint64_t) n;
    return 0;
}

/* Skips bytes beyond the buffer without reading them. */
static int reader_skip(struct reader *r, uint64_t size) {
    size_t buffered = r->end - r->start;

    if (size > reader_left(r))
        return -EBADMSG;
    r->start = r->end = 0;
    r->offset += size - buffered;
    r->left -= size - buffered;
    return 0;
}

static int read_header(int fd, struct btf_file_header *ret) {
    struct btf_file_header header;
    ssize_t n;

    n = pread(fd, &header, sizeof(header), 0);
    if (n < 0)
        return -errno;
    if ((size_t) n < sizeof(header) || header.magic != BTF_FILE_MAGIC)
        return -EBADMSG;
    if (header.version != BTF_FILE_VERSION)
        return -EOPNOTSUPP;
    if (header.hdr_len < sizeof(header) || header.hdr_len > HEADER_MAX ||
        header.type_len > SECTION_MAX || header.str_len > SECTION_MAX)
        return -EBADMSG;
    *ret = header;
    return 0;
}

/* A name to find, and its offset in the string section; 0, the empty string: not found. */
struct name {
    const char *name;
    size_t length;
    uint32_t offset;
};

struct search {
    struct btf_query *queries;
    size_t n, found;
    struct name names[BTF_QUERIES_MAX], members[BTF_QUERIES_MAX];
};

static bool note_string(struct name *name, const char *string, size_t length, uint64_t offset) {
    if (!name->name || name->offset > 0 || name->length != length ||
        memcmp(name->name, string, length) != 0)
        return false;
    name->offset = (uint32_t) offset;
    return true;
}

static size_t note_string_for_all(struct search *s, const char *string, size_t length,
                                  uint64_t offset) {
    size_t noted = 0;

    for (size_t i = 0; i < s->n; i++) {
        noted += note_string(s->names + i, string, length, offset);
        noted += note_string(s->members + i, string, length, offset);
    }
    return noted;
}

/* The strings follow each other, each with a NUL; the first one is empty. There are more than a
 * hundred thousand, few of them as long as a name that is searched. */
static int read_strings(struct search *s, struct reader *reader, uint64_t size) {
    uint64_t lengths = 0;
    size_t missing = 0;

    for (size_t i = 0; i < s->n; i++) {
        missing += s->members[i].name ? 2 : 1;
        lengths |= (uint64_t) 1 << (s->names[i].length % 64);
        lengths |= (uint64_t) 1 << (s->members[i].length % 64);
    }
    while (reader->left > 0 && missing > 0) {
        uint64_t offset = size - reader_left(reader);
        const char *string, *end;
        int r;

        if (reader->end - reader->start >= READ_SIZE)
            return -EBADMSG;
        r = reader_more(reader);
        if (r < 0)
            return r;
        string = reader->buffer;
        while ((end = memchr(string, '\0', (size_t) (reader->buffer + reader->end - string)))) {
            size_t length = (size_t) (end - string);

            if (lengths >> (length % 64) & 1)
                missing -= note_string_for_all(s, string, length,
                                               offset + (size_t) (string - reader->buffer));
            string = end + 1;
        }
        reader->start = (size_t) (string - reader->buffer);
    }
    return 0;
}

#define HEAD sizeof(struct btf_file_type)

/* The size of a type of each kind, and the size of each of its members; 0: unknown kind. */
static const struct {
    uint8_t size, member;
} kinds[] = {
    [BTF_FILE_INT] = { HEAD + 4, 0 },
    [BTF_FILE_PTR] = { HEAD, 0 },
    [BTF_FILE_ARRAY] = { HEAD + 12, 0 },
    [BTF_FILE_STRUCT] = { HEAD, 12 },
    [BTF_FILE_UNION] = { HEAD, 12 },
    [BTF_FILE_ENUM] = { HEAD, 8 },
    [BTF_FILE_FWD] = { HEAD, 0 },
    [BTF_FILE_TYPEDEF] = { HEAD, 0 },
    [BTF_FILE_VOLATILE] = { HEAD, 0 },
    [BTF_FILE_CONST] = { HEAD, 0 },
    [BTF_FILE_RESTRICT] = { HEAD, 0 },
    [BTF_FILE_FUNC] = { HEAD, 0 },
    [BTF_FILE_FUNC_PROTO] = { HEAD, 8 },
    [BTF_FILE_VAR] = { HEAD + 4, 0 },
    [BTF_FILE_DATASEC] = { HEAD, 12 },
    [BTF_FILE_FLOAT] = { HEAD, 0 },
    [BTF_FILE_DECL_TAG] = { HEAD + 4, 0 },
    [BTF_FILE_TYPE_TAG] = { HEAD, 0 },
    [BTF_FILE_ENUM64] = { HEAD, 12 },
};

static void note(struct search *s, size_t i, uint32_t value) {
    s->queries[i].found = true;
    s->queries[i].value = value;
    s->found++;
}

/* Whether a type of that name is the answer to query i. */
static bool asks_for(const struct search *s, size_t i, uint32_t name_offset) {
    return name_offset > 0 && s->names[i].offset == name_offset && !s->queries[i].found;
}

static void note_function(struct search *s, uint32_t name_offset, uint32_t id) {
    for (size_t i = 0; i < s->n; i++)
        if (!s->members[i].name && asks_for(s, i, name_offset))
            note(s, i, id);
}

static bool is_wanted_struct(const struct search *s, const struct btf_file_type *type) {
    for (size_t i = 0; i < s->n; i++)
        if (s->members[i].offset > 0 && asks_for(s, i, type->name_off))
            return true;
    return false;
}

static void note_members(struct search *s, const struct btf_file_type *type, const char *bytes) {
    for (uint32_t n = BTF_FILE_VLEN(type->info); n > 0; n--, bytes += sizeof(struct btf_file_member)) {
        struct btf_file_member member;

        memcpy(&member, bytes, sizeof(member));
        /* If the struct has bit fields, the upper byte is the size of each. */
        if (BTF_FILE_FLAG(type->info) && member.offset >> 24 > 0)
            continue;
        for (size_t i = 0; i < s->n; i++)
            if (s->members[i].offset == member.name_off && member.name_off > 0 &&
                asks_for(s, i, type->name_off))
                note(s, i, member.offset / 8);
    }
}

/* Walks over the types that begin in the buffer; *id is that of the next one. */
static int read_buffered_types(struct search *s, struct reader *reader, uint32_t *id) {
    struct btf_file_type type;

    while (reader->end - reader->start >= sizeof(type)) {
        size_t buffered = reader->end - reader->start, size;
        const char *bytes = reader->buffer + reader->start;
        unsigned kind;

        memcpy(&type, bytes, sizeof(type));
        kind = BTF_FILE_KIND(type.info);
        if (kind >= ELEMENTSOF(kinds) || kinds[kind].size == 0)
            return -EOPNOTSUPP;
        size = kinds[kind].size + (size_t) kinds[kind].member * BTF_FILE_VLEN(type.info);
        if (kind == BTF_FILE_STRUCT && size <= STRUCT_MAX && is_wanted_struct(s, &type)) {
            if (size > buffered)
                return 0;
            note_members(s, &type, bytes + sizeof(type));
        } else if (kind == BTF_FILE_FUNC)
            note_function(s, type.name_off, *id);
        (*id)++;
        if (size > buffered)
            return reader_skip(reader, size);
        reader->start += size;
    }
    return 0;
}

/* Searches only for names that the string section contains. */
static int read_types(struct search *s, struct reader *reader) {
    size_t wanted = 0;
    uint32_t id = 1; /* 0 is void, which is not in the file. */

    for (size_t i = 0; i < s->n; i++)
        wanted += s->names[i].offset > 0 && (!s->members[i].name || s->members[i].offset > 0);
    while (s->found < wanted && reader_left(reader) > 0) {
        int r = reader_more(reader);

        if (r >= 0)
            r = read_buffered_types(s, reader, &id);
        if (r < 0)
            return r;
    }
    return 0;
}

static void name_init(struct name *n, const char *name) {
    n->name = name;
    n->length = name ? strlen(name) : 0;
}

int btf_find(int fd, struct btf_query *queries, size_t n) {
    struct search s = { .queries = queries, .n = n };
    struct btf_file_header header = {};
    struct reader reader;
    int r;

    if (n > BTF_QUERIES_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        queries[i].found = false;
        name_init(s.names + i, queries[i].name);
        name_init(s.members + i, queries[i].member);
    }
    r = read_header(fd, &header);
    if (r < 0)
        return r;
    reader_init(&reader, fd, (uint64_t) header.hdr_len + header.str_off, header.str_len);
    r = read_strings(&s, &reader, header.str_len);
    if (r < 0)
        return r;
    reader_init(&reader, fd, (uint64_t) header.hdr_len + header.type_off, header.type_len);
    return read_types(&s, &reader);
}

int btf_find_functions(int fd, const char *const *names, size_t n, uint32_t *ret_ids) {
    struct btf_query queries[BTF_QUERIES_MAX] = {};
    int r;

    if (n > BTF_QUERIES_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        queries[i].name = names[i];
    r = btf_find(fd, queries, n);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++)
        ret_ids[i] = queries[i].found ? queries[i].value : 0;
    return 0;
}
