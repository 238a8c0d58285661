/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bpf/btf-format.h"
#include "bpf/btf.h"

/* Vmlinux with all debug options on has a tenth of this. */
#define SECTION_MAX ((uint64_t) 256 * 1024 * 1024)

/* Files of sysfs give at most a page a call (fs/kernfs/file.c). */
#define READ_SIZE ((size_t) 4096)

/* A header may grow at its end, but not to anything. */
#define HEADER_MAX ((uint32_t) 4096)

/* A section, read from its start to its end. */
struct reader {
    int fd;
    uint64_t offset; /* in the file, of what is read next */
    uint64_t left;   /* of the section, not read yet */
    size_t start, end;
    char buffer[2 * READ_SIZE];
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

/* Puts more behind what is in the buffer, of which there has to be less than READ_SIZE. -EBADMSG:
 * there is no more. */
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

/* Goes on behind the buffer, without reading what is passed over. */
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

struct search {
    const char *const *names;
    size_t n, found;
    size_t lengths[BTF_NAMES_MAX];
    uint32_t offsets[BTF_NAMES_MAX]; /* of the names in the string section; 0, the empty string: none */
    uint32_t ids[BTF_NAMES_MAX];
};

static void note_string(struct search *s, const char *string, size_t length, uint64_t offset) {
    for (size_t i = 0; i < s->n; i++)
        if (s->lengths[i] == length && s->offsets[i] == 0 &&
            memcmp(s->names[i], string, length) == 0) {
            s->offsets[i] = (uint32_t) offset;
            s->found++;
        }
}

/* The strings stand one behind the other, each with a NUL; the first of all is empty. There are
 * more than a hundred thousand, of which few are as long as a name. */
static int read_strings(struct search *s, struct reader *reader, uint64_t size) {
    uint64_t lengths = 0;

    for (size_t i = 0; i < s->n; i++)
        lengths |= (uint64_t) 1 << (s->lengths[i] % 64);
    while (reader->left > 0 && s->found < s->n) {
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
                note_string(s, string, length, offset + (size_t) (string - reader->buffer));
            string = end + 1;
        }
        reader->start = (size_t) (string - reader->buffer);
    }
    return 0;
}

#define HEAD sizeof(struct btf_file_type)

/* The size of a type of each kind, and how much each of its members adds; 0: no such kind. */
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

static void note_function(struct search *s, uint32_t name_offset, uint32_t id) {
    for (size_t i = 0; i < s->n; i++)
        if (s->offsets[i] == name_offset && name_offset > 0 && s->ids[i] == 0) {
            s->ids[i] = id;
            s->found++;
        }
}

/* Goes over the types that begin in the buffer; *id is that of the next one. */
static int read_buffered_types(struct search *s, struct reader *reader, uint32_t *id) {
    struct btf_file_type type;

    while (reader->end - reader->start >= sizeof(type)) {
        unsigned kind;
        size_t size;

        memcpy(&type, reader->buffer + reader->start, sizeof(type));
        kind = BTF_FILE_KIND(type.info);
        if (kind >= ELEMENTSOF(kinds) || kinds[kind].size == 0)
            return -EOPNOTSUPP;
        if (kind == BTF_FILE_FUNC)
            note_function(s, type.name_off, *id);
        size = kinds[kind].size + (size_t) kinds[kind].member * BTF_FILE_VLEN(type.info);
        (*id)++;
        if (size > reader->end - reader->start)
            return reader_skip(reader, size);
        reader->start += size;
    }
    return 0;
}

/* found is how many names the string section has: as many functions are looked for. */
static int read_types(struct search *s, struct reader *reader) {
    size_t wanted = s->found;
    uint32_t id = 1; /* 0 is void, which is not in the file */

    s->found = 0;
    while (s->found < wanted && reader_left(reader) > 0) {
        int r = reader_more(reader);

        if (r >= 0)
            r = read_buffered_types(s, reader, &id);
        if (r < 0)
            return r;
    }
    return 0;
}

int btf_find_functions(int fd, const char *const *names, size_t n, uint32_t *ret_ids) {
    struct search s = { .names = names, .n = n };
    struct btf_file_header header = {};
    struct reader reader;
    int r;

    if (n > BTF_NAMES_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        s.lengths[i] = strlen(names[i]);
    r = read_header(fd, &header);
    if (r < 0)
        return r;
    reader_init(&reader, fd, (uint64_t) header.hdr_len + header.str_off, header.str_len);
    r = read_strings(&s, &reader, header.str_len);
    if (r < 0)
        return r;
    reader_init(&reader, fd, (uint64_t) header.hdr_len + header.type_off, header.type_len);
    r = read_types(&s, &reader);
    if (r < 0)
        return r;
    memcpy(ret_ids, s.ids, n * sizeof(*ret_ids));
    return 0;
}
