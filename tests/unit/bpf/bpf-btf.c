/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#include "btf-file.h"
#include "check.h"
#include "bpf/btf.h"

static struct btf_file f;

static int find(const char *const *names, size_t n, uint32_t *ret) {
    _cleanup_close_ int fd = memfd_create("btf", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, f.data, f.size), f.size);
    return btf_find_functions(fd, names, n, ret);
}

static int find_one(const char *name, uint32_t *ret) {
    return find(&name, 1, ret);
}

static void test_every_kind(void **state) {
    static const struct {
        unsigned kind;
        size_t fixed, each;
    } kinds[] = {
        { BTF_FILE_INT, 4, 0 },      { BTF_FILE_PTR, 0, 0 },        { BTF_FILE_ARRAY, 12, 0 },
        { BTF_FILE_STRUCT, 0, 12 },  { BTF_FILE_UNION, 0, 12 },     { BTF_FILE_ENUM, 0, 8 },
        { BTF_FILE_FWD, 0, 0 },      { BTF_FILE_TYPEDEF, 0, 0 },    { BTF_FILE_VOLATILE, 0, 0 },
        { BTF_FILE_CONST, 0, 0 },    { BTF_FILE_RESTRICT, 0, 0 },   { BTF_FILE_FUNC, 0, 0 },
        { BTF_FILE_FUNC_PROTO, 0, 8 }, { BTF_FILE_VAR, 4, 0 },      { BTF_FILE_DATASEC, 0, 12 },
        { BTF_FILE_FLOAT, 0, 0 },    { BTF_FILE_DECL_TAG, 4, 0 },   { BTF_FILE_TYPE_TAG, 0, 0 },
        { BTF_FILE_ENUM64, 0, 12 },
    };
    uint32_t id = 0;

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        btf_file_init(&f);
        /* The bytes that follow are not types, so a wrong size is noticed. */
        btf_file_type(&f, kinds[i].kind, 3, "x", kinds[i].fixed + 3 * kinds[i].each);
        btf_file_function(&f, "wanted");
        btf_file_finish(&f);
        assert_int_equal(find_one("wanted", &id), 0);
        assert_int_equal(id, 2);
    }
}

static void test_names(void **state) {
    static const char *const names[] = { "one", "two", "nothing", "type" };
    uint32_t ids[ELEMENTSOF(names)], one, two;

    btf_file_init(&f);
    btf_file_function(&f, "done"); /* has the same end as one of them */
    btf_file_function(&f, "ones"); /* has the same beginning */
    btf_file_function(&f, "onx");  /* differs only at the end */
    btf_file_type(&f, BTF_FILE_TYPEDEF, 0, "type", 0);
    two = btf_file_function(&f, "two");
    btf_file_function(&f, NULL);
    one = btf_file_function(&f, "one");
    btf_file_finish(&f);
    assert_int_equal(find(names, ELEMENTSOF(names), ids), 0);
    assert_int_equal(ids[0], one);
    assert_int_equal(ids[1], two);
    assert_int_equal(ids[2], 0);
    assert_int_equal(ids[3], 0);
}

/* Names and types at every offset around the boundaries of the pieces that are read. */
static void test_pieces(void **state) {
    static const char *const names[] = { "wanted", "the_last" };
    uint32_t ids[2], wanted, last;

    for (size_t at = 4096 - 24; at < 4096 + 24; at++) {
        char filler[8192] = "";

        btf_file_init(&f);
        memset(filler, 'x', at);
        btf_file_type(&f, BTF_FILE_STRUCT, (unsigned) (at / 12), NULL, at / 12 * 12);
        btf_file_type(&f, BTF_FILE_INT, 0, filler, 4);
        wanted = btf_file_function(&f, "wanted");
        btf_file_type(&f, BTF_FILE_ENUM, 1500, filler, 1500 * 8);
        last = btf_file_function(&f, "the_last");
        btf_file_finish(&f);
        assert_int_equal(find(names, 2, ids), 0);
        assert_int_equal(ids[0], wanted);
        assert_int_equal(ids[1], last);
    }
}

static void member(struct btf_file *file, const char *name, uint32_t offset) {
    struct btf_file_member m = { .name_off = btf_file_string(file, name), .offset = offset };

    memcpy(file->types + file->header.type_len, &m, sizeof(m));
    file->header.type_len += (uint32_t) sizeof(m);
}

/* The same for members. */
static void test_members(void **state) {
    for (size_t before = 0; before < 700; before += before < 300 || before > 380 ? 100 : 1) {
        struct btf_query queries[] = {
            { .name = "task", .member = "cred" }, { .name = "task", .member = "first" },
            { .name = "task", .member = "bits" }, { .name = "cred", .member = "first" },
            { .name = "task", .member = "none" }, { .name = "wanted" },
        };

        btf_file_init(&f);
        btf_file_type(&f, BTF_FILE_STRUCT, (unsigned) before, "filler", before * 12);
        btf_file_type(&f, BTF_FILE_STRUCT, 2, "other", 0);
        member(&f, "cred", 8);
        member(&f, "first", 16);
        btf_file_type(&f, 1U << 7 | BTF_FILE_STRUCT, 303, "task", 0);
        member(&f, "first", 0);
        member(&f, "bits", 3 << 24 | 64);
        for (size_t i = 0; i < 300; i++)
            member(&f, "x", 64);
        member(&f, "cred", 0x9c0 * 8);
        btf_file_function(&f, "wanted");
        btf_file_finish(&f);
        {
            _cleanup_close_ int fd = memfd_create("btf", MFD_CLOEXEC);

            assert_int_equal(write(fd, f.data, f.size), f.size);
            assert_int_equal(btf_find(fd, queries, ELEMENTSOF(queries)), 0);
        }
        assert_true(queries[0].found && queries[1].found && queries[5].found);
        assert_int_equal(queries[0].value, 0x9c0);
        assert_int_equal(queries[1].value, 0);
        assert_int_equal(queries[5].value, 4);
        assert_false(queries[2].found || queries[3].found || queries[4].found);
    }
}

static void build(void) {
    btf_file_init(&f);
    btf_file_type(&f, BTF_FILE_STRUCT, 2, "s", 24);
    btf_file_function(&f, "wanted");
    btf_file_finish(&f);
}

#define SPOIL(member, value)                                                                       \
    do {                                                                                           \
        build();                                                                                   \
        memcpy(f.data + offsetof(struct btf_file_header, member), &(typeof(f.header.member)){ value },  \
               sizeof(f.header.member));                                                           \
    } while (0)

static void test_bad(void **state) {
    uint32_t id = 99;

    build();
    assert_int_equal(find_one("wanted", &id), 0);
    assert_int_equal(id, 2);
    id = 99;

    SPOIL(magic, 0x9feb); /* the other byte order */
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    SPOIL(version, 2);
    assert_int_equal(find_one("wanted", &id), -EOPNOTSUPP);
    SPOIL(hdr_len, 23);
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    SPOIL(hdr_len, UINT32_MAX);
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    SPOIL(hdr_len, 4097);
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    SPOIL(str_off, UINT32_MAX);
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    SPOIL(str_len, f.header.str_len + 1);
    assert_int_equal(find_one("nothing", &id), -EBADMSG);
    SPOIL(str_len, UINT32_MAX);
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    SPOIL(type_off, UINT32_MAX);
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    SPOIL(type_len, UINT32_MAX);
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    SPOIL(type_len, 12 + 24 + 11); /* in the header of the second type */
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    SPOIL(type_len, 12 + 23); /* in the members of the first type */
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    build();
    f.size = 10;
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    f.size = 0;
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    assert_int_equal(id, 99);
}

/* An unknown kind must not be taken for another one. */
static void test_unknown(void **state) {
    static const uint32_t infos[] = { 0, 20U << 24, 31U << 24, 32U << 24, 127U << 24,
                                      (1 << 5 | BTF_FILE_STRUCT) << 24 | 2, UINT32_MAX };
    uint32_t id = 99;

    for (size_t i = 0; i < ELEMENTSOF(infos); i++) {
        build();
        memcpy(f.data + sizeof(struct btf_file_header) + offsetof(struct btf_file_type, info), &infos[i], 4);
        assert_int_equal(find_one("wanted", &id), -EOPNOTSUPP);
    }
    assert_int_equal(id, 99);
}

/* Up to Linux 7.0 the header has 24 bytes, and a type at most 65535 members. Since then there are
 * up to 32 bytes and 2^24 - 1 members, whatever the headers at build time say. */
static void test_formats(void **state) {
    static const uint32_t lengths[] = { 24, 32, 40, 4096 };

    for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
        uint32_t id = 0;

        btf_file_init(&f);
        f.header.hdr_len = lengths[i];
        btf_file_type(&f, BTF_FILE_STRUCT, 2, "s", 24);
        btf_file_function(&f, "wanted");
        btf_file_finish(&f);
        assert_int_equal(find_one("wanted", &id), 0);
        assert_int_equal(id, 2);
    }
}

static void test_many_members(void **state) {
    static const size_t members = 0x10003;
    _cleanup_close_ int fd = memfd_create("btf", MFD_CLOEXEC);
    struct btf_file_type types[] = { { .info = BTF_FILE_ENUM << 24 | (uint32_t) members },
                                     { .info = BTF_FILE_FUNC << 24, .name_off = 1 } };
    struct btf_file_header header = {
        .magic = BTF_FILE_MAGIC,
        .version = BTF_FILE_VERSION,
        .hdr_len = sizeof(header),
        .str_len = sizeof("\0wanted"),
        .type_off = sizeof("\0wanted"),
        .type_len = (uint32_t) (sizeof(types) + members * 8),
    };
    const char *wanted = "wanted";
    uint32_t id = 0;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, &header, sizeof(header)), sizeof(header));
    assert_int_equal(write(fd, "\0wanted", sizeof("\0wanted")), sizeof("\0wanted"));
    assert_int_equal(write(fd, types, sizeof(*types)), sizeof(*types));
    assert_true(lseek(fd, (off_t) (members * 8), SEEK_CUR) > 0);
    assert_int_equal(write(fd, types + 1, sizeof(*types)), sizeof(*types));
    assert_int_equal(btf_find_functions(fd, &wanted, 1, &id), 0);
    assert_int_equal(id, 2);
}

/* If the file claims too much for a section, the search ends at the section's real end. */
static void test_ends(void **state) {
    uint32_t id = 99;

    SPOIL(type_len, 12 + 24);
    assert_int_equal(find_one("wanted", &id), 0);
    assert_int_equal(id, 0);
    SPOIL(str_len, 3);
    assert_int_equal(find_one("wanted", &id), 0);
    assert_int_equal(id, 0);
    SPOIL(str_len, 0);
    assert_int_equal(find_one("wanted", &id), 0);
    assert_int_equal(id, 0);
}

/* Longer than any name in the kernel (KSYM_NAME_LEN). */
static void test_long_string(void **state) {
    char filler[9000] = "";
    uint32_t id = 99;

    memset(filler, 'x', sizeof(filler) - 1);
    btf_file_init(&f);
    btf_file_type(&f, BTF_FILE_FWD, 0, filler, 0);
    btf_file_function(&f, "wanted");
    btf_file_finish(&f);
    assert_int_equal(find_one("wanted", &id), -EBADMSG);
    assert_int_equal(id, 99);
}

static void test_descriptor(void **state) {
    static const char *const names[BTF_QUERIES_MAX + 1];
    uint32_t ids[BTF_QUERIES_MAX + 1];
    _cleanup_close_ int fd = open("/", O_RDONLY | O_CLOEXEC);

    assert_int_equal(btf_find_functions(fd, (const char *const[]){ "x" }, 1, ids), -EISDIR);
    assert_int_equal(btf_find_functions(fd, names, ELEMENTSOF(names), ids), -EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_many_members),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_long_string),
        cmocka_unit_test(test_descriptor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
