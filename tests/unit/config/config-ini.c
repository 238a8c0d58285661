/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "check.h"
#include "config/value.h"

struct fruit {
    char *name, *colour, *note, **eaters;
    struct error warnings;
    unsigned begun;
    char *argument;
    char *assignments; /* "KEY@LINE " for each */
};

static const struct ini_key keys[] = {
    { "Fruit", "Name", "apple", value_string, offsetof(struct fruit, name) },
    { "Fruit", "TasteSec", "", value_string, offsetof(struct fruit, name) },
    { "Tree:", "Colour", "green", value_string, offsetof(struct fruit, colour) },
    { "Tree:", "Note", "", value_string, offsetof(struct fruit, note), .for_people = true },
    { "Tree:", "Eaters", "", value_names, offsetof(struct fruit, eaters), .repeats = true },
};

static int begin(void *userdata, const char *argument, void **ret_target, struct error *e) {
    struct fruit *f = userdata;

    f->begun++;
    free(f->argument);
    f->argument = argument ? strdup(argument) : NULL;
    if (argument && streq(argument, "poison"))
        return error_set(e, -EBADMSG, EXIT_STATUS_CONFIG, "not that one");
    *ret_target = f;
    return 0;
}

static int assigned(void *userdata, const struct ini_key *k, const char *value, const char *path,
                    unsigned line, struct error *e) {
    struct fruit *f = userdata;
    char *grown;

    assert_string_equal(path, "f.conf");
    assert_int_not_equal(asprintf(&grown, "%s%s@%u ", strempty(f->assignments), k->name, line), -1);
    free(f->assignments);
    f->assignments = grown;
    if (streq(value, "durian"))
        return error_set(e, -EBADMSG, EXIT_STATUS_CONFIG, "it smells");
    return 0;
}

static void warn(void *userdata, int fault, struct error *one) {
    struct fruit *f = userdata;

    (void) error_collect(&f->warnings, fault, one);
}

static const struct ini_table table = { keys, ELEMENTSOF(keys), begin, assigned, NULL };
/* The same for a caller that distinguishes warnings from faults. */
static const struct ini_table warning_table = { keys, ELEMENTSOF(keys), begin, assigned, warn };

static void fruit_done(struct fruit *f) {
    free(f->name);
    free(f->colour);
    free(f->note);
    strv_free(f->eaters);
    error_done(&f->warnings);
    free(f->argument);
    free(f->assignments);
    *f = (struct fruit){ 0 };
}

/* Reads from a copy of exactly that size, so that the address sanitizer detects every overrun. */
static int read_bytes(const char *data, size_t size, struct fruit *ret, struct error *e) {
    _cleanup_free_ char *exact = malloc(size ? size : 1);

    assert_non_null(exact);
    memcpy(exact, data, size);
    return ini_read(&table, "f.conf", exact, size, ret, e);
}

static void assert_fault_of(const char *data, size_t size, const char *message) {
    _cleanup_(fruit_done) struct fruit f = { 0 };
    struct error e = ERROR_NULL;
    int r;

    r = read_bytes(data, size, &f, &e);
    assert_int_equal(e.exit_status, EXIT_STATUS_CONFIG);
    assert_error_is(r, -EBADMSG, &e, message);
    fruit_done(&f);
    /* Without an error structure the result is the same. */
    assert_int_equal(read_bytes(data, size, &f, NULL), -EBADMSG);
}

#define assert_fault(text, message) assert_fault_of(text, STRLEN(text), message)

static void assert_name(const char *text, const char *name) {
    _cleanup_(fruit_done) struct fruit f = { 0 };
    struct error e = ERROR_NULL;
    int r;

    r = read_bytes(text, strlen(text), &f, &e);
    assert_string_equal(error_message(&e, r), strerror(0));
    assert_int_equal(r, 0);
    if (name)
        assert_string_equal(f.name, name);
    else
        assert_null(f.name);
}

static void test_plain(void **state) {
    assert_name("", NULL);
    assert_name("\n\n# x\n ; y\n", NULL);
    assert_name("[Fruit]", NULL);
    assert_name("[Fruit]\nName=pear\n", "pear");
    assert_name("[Fruit]\nName=pear", "pear");
    assert_name("  [Fruit]  \n\t Name \t= \t pear \t\n", "pear");
    assert_name("[Fruit]\r\nName=pear\r\n\r\n", "pear");
    assert_name("\xef\xbb\xbf[Fruit]\nName=pear\n", "pear");
    assert_name("[Fruit]\nName=Käse über µ 🍐\n", "Käse über µ 🍐");
    assert_name("[Fruit]\nName=a=b:c[d]\n", "a=b:c[d]");
    assert_name("[Fruit]\nName=a\tb\n", "a\tb");
    /* An empty assignment sets the default. */
    assert_name("[Fruit]\nName=\n", "apple");
    assert_name("[Fruit]\nTasteSec=  \n", NULL);
}

static void test_semicolon(void **state) {
    assert_name("[Fruit]\nName=a; b ; c;\n", "a; b ; c;");
    assert_name("[Fruit]\nName=;\n", ";");
    assert_name("[Fruit]\nName= ; a # b\n", "; a # b");
    assert_name("[Fruit]\n;Name=a\n#Name=b\nName=c\n", "c");
}

/* An indented line does not continue the one above it. */
static void test_indented(void **state) {
    _cleanup_(fruit_done) struct fruit f = { 0 };
    static const char text[] = "[Fruit]\nName=a\n  TasteSec=b\n\t[Tree:x]\n\tColour=c\n";

    assert_int_equal(read_bytes(text, strlen(text), &f, NULL), 0);
    assert_string_equal(f.name, "b");
    assert_string_equal(f.colour, "c");
    assert_fault("[Fruit]\nName=a\n  b\n",
                 "f.conf:3: 'b' is neither a [Section], KEY=VALUE nor a comment");
}

static void test_lines(void **state) {
    _cleanup_(fruit_done) struct fruit f = { 0 };
    static const char text[] = "#1\n\n[Fruit]\r\n;4\nName=a\n\n[Tree:oak]\n#8\n\n\nColour=b\n";

    assert_int_equal(read_bytes(text, strlen(text), &f, NULL), 0);
    assert_string_equal(f.assignments, "Name@5 Colour@11 ");
    assert_string_equal(f.argument, "oak");
    assert_int_equal(f.begun, 2);
}

static void assert_length(size_t length, bool fits) {
    _cleanup_free_ char *text = malloc(length + 64);
    _cleanup_(fruit_done) struct fruit f = { 0 };
    char message[128];
    char *end = stpcpy(text, "[Fruit]\nName=");

    memset(end, 'x', length - STRLEN("Name="));
    strcpy(end + length - STRLEN("Name="), "\n");
    if (fits) {
        assert_int_equal(read_bytes(text, strlen(text), &f, NULL), 0);
        assert_int_equal(strlen(f.name), length - STRLEN("Name="));
        assert_int_equal(strspn(f.name, "x"), strlen(f.name));
    } else {
        (void) snprintf(message, sizeof(message), "f.conf:2: the line has %zu bytes, and the maximum is 65536", length);
        assert_fault_of(text, strlen(text), message);
    }
}

static void test_long_line(void **state) {
    _cleanup_free_ char *text = NULL;
    char *end;

    assert_length(199, true);
    assert_length(200, true);
    assert_length(4096, true);
    assert_length(65536, true);
    assert_length(65537, false);
    assert_length(200000, false);

    /* Blanks around the value and comments do not count. */
    text = end = malloc(500000);
    assert_non_null(text);
    memset(end, ' ', 100000);
    end = stpcpy(end + 100000, "[Fruit]\n#");
    memset(end, 'x', 100000);
    end = stpcpy(end + 100000, "\nName=a");
    memset(end, ' ', 100000);
    strcpy(end + 100000, "\n");
    assert_name(text, "a");
}

/* A message quotes only what a terminal can show. */
static void test_long_quote(void **state) {
    char text[1024], *end = stpcpy(text, "[Fruit]\n");

    memset(end, 'y', 500);
    end[500] = '\0';
    assert_fault_of(text, strlen(text), "f.conf:2: 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
                    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…' is neither a [Section], KEY=VALUE nor a "
                    "comment");
}

/* systemd.syntax(7): the backslash is a blank, comments between are skipped. */
static void test_continued(void **state) {
    _cleanup_(fruit_done) struct fruit f = { 0 };
    static const char lines[] = "[Fruit]\nName=a\\\nb\n\n[Tree:x]\nColour=c \\\n#\n d\n";

    assert_name("[Fruit]\nName=a \\\nb\n", "a  b");
    assert_name("[Fruit]\nName=a\\\nb\\\nc\n", "a b c");
    assert_name("[Fruit]\nName=a\\\r\nb\r\n", "a b");
    assert_name("[Fruit]\nName=a\\\n# x\n  ; y\\\nb\n", "a b");
    assert_name("[Fruit]\nName=\\\n  a\n", "a");
    assert_name("[Fruit]\nName=a\\\n\nTasteSec=b\n", "b");
    assert_name("[Fruit]\nName\\\n=a\n", "a");
    /* Backslashes that continue nothing: at the end of the file, at the end of a comment, and
     * double ones. */
    assert_name("[Fruit]\nName=a\\", "a");
    assert_name("[Fruit]\nName=a\\\n", "a");
    assert_name("[Fruit]\n# x\\\nName=a\n", "a");
    assert_name("[Fruit]\nName=C:\\\\\n", "C:\\\\");
    assert_name("[Fruit]\nName=a\\b\n", "a\\b");
    assert_fault("[Fruit]\nName=a\\ \n", "f.conf:2: blanks follow the backslash at the end of the line");
    /* A continued line has the number of its beginning, and later lines are counted correctly. */
    assert_int_equal(read_bytes(lines, strlen(lines), &f, NULL), 0);
    assert_string_equal(f.assignments, "Name@2 Colour@6 ");
    assert_string_equal(f.colour, "c   d");
    assert_fault("[Fruit]\nName=a\\\nb\\\n\1\n", "f.conf:4: byte 0x01 at column 1 is a control character or not UTF-8");
    assert_fault("[Fruit]\nName=a\\\nb\nx\n", "f.conf:4: 'x' is neither a [Section], KEY=VALUE nor a comment");
}

/* A Windows path, or a stray backslash, must not swallow the next line. */
static void test_swallowed(void **state) {
    assert_fault("[Fruit]\nName=C:\\\nTasteSec=a\n",
                 "f.conf:2: the line ends in a backslash, so line 3 would be part of it");
    assert_fault("[Fruit]\nName=C:\\\n#\n TasteSec = a\n",
                 "f.conf:2: the line ends in a backslash, so line 4 would be part of it");
    assert_fault("[Fruit]\nName=C:\\\n[Tree:a]\n",
                 "f.conf:2: the line ends in a backslash, so line 3 would be part of it");
    assert_name("[Fruit]\nName=a\\\nverbose=1\n", "a verbose=1");
}

/* 64 KiB is the limit for a line with its continuations. */
static void test_continued_without_end(void **state) {
    char *text = malloc(200000), *end = stpcpy(text, "[Fruit]\nName=");
    _cleanup_(fruit_done) struct fruit f = { 0 };
    struct error e = ERROR_NULL;
    int r;

    for (unsigned i = 0; i < 32766; i++)
        end = stpcpy(end, "x\\\n");
    assert_int_equal(read_bytes(text, strlen(text), &f, NULL), 0);
    end = stpcpy(end, "xyz\n");
    r = read_bytes(text, strlen(text), &f, &e);
    assert_error_is(r, -EBADMSG, &e, "f.conf:2: the line has 65540 bytes, and the maximum is 65536");
    free(text);
}

static void assert_eaters(const char *text, const char *eaters) {
    _cleanup_(fruit_done) struct fruit f = { 0 };
    _cleanup_free_ char *joined = NULL;

    assert_int_equal(read_bytes(text, strlen(text), &f, NULL), 0);
    joined = strv_join(f.eaters, " ");
    assert_string_equal(joined, eaters);
}

static void test_lists_add(void **state) {
    assert_eaters("[Tree:a]\nEaters=a b\nEaters=c\n", "a b c");
    assert_eaters("[Tree:a]\nEaters=a b\nEaters=\nEaters=c\nEaters=d a\n", "c d a");
    assert_eaters("[Tree:a]\nEaters=a b\nEaters=b a a c\n", "a b c");
    assert_eaters("[Tree:a]\nEaters=a \\\n  b\\\nc\n", "a b c");
    assert_eaters("[Tree:a]\nEaters=a\nEaters=\n", "");
    assert_fault("[Tree:a]\nEaters=a\nEaters=b!\n",
                 "f.conf:3: Eaters= takes names of letters, digits, '-', '_' and '.', not 'b!'");
}

/* Faults in comments and in keys without effect are warnings: the rest of the file counts. */
static void test_warnings(void **state) {
    static const char text[] = "# K\xe4se\n[Fruit]\nName=a\n[Tree:x]\nNote=a\nNote=b\nColour=c\\\n#\1\n d\n[Tree:y]\n"
                               "Note=b\0b\n[Tree:z]\nNote=\x1b[2J\nColour=red\n";
    static const char *const expected[] = {
        "f.conf:1: byte 0xe4 at column 4 is a control character or not UTF-8", "f.conf:6: duplicate key Note=",
        "f.conf:8: byte 0x01 at column 2 is a control character or not UTF-8",
        "f.conf:11: a NUL byte at column 7",
        "f.conf:13: byte 0x1b at column 6 is a control character or not UTF-8",
    };
    _cleanup_(fruit_done) struct fruit f = { .warnings = ERROR_NULL };
    const struct error *w = &f.warnings;
    struct error e = ERROR_NULL;
    size_t n = 0;

    assert_int_equal(ini_read(&warning_table, "f.conf", text, sizeof(text) - 1, &f, &e), 0);
    assert_null(e.message);
    assert_string_equal(f.name, "a");
    assert_string_equal(f.note, "a");
    assert_string_equal(f.colour, "red");
    for (; w && n < ELEMENTSOF(expected); w = w->more, n++) {
        assert_string_equal(w->message, expected[n]);
        assert_string_equal(w->hint, "the line is ignored");
    }
    assert_null(w);
    assert_int_equal(n, ELEMENTSOF(expected));
    /* A caller that does not distinguish them gets faults. */
    assert_int_equal(read_bytes(text, sizeof(text) - 1, &f, NULL), -EBADMSG);
}

/* Sections and keys are compared in full. */
static void test_long_names(void **state) {
    _cleanup_(fruit_done) struct fruit f = { 0 };
    char text[512], argument[101];

    memset(argument, 'y', 100);
    argument[100] = '\0';
    (void) snprintf(text, sizeof(text), "[Tree:%s]\nColour=red\n", argument);
    assert_int_equal(read_bytes(text, strlen(text), &f, NULL), 0);
    assert_string_equal(f.argument, argument);
    assert_string_equal(f.colour, "red");

    /* Two sections with the same beginning are different. */
    (void) snprintf(text, sizeof(text), "[Tree:%s1]\nColour=red\n[Tree:%s2]\nColour=blue\n",
                    argument, argument);
    fruit_done(&f);
    assert_int_equal(read_bytes(text, strlen(text), &f, NULL), 0);
    assert_string_equal(f.assignments, "Colour@2 Colour@4 ");

    /* A key that begins like a valid one. */
    memset(argument, 'x', 60);
    argument[60] = '\0';
    (void) snprintf(text, sizeof(text), "[Fruit]\nName%s=a\n", argument);
    fruit_done(&f);
    assert_int_equal(read_bytes(text, strlen(text), &f, NULL), -EBADMSG);
}

static void test_characters(void **state) {
    assert_fault("[Fruit]\nName=a\0b\n", "f.conf:2: a NUL byte at column 7");
    assert_fault("\0", "f.conf:1: a NUL byte at column 1");
    assert_fault("[Fruit]\nName=a\1b\n",
                 "f.conf:2: byte 0x01 at column 7 is a control character or not UTF-8");
    assert_fault("[Fruit]\nName=a\x1b[2J\n",
                 "f.conf:2: byte 0x1b at column 7 is a control character or not UTF-8");
    assert_fault("[Fruit]\nName=a\rb\n",
                 "f.conf:2: byte 0x0d at column 7 is a control character or not UTF-8");
    assert_fault("[Fruit]\nName=a\r\r\n",
                 "f.conf:2: byte 0x0d at column 7 is a control character or not UTF-8");
    assert_fault("[Fruit]\nName=K\xe4se\n",
                 "f.conf:2: byte 0xe4 at column 7 is a control character or not UTF-8");
    assert_fault("[Fruit]\nName=\xc2\x9b\n",
                 "f.conf:2: byte 0xc2 at column 6 is a control character or not UTF-8");
    assert_fault("# \x7f\n", "f.conf:1: byte 0x7f at column 3 is a control character or not UTF-8");
    /* Truncated in the middle of a character. */
    assert_fault("[Fruit]\nName=\xc3",
                 "f.conf:2: byte 0xc3 at column 6 is a control character or not UTF-8");
}

static void test_syntax(void **state) {
    assert_fault("[Fruit]\nName\n",
                 "f.conf:2: 'Name' is neither a [Section], KEY=VALUE nor a comment");
    assert_fault("[Fruit]\nName: a\n",
                 "f.conf:2: 'Name: a' is neither a [Section], KEY=VALUE nor a comment");
    assert_fault("[Fruit]\nName: a=b\n", "f.conf:2: 'Name: a' is not a key name");
    assert_fault("[Fruit]\n=a\n", "f.conf:2: no key in front of '='");
    assert_fault("[Fruit]\n  = a\n", "f.conf:2: no key in front of '='");
    assert_fault("[Fruit]\nTwo words=a\n", "f.conf:2: 'Two words' is not a key name");
    assert_fault("[Fruit]\n\xef\xbb\xbfName=a\n", "f.conf:2: '??" "?Name' is not a key name");
    assert_fault("[Fruit\nName=a\n", "f.conf:1: '[Fruit' lacks its ']'");
    assert_fault("[Fruit] x\n", "f.conf:1: text after the ']' of '[Fruit] x'");
    assert_fault("[Fruit]]\n", "f.conf:1: text after the ']' of '[Fruit]]'");
    assert_fault("[Fruit] # x\n", "f.conf:1: text after the ']' of '[Fruit] # x'");
    assert_fault("[]\n", "f.conf:1: '[]' is not a section name");
    assert_fault("[ Fruit ]\n", "f.conf:1: '[ Fruit ]' is not a section name");
    assert_fault("Name=a\n[Fruit]\n", "f.conf:1: Name= comes before the first [Section]");
    assert_fault("\xef\xbb\xbf\xef\xbb\xbf[Fruit=]\n",
                 "f.conf:1: '??" "?[Fruit' is not a key name");
}

static void test_unknown(void **state) {
    assert_fault("[Fruit]\nTsateSec=a\n",
                 "f.conf:2: unknown key 'TsateSec' (did you mean 'TasteSec'?)");
    assert_fault("[Fruit]\nTatse=a\n", "f.conf:2: unknown key 'Tatse' (did you mean 'TasteSec'?)");
    assert_fault("[Fruit]\nname=a\n", "f.conf:2: unknown key 'name' (did you mean 'Name'?)");
    assert_fault("[Fruit]\nQuux=a\n", "f.conf:2: unknown key 'Quux'");
    assert_fault("[Fruit]\nColour=a\n", "f.conf:2: Colour= belongs in [Tree:…]");
    assert_fault("[Tree:oak]\nName=a\n", "f.conf:2: Name= belongs in [Fruit]");
    assert_fault("[fruit]\n", "f.conf:1: unknown section [fruit] (did you mean [Fruit]?)");
    assert_fault("[Tree]\n", "f.conf:1: unknown section [Tree] (did you mean [Tree:…]?)");
    assert_fault("[Zebra]\n", "f.conf:1: unknown section [Zebra]");
    assert_fault("[Tree:poison]\n", "f.conf:1: not that one");
    assert_fault("[Fruit]\nName=durian\n", "f.conf:2: it smells");
}

static void test_twice(void **state) {
    assert_fault("[Fruit]\nName=a\nName=a\n", "f.conf:3: duplicate key Name=");
    assert_fault("[Fruit]\nName=\nName=a\n", "f.conf:3: duplicate key Name=");
    assert_fault("[Fruit]\n[Tree:a]\n[Fruit]\n",
                 "f.conf:3: duplicate section [Fruit]");
    assert_fault("[Tree:a]\n[Tree:a]\n", "f.conf:2: duplicate section [Tree:a]");
    assert_name("[Fruit]\nName=a\n[Tree:a]\nColour=x\n[Tree:b]\nColour=y\n", "a");
}

/* The first fault is reported. Valid lines before and after it count, and lines of a refused
 * section never go to another section. */
static void test_goes_on(void **state) {
    static const char text[] = "[Fruit]\nName=a\nOops=b\n\1\n[Zebra]\nTasteSec=c\nOops=d\n"
                               "[Tree:oak]\nColour=red\n[Fruit\nColour=blue\n";
    _cleanup_(fruit_done) struct fruit f = { 0 };
    struct error e = ERROR_NULL;
    int r;

    r = read_bytes(text, strlen(text), &f, &e);
    assert_error_is(r, -EBADMSG, &e, "f.conf:3: unknown key 'Oops'");
    assert_string_equal(f.name, "a");
    assert_string_equal(f.colour, "red");
    assert_string_equal(f.assignments, "Name@2 Colour@9 ");
}

static void test_many_sections(void **state) {
    _cleanup_free_ char *text = malloc(32 * 100000);
    char *end = text;
    _cleanup_(fruit_done) struct fruit f = { 0 };
    struct error e = ERROR_NULL;
    int r;

    assert_non_null(text);
    for (unsigned i = 0; i < INI_SECTIONS_MAX; i++)
        end += sprintf(end, "[Tree:%u]\n", i);
    assert_int_equal(read_bytes(text, (size_t) (end - text), &f, NULL), 0);
    assert_int_equal(f.begun, INI_SECTIONS_MAX);
    for (unsigned i = INI_SECTIONS_MAX; i < 100000; i++)
        end += sprintf(end, "[Tree:%u]\n", i);
    r = read_bytes(text, (size_t) (end - text), &f, &e);
    assert_error_is(r, -EBADMSG, &e, "f.conf:1001: more than 1000 sections");
}

static void test_defaults(void **state) {
    _cleanup_(fruit_done) struct fruit f = { 0 };

    assert_int_equal(ini_defaults(&table, "Tree:", &f), 0);
    assert_string_equal(f.colour, "green");
    assert_null(f.name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),      cmocka_unit_test(test_semicolon),
        cmocka_unit_test(test_indented),   cmocka_unit_test(test_lines),
        cmocka_unit_test(test_long_line),  cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_characters), cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_unknown),    cmocka_unit_test(test_twice),
        cmocka_unit_test(test_goes_on),    cmocka_unit_test(test_many_sections),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_continued),  cmocka_unit_test(test_long_quote),
        cmocka_unit_test(test_swallowed),  cmocka_unit_test(test_continued_without_end),
        cmocka_unit_test(test_lists_add),  cmocka_unit_test(test_warnings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
