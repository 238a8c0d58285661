/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "object.h"

#include "module/info.h"

static int parse(const struct object *o, struct module_info *info, struct error *e) {
    /* A copy of exactly that size, so that the address sanitizer detects every overrun. */
    _cleanup_free_ char *exact = malloc(o->size ?: 1);

    assert_non_null(exact);
    memcpy(exact, o->data, o->size);
    return module_info_parse(exact, o->size, info, e);
}

static void assert_refused(struct object *o, const char *part) {
    struct module_info info = {};
    struct error e = ERROR_NULL;
    int r = parse(o, &info, &e);

    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_error(r, -ENOEXEC, &e, part);
    assert_null(info.name);
    object_free(o);
}

static void assert_fine(struct object *o) {
    _cleanup_(module_info_done) struct module_info info = {};
    struct error e = ERROR_NULL;

    assert_int_equal(parse(o, &info, &e), 0);
    assert_string_equal(info.name, "fix_it");
    object_free(o);
}

static void test_good(void **state) {
    static const struct object_section sections[] = {
        OBJECT_SECTION(".note.gnu.build-id",
                       "\x04\0\0\0\x04\0\0\0\x03\0\0\0GNU\0\xde\xad\xbe\xef"),
        OBJECT_SECTION(".modinfo", "\0\0srcversion=ABC\0name=a\0depends=b,c\0names=d\0name=e\0"
                                   "\0vermagic=6.1 SMP\0livepatch=Y\0"),
    };
    _cleanup_(module_info_done) struct module_info info = {};
    struct object o = object_build(sections, ELEMENTSOF(sections));

    assert_int_equal(parse(&o, &info, NULL), 0);
    assert_string_equal(info.name, "a"); /* the first one, as in the kernel */
    assert_string_equal(info.vermagic, "6.1 SMP");
    assert_string_equal(info.depends, "b,c");
    assert_string_equal(info.srcversion, "ABC");
    assert_string_equal(info.build_id, "deadbeef");
    assert_true(info.livepatch);
    object_free(&o);
}

static void test_least(void **state) {
    static const struct object_section modinfo =
        OBJECT_SECTION(".modinfo", "name=a\0vermagic=6.1\0livepatch=N\0");
    _cleanup_(module_info_done) struct module_info info = {};
    struct object o = object_build(&modinfo, 1);

    assert_int_equal(parse(&o, &info, NULL), 0);
    assert_null(info.depends);
    assert_null(info.srcversion);
    assert_null(info.build_id);
    assert_false(info.livepatch);
    object_free(&o);
}

static void test_bad_modinfo(void **state) {
    static const struct {
        struct object_section section;
        const char *part;
    } cases[] = {
        { OBJECT_SECTION(".modinfo", ""), ".modinfo is empty" },
        { OBJECT_SECTION(".modinfo", "name=a\0vermagic=6.1"), "ends within an entry" },
        { OBJECT_SECTION(".modinfo", "vermagic=6.1\0"), "name= is missing" },
        { OBJECT_SECTION(".modinfo", "name\0vermagic=6.1\0"), "name= is missing" },
        { OBJECT_SECTION(".modinfo", "name=\0vermagic=6.1\0"), "name= is empty" },
        { OBJECT_SECTION(".modinfo", "name=..\0vermagic=6.1\0"), "no name of a module" },
        { OBJECT_SECTION(".modinfo", "name=a/b\0vermagic=6.1\0"), "no name of a module" },
        { OBJECT_SECTION(".modinfo", "name=-a\0vermagic=6.1\0"), "no name of a module" },
        { OBJECT_SECTION(".modinfo", "name=a b\0vermagic=6.1\0"), "no name of a module" },
        { OBJECT_SECTION(".modinfo", "name=a\n\0vermagic=6.1\0"), "printable" },
        { OBJECT_SECTION(".modinfo", "name=a\0vermagic=6.1\x1b[2J\0"), "printable" },
        { OBJECT_SECTION(".modinfo", "name=a\0vermagic=6.1\0depends=\xc3\xa4\0"), "printable" },
        { OBJECT_SECTION(".modinfo", "name=a\0"), "vermagic= is missing" },
        { OBJECT_SECTION(".modinfo", "name=a\0vermagic=\0"), "vermagic= is missing" },
        { OBJECT_SECTION(".modinf", OBJECT_MODINFO), "no section .modinfo" },
        { { ".modinfo", OBJECT_MODINFO, sizeof(OBJECT_MODINFO), SHT_NOBITS, 0 }, "is empty" },
        { { ".modinfo", OBJECT_MODINFO, sizeof(OBJECT_MODINFO), 0, OBJECT_NO_FLAGS },
          "no section .modinfo" },
        { OBJECT_SECTION(".modinfo", "vermagic=6.1\0name=a23456789_123456789_123456789_123456789_"
                                     "123456789_123456\0"),
          "55 characters" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        struct object o = object_build(&cases[i].section, 1);

        assert_refused(&o, cases[i].part);
    }
}

static void test_long_values(void **state) {
    static const char longest[] =
        "vermagic=6.1\0name=a23456789_123456789_123456789_123456789_123456789_12345\0";
    struct object_section s = { ".modinfo", longest, sizeof(longest) - 1, 0, 0 };
    _cleanup_(module_info_done) struct module_info info = {};
    _cleanup_free_ char *endless = malloc(1024 * 1024);
    struct object o = object_build(&s, 1);

    assert_int_equal(parse(&o, &info, NULL), 0);
    assert_int_equal(strlen(info.name), 55);
    object_free(&o);

    assert_non_null(endless);
    memset(endless, 'x', 1024 * 1024);
    memcpy(endless, "name=a\0vermagic=", 16);
    endless[1024 * 1024 - 1] = '\0';
    s = (struct object_section){ ".modinfo", endless, 1024 * 1024, 0, 0 };
    o = object_build(&s, 1);
    assert_refused(&o, "vermagic= is too long");
}

static void test_not_elf(void **state) {
    static const char *const files[] = { "", "\177", "\177EL", "#!/bin/sh\nexit 0\n" };

    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        struct object o = { strdup(files[i]), strlen(files[i]) };

        assert_refused(&o, "not a kernel module: no ELF header");
    }
    struct object o = { strdup("\x7f" "ELF and so on"), 10 };

    assert_refused(&o, "truncated");
}

static void test_other_machine(void **state) {
    struct object o = object_build_module();
    unsigned ours = object_header(&o)->e_machine;

    object_header(&o)->e_machine = ours == EM_AARCH64 ? EM_S390 : EM_AARCH64;
    assert_refused(&o, ours == EM_AARCH64 ? "built for s390x, this machine is aarch64"
                                          : "built for aarch64, this machine is ");
    o = object_build_module();
    object_header(&o)->e_machine = 9999;
    assert_refused(&o, "ELF number 9999");

    o = object_build_module();
    object_header(&o)->e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    assert_refused(&o, "word size");
    o = object_build_module();
    object_header(&o)->e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
    object_header(&o)->e_machine = __builtin_bswap16(object_header(&o)->e_machine);
    assert_refused(&o, "byte order");
}

#define SPOILED(statement, part)                                                                   \
    do {                                                                                           \
        struct object _o = object_build_module();                                                  \
        ElfW(Ehdr) *header _unused_ = object_header(&_o);                                          \
        ElfW(Shdr) *sections _unused_ = object_sections(&_o);                                      \
        statement;                                                                                 \
        assert_refused(&_o, part);                                                                 \
    } while (0)

/* Sections of object_build_module(): 1 .text, 2 .modinfo, 3 the names. */
static void test_bad_headers(void **state) {
    SPOILED(header->e_type = ET_DYN, "no relocatable object");
    SPOILED(header->e_shoff = 0, "no section headers");
    SPOILED(header->e_shoff += 1, "outside the file");
    SPOILED(header->e_shoff = (ElfW(Off)) -1, "outside the file");
    SPOILED(header->e_shoff = (ElfW(Off)) -64, "outside the file");
    SPOILED(header->e_shentsize = 1, "wrong size");
    SPOILED(header->e_shnum = 0, "no number of sections");
    SPOILED(header->e_shnum = 5, "outside the file");
    SPOILED(header->e_shnum = 0xffff, "outside the file");
    SPOILED(header->e_shstrndx = SHN_UNDEF, "no section names");
    SPOILED(header->e_shstrndx = SHN_XINDEX, "no section names");
    SPOILED(header->e_shstrndx = 4, "no section names");
    SPOILED(header->e_shstrndx = 2, "no section names");
    SPOILED(sections[3].sh_type = SHT_NOBITS, "no section names");
    SPOILED(sections[3].sh_size = 0, "no section names");
    SPOILED(sections[3].sh_size -= 1, "names without an end");
    SPOILED(sections[3].sh_offset = (ElfW(Off)) -2, "no section names");
    SPOILED(sections[1].sh_name = (ElfW(Word)) -1, "name of a section lies outside");
    SPOILED(sections[1].sh_name = (ElfW(Word)) sections[3].sh_size, "name of a section lies");
    SPOILED(sections[2].sh_offset = (ElfW(Off)) -1, "section 2 lies outside");
    SPOILED(sections[2].sh_size = (ElfW(Off)) -1, "section 2 lies outside");
    SPOILED((sections[1].sh_offset = 8, sections[1].sh_size = (ElfW(Off)) -4),
            "section 1 lies outside");
    SPOILED(sections[1].sh_name = sections[2].sh_name, "more than one section .modinfo");
    SPOILED(sections[2].sh_type = SHT_NULL, ".modinfo is empty");
}

static void test_harmless(void **state) {
    struct object o = object_build_module();
    char *shifted;

    /* Overlapping, and without any bytes: these are never read. */
    object_sections(&o)[1].sh_offset = 0;
    object_sections(&o)[1].sh_size = o.size;
    assert_fine(&o);
    o = object_build_module();
    object_sections(&o)[1].sh_type = SHT_NOBITS;
    object_sections(&o)[1].sh_offset = (ElfW(Off)) -1;
    assert_fine(&o);

    /* Section headers at an odd address. */
    o = object_build_module();
    size_t at = object_header(&o)->e_shoff;
    shifted = malloc(o.size + 1);
    assert_non_null(shifted);
    memcpy(shifted, o.data, at);
    memcpy(shifted + at + 1, o.data + at, o.size - at);
    shifted[at] = 0;
    free(o.data);
    o = (struct object){ shifted, o.size + 1 };
    object_header(&o)->e_shoff += 1;
    assert_fine(&o);
}

static void test_truncated(void **state) {
    struct object whole = object_build_module();

    for (size_t size = 0; size < whole.size; size++) {
        struct object o = { malloc(size + 1), size };

        assert_non_null(o.data);
        memcpy(o.data, whole.data, size);
        assert_refused(&o, "");
    }
    object_free(&whole);
}

static void test_bit_flips(void **state) {
    struct object o = object_build_module();

    for (size_t bit = 0; bit < 8 * o.size; bit++) {
        _cleanup_(module_info_done) struct module_info info = {};
        int r;

        o.data[bit / 8] ^= (char) (1 << bit % 8);
        r = parse(&o, &info, NULL);
        assert_true(r == 0 || r == -ENOEXEC);
        o.data[bit / 8] ^= (char) (1 << bit % 8);
    }
    assert_fine(&o);
}

#define XEN_NOTE "\x04\0\0\0\x05\0\0\0\x06\0\0\0Xen\0l.6.1\0\0\0"
#define OTHER_GNU_NOTE "\x04\0\0\0\x04\0\0\0\x05\0\0\0GNU\0abcd"
#define OTHER_TYPE_3_NOTE "\x04\0\0\0\x04\0\0\0\x03\0\0\0LPD\0abcd"
#define BUILD_ID_NOTE "\x04\0\0\0\x05\0\0\0\x03\0\0\0GNU\0\x01\x23\x45\x67\xff"

static void test_notes(void **state) {
    static const char notes[] =
        XEN_NOTE OTHER_GNU_NOTE OTHER_TYPE_3_NOTE BUILD_ID_NOTE "\0\0\0" XEN_NOTE;
    static const char cut[] = BUILD_ID_NOTE; /* the padding of the last note is missing */
    _cleanup_free_ char *id = NULL, *id2 = NULL, *none = NULL;

    assert_int_equal(build_id_from_notes(notes, sizeof(notes) - 1, &id), 0);
    assert_string_equal(id, "01234567ff");
    assert_int_equal(build_id_from_notes(cut, sizeof(cut) - 1, &id2), 0);
    assert_string_equal(id2, "01234567ff");
    assert_int_equal(build_id_from_notes(notes, STRLEN(XEN_NOTE OTHER_GNU_NOTE), &none), -ENOENT);
    assert_int_equal(build_id_from_notes(notes, STRLEN(XEN_NOTE) - 3, &none), -ENOENT);
    assert_int_equal(build_id_from_notes(NULL, 0, &none), -ENOENT);
}

static void test_bad_notes(void **state) {
    static const char cut[] = XEN_NOTE BUILD_ID_NOTE;
    static const char name[] = "\xff\xff\xff\xff\0\0\0\0\x03\0\0\0GNU\0";
    static const char id[] = "\x04\0\0\0\xff\xff\xff\xff\x03\0\0\0GNU\0abcd";
    static const char empty[] = "\x04\0\0\0\0\0\0\0\x03\0\0\0GNU\0";
    char large[16 + 68] = "\x04\0\0\0\x44\0\0\0\x03\0\0\0GNU";
    char *none = NULL;

    for (size_t size = STRLEN(XEN_NOTE) + 1; size < sizeof(cut) - 1; size++) {
        _cleanup_free_ char *exact = malloc(size);

        assert_non_null(exact);
        memcpy(exact, cut, size);
        assert_int_equal(build_id_from_notes(exact, size, &none), -EBADMSG);
    }
    assert_int_equal(build_id_from_notes(name, sizeof(name) - 1, &none), -EBADMSG);
    assert_int_equal(build_id_from_notes(id, sizeof(id) - 1, &none), -EBADMSG);
    assert_int_equal(build_id_from_notes(empty, sizeof(empty) - 1, &none), -EBADMSG);
    assert_int_equal(build_id_from_notes(large, sizeof(large), &none), -EBADMSG);
    assert_null(none);
}

static void test_bad_build_id_section(void **state) {
    static const struct object_section sections[] = {
        OBJECT_SECTION(".modinfo", OBJECT_MODINFO),
        OBJECT_SECTION(".note.gnu.build-id", "\x04\0\0"),
    };
    struct object o = object_build(sections, ELEMENTSOF(sections));

    assert_refused(&o, ".note.gnu.build-id is malformed");
}

static void test_vermagic(void **state) {
    assert_true(vermagic_matches("6.1.0-56-amd64 SMP preempt", "6.1.0-56-amd64"));
    assert_true(vermagic_matches("6.1.0", "6.1.0"));
    assert_false(vermagic_matches("6.1.0-56-amd64 SMP", "6.1.0-5"));
    assert_false(vermagic_matches("6.1.0-5 SMP", "6.1.0-56-amd64"));
    assert_false(vermagic_matches("6.1.0-56-amd64 SMP", "6.1.0-56-AMD64"));
    assert_false(vermagic_matches("6.1.0-56-amd64 SMP", "6.1.0-56-amd64 SMP"));
    assert_false(vermagic_matches("", ""));
    assert_false(vermagic_matches(" SMP", ""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_least),
        cmocka_unit_test(test_bad_modinfo),
        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_not_elf),
        cmocka_unit_test(test_other_machine),
        cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_harmless),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_bad_notes),
        cmocka_unit_test(test_bad_build_id_section),
        cmocka_unit_test(test_vermagic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
