/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "check.h"
#include "config/manifest.h"
#include "tree.h"

#define ETC "/etc/lpd/patches.d/"
#define RUN "/run/lpd/patches.d/"
#define LOCAL "/usr/local/lib/lpd/patches.d/"
#define USR "/usr/lib/lpd/patches.d/"

static int setup(void **state) {
    static struct host h;

    tree_make(&h);
    *state = &h;
    return 0;
}

static int teardown(void **state) {
    tree_remove(*state);
    return 0;
}

static void load(const struct host *h, struct manifest_list *ret) {
    struct error e = ERROR_NULL;
    int r;

    r = manifest_list_load(h, NULL, ret, &e);
    assert_string_equal(error_message(&e, r), strerror(0));
    assert_int_equal(r, 0);
}

/* The entries as "NAME=DESCRIPTION", an invalid one as "NAME!". */
static void assert_entries(const struct host *h, const char *expected) {
    _cleanup_(manifest_list_done) struct manifest_list l = { 0 };
    char found[4096], *end = found;

    load(h, &l);
    *end = '\0';
    for (size_t i = 0; i < l.n_entries; i++) {
        const struct manifest_entry *entry = l.entries + i;

        end += sprintf(end, "%s%s%s%s", i > 0 ? " " : "", entry->name,
                       entry->error_number < 0 ? "!" : "=",
                       strempty(entry->manifest.description));
        assert_int_equal(entry->error_number < 0, entry->error.message != NULL);
        if (entry->error_number == 0)
            assert_string_equal(entry->manifest.path, entry->path);
        assert_ptr_equal(manifest_list_find(&l, entry->name), entry);
    }
    assert_string_equal(found, expected);
}

/* Asserts that the entry of that name is invalid, with that message. */
static void assert_broken(const struct host *h, const char *name, const char *message) {
    _cleanup_(manifest_list_done) struct manifest_list l = { 0 }, one = { 0 };
    const struct manifest_entry *entry;
    struct manifest m = { 0 };
    struct error e = ERROR_NULL;
    int r;

    load(h, &l);
    entry = manifest_list_find(&l, name);
    assert_non_null(entry);
    assert_string_equal(error_message(&entry->error, entry->error_number), message);
    assert_true(entry->error_number < 0);
    assert_int_equal(entry->error.exit_status, EXIT_STATUS_CONFIG);

    assert_int_equal(manifest_list_load_one(h, name, &one, NULL), 0);
    assert_int_equal(one.entries[0].error_number, entry->error_number);
    r = manifest_load(h, name, &m, &e);
    assert_error_is(r, entry->error_number, &e, message);
}

static void test_nothing(void **state) {
    const struct host *h = *state;

    assert_entries(h, "");
    tree_write(h, "/etc/lpd/x", "");
    assert_entries(h, "");
}

static void test_order(void **state) {
    const struct host *h = *state;

    tree_write(h, ETC "lp-10.conf", "[Patch]\nDescription=3\n");
    tree_write(h, USR "lp-9.conf", "[Patch]\nDescription=2\n");
    tree_write(h, RUN "b.conf", "[Patch]\nDescription=1\n");
    tree_write(h, LOCAL "a.conf", "# all defaults\n");
    assert_entries(h, "a= b=1 lp-9=2 lp-10=3");
}

static void test_override(void **state) {
    const struct host *h = *state;

    tree_write(h, USR "x.conf", "[Patch]\nDescription=usr\n");
    assert_entries(h, "x=usr");
    tree_write(h, LOCAL "x.conf", "[Patch]\nDescription=local\n");
    assert_entries(h, "x=local");
    tree_write(h, RUN "x.conf", "[Patch]\nDescription=run\n");
    assert_entries(h, "x=run");
    tree_write(h, ETC "x.conf", "[Patch]\nDescription=etc\n");
    assert_entries(h, "x=etc");
    /* A file replaces the one below completely, however broken that is. */
    tree_write(h, ETC "x.conf", "[Patch]\nEnabled=no\n");
    tree_write(h, USR "x.conf", "]\n");
    assert_entries(h, "x=");
}

static void test_mask(void **state) {
    const struct host *h = *state;
    struct manifest m = { 0 };
    struct error e = ERROR_NULL;
    int r;

    tree_write(h, USR "a.conf", "[Patch]\n");
    tree_write(h, USR "b.conf", "[Patch]\n");
    tree_write(h, USR "c.conf", "[Patch]\n");
    tree_write(h, ETC "a.conf", "");
    tree_link(h, "/dev/null", ETC "b.conf");
    assert_entries(h, "c=");

    r = manifest_load(h, "b", &m, &e);
    assert_int_equal(e.exit_status, EXIT_STATUS_NO_PATCH);
    assert_error_is(r, -ENOENT, &e, "no manifest is named 'b'");
    r = manifest_load(h, "d", &m, &e);
    assert_error_is(r, -ENOENT, &e, "no manifest is named 'd'");
    /* A mask below an override has no effect. */
    tree_write(h, RUN "d.conf", "[Patch]\n");
    tree_write(h, USR "d.conf", "");
    assert_entries(h, "c= d=");
}

static void test_dropins(void **state) {
    _cleanup_(manifest_done) struct manifest m = { 0 };
    const struct host *h = *state;

    tree_write(h, USR "x.conf", "[Patch]\nDescription=main\nRequired=yes\n");
    tree_write(h, USR "x.conf.d/20.conf", "[Patch]\nDescription=20usr\nStage=initrd\n");
    assert_entries(h, "x=20usr");
    tree_write(h, ETC "x.conf.d/10.conf", "[Patch]\nDescription=10etc\nAfter=a\n");
    assert_entries(h, "x=20usr");
    tree_write(h, RUN "x.conf.d/20.conf", "[Patch]\nDescription=20run\n");
    assert_entries(h, "x=20run");
    tree_write(h, LOCAL "x.conf.d/3.conf", "[Patch]\nDescription=3\n");
    assert_entries(h, "x=3"); /* the order of strcmp(3) */
    tree_link(h, "/dev/null", ETC "x.conf.d/3.conf");
    assert_entries(h, "x=20run");
    tree_write(h, ETC "x.conf.d/20.conf", "");
    assert_entries(h, "x=10etc");

    assert_int_equal(manifest_load(h, "x", &m, NULL), 0);
    assert_string_equal(m.path, USR "x.conf");
    assert_string_equal(m.dropins[0], ETC "x.conf.d/10.conf");
    assert_null(m.dropins[1]);
    assert_true(m.required);
    assert_int_equal(m.stage, STAGE_SYSTEM);
    assert_string_equal(m.after[0], "a");

    /* Drop-ins alone are not a patch, and those of a masked manifest have no effect. */
    tree_write(h, ETC "y.conf.d/a.conf", "[Patch]\n");
    tree_write(h, ETC "x.conf", "");
    assert_entries(h, "");
}

static void test_leftovers(void **state) {
    const struct host *h = *state;

    tree_write(h, ETC "a.conf~", "]");
    tree_write(h, ETC ".a.conf.swp", "]");
    tree_write(h, ETC ".a.conf", "]");
    tree_write(h, ETC "a.conf.dpkg-old", "]");
    tree_write(h, ETC "a.conf.p7s", "]");
    tree_write(h, ETC "README", "]");
    tree_write(h, ETC "sub/b.conf", "]");
    tree_write(h, ETC "x.conf", "[Patch]\n");
    tree_write(h, ETC "x.conf.d/a.conf~", "]");
    tree_write(h, ETC "x.conf.d/.b.conf", "]");
    tree_write(h, ETC "x.conf.d/a.conf.p7s", "]");
    assert_entries(h, "x=");
}

static void test_broken(void **state) {
    const struct host *h = *state;

    tree_write(h, ETC "a.conf", "[Patch]\nDescription=fine\n");
    tree_write(h, ETC "b.conf", "[Patch]\nStage=boot\n");
    tree_write(h, ETC "c.conf", "[Patch]\n");
    tree_write(h, ETC "c.conf.d/x.conf", "[Patch]\n\nTiemout=1\n");
    tree_write(h, ETC "c.conf.d/y.conf", "]\n");
    tree_write(h, ETC "d.conf/x", "");
    tree_link(h, "nowhere", ETC "e.conf");
    tree_link(h, "f.conf", ETC "f.conf");
    tree_write(h, ETC "g.conf", "[Patch]\n");
    tree_write(h, ETC "g.conf.d", "");
    tree_write(h, ETC "z.conf", "[Patch]\nDescription=fine\n");
    assert_entries(h, "a=fine b! c! d! e! f! g! z=fine");
    assert_broken(h, "b", ETC "b.conf:2: Stage= takes system or initrd, not 'boot'");
    assert_broken(h, "c", ETC "c.conf.d/x.conf:3: unknown key 'Tiemout' "
                              "(did you mean 'TimeoutSec'?)");
    assert_broken(h, "d", ETC "d.conf: not a regular file");
    assert_broken(h, "e", ETC "e.conf: a dangling link");
    assert_broken(h, "f", ETC "f.conf: Too many levels of symbolic links");
    assert_broken(h, "g", ETC "g.conf.d: cannot read the directory: Not a directory");
}

static void test_kinds(void **state) {
    _cleanup_free_ char *large = malloc(INI_FILE_MAX + 1);
    struct host *h = *state;
    char path[PATH_MAX + 64];

    assert_non_null(large);
    memset(large, '\n', INI_FILE_MAX + 1);
    tree_write_data(h, ETC "a.conf", large, INI_FILE_MAX);
    tree_write_data(h, ETC "b.conf", large, INI_FILE_MAX + 1);
    tree_path(h, path);
    strcat(path, ETC "c.conf");
    assert_int_equal(mkfifo(path, 0600), 0);
    tree_link(h, "../elsewhere", ETC "d.conf");
    tree_write(h, "/etc/lpd/elsewhere", "[Patch]\nDescription=d\n");
    /* No path leads out of the root. */
    tree_link(h, "../../../../../../../../../../../../etc/passwd", ETC "e.conf");
    tree_write_data(h, ETC "f.conf", "[Patch]\0\n", 9);
    assert_entries(h, "a= b! c! d=d e! f!");
    assert_broken(h, "b", ETC "b.conf: larger than 1 MiB");
    assert_broken(h, "c", ETC "c.conf: not a regular file");
    assert_broken(h, "e", ETC "e.conf: a dangling link");
    assert_broken(h, "f", ETC "f.conf:1: a NUL byte at column 8");
}

static void test_names(void **state) {
    const struct host *h = *state;
    char path[256], message[512];

    tree_write(h, ETC "a b.conf", "[Patch]\n");
    tree_write(h, ETC "-x.conf", "[Patch]\n");
    tree_write(h, ETC "\x1b\n\xff.conf", "[Patch]\n");
    tree_write(h, USR "c.conf", "[Patch]\n");
    tree_write(h, USR "c.conf.d/\x1b.conf", "Oops\n");
    memset(path, 'l', sizeof(path));
    strcpy(path, ETC);
    path[STRLEN(ETC)] = 'l';
    strcpy(path + STRLEN(ETC) + 56, ".conf");
    tree_write(h, path, "[Patch]\n");
    path[STRLEN(ETC) + 56] = '\0';

    (void) snprintf(message, sizeof(message), "?\?\?! -x! a b! c! %s!", path + STRLEN(ETC));
    assert_entries(h, message);
    (void) snprintf(message, sizeof(message),
                    "%s.conf: '%s' is not a valid patch name: at most 55 letters, digits, '-', '_' "
                    "and '.', neither '-' nor '.' in front", path, path + STRLEN(ETC));
    assert_broken(h, path + STRLEN(ETC), message);
    assert_broken(h, "c", USR "c.conf.d/?.conf:1: 'Oops' is neither a [Section], KEY=VALUE nor a "
                              "comment");
}

static void test_twins(void **state) {
    _cleanup_(manifest_list_done) struct manifest_list l = { 0 };
    const struct host *h = *state;

    tree_write(h, USR "fix-a_b.conf", "[Patch]\nDescription=first\n");
    tree_write(h, ETC "fix_a-b.conf", "[Patch]\nDescription=second\n");
    tree_write(h, ETC "fix_c.conf", "[Patch]\n");
    load(h, &l);
    assert_int_equal(l.n_entries, 3);
    assert_int_equal(l.entries[0].error_number, 0);
    assert_string_equal(l.entries[1].name, "fix_a-b");
    assert_int_equal(l.entries[1].error_number, -EBADMSG);
    assert_null(l.entries[1].manifest.name);
    assert_string_equal(l.entries[1].error.message,
                        ETC "fix_a-b.conf: 'fix_a-b' is the same name to the kernel as 'fix-a_b' of "
                        USR "fix-a_b.conf");
    assert_ptr_equal(manifest_list_find(&l, "fix_a_b"), l.entries);
    assert_ptr_equal(manifest_list_find(&l, "fix_a-b"), l.entries);
    assert_ptr_equal(manifest_list_find(&l, "fix-c"), l.entries + 2);
    assert_null(manifest_list_find(&l, "fix"));
    assert_null(manifest_list_find(&l, "zzz"));

    /* A list that was built in another way is searched correctly too. */
    free(l.by_name);
    l.by_name = NULL;
    assert_ptr_equal(manifest_list_find(&l, "fix_a-b"), l.entries);
    assert_ptr_equal(manifest_list_find(&l, "fix-c"), l.entries + 2);
    assert_null(manifest_list_find(&l, "fix"));

    /* A masked manifest conflicts with no other name. */
    tree_write(h, ETC "fix-a_b.conf", "");
    assert_entries(h, "fix_a-b=second fix_c=");
}

static void test_one(void **state) {
    _cleanup_(manifest_list_done) struct manifest_list l = { 0 };
    _cleanup_(manifest_done) struct manifest m = { 0 };
    const struct host *h = *state;

    tree_write(h, ETC "a-b.conf", "[Patch]\nDescription=one\n");
    tree_write(h, ETC "c.conf", "]\n");
    assert_int_equal(manifest_list_load_one(h, "a_b", &l, NULL), 0);
    assert_int_equal(l.n_entries, 1);
    assert_string_equal(l.entries[0].name, "a-b");
    assert_int_equal(manifest_load(h, "a_b", &m, NULL), 0);
    assert_string_equal(m.name, "a-b");
    assert_string_equal(m.description, "one");
    assert_int_equal(manifest_list_load_one(h, "../a-b", &l, NULL), -ENOENT);
}

static void assert_source(const struct manifest *m, size_t i, const char *path, const char *text) {
    assert_true(i < m->n_sources);
    assert_string_equal(m->sources[i].path, path);
    assert_int_equal(m->sources[i].size, strlen(text));
    assert_memory_equal(m->sources[i].data, text, strlen(text));
}

/* The bytes of every file with content; for all patches only on request. */
static void test_sources(void **state) {
    _cleanup_(manifest_list_done) struct manifest_list all = { 0 }, kept = { 0 };
    const struct policy signed_ones = { .signed_manifests = true };
    _cleanup_(manifest_done) struct manifest m = { 0 };
    const struct host *h = *state;

    tree_write(h, USR "a.conf", "[Patch]\nDescription=main\n");
    tree_write(h, USR "a.conf.d/10.conf", "[Patch]\nDescription=hidden\n");
    tree_write(h, ETC "a.conf.d/10.conf", "# says nothing\n");
    tree_write(h, RUN "a.conf.d/20.conf", "[Patch]\r\nDescription=last\r\n");
    tree_write(h, USR "a.conf.d/30.conf", "[Patch]\nDescription=masked\n");
    tree_write(h, ETC "a.conf.d/30.conf", "");
    tree_write(h, ETC "b.conf", "[Patch]\n");
    tree_write(h, ETC "b.conf.d/x.conf", "]\n");

    load(h, &all);
    assert_int_equal(all.entries[0].manifest.n_sources, 0);
    assert_null(all.entries[0].manifest.sources);

    assert_int_equal(manifest_list_load(h, &signed_ones, &kept, NULL), 0);
    assert_int_equal(kept.n_entries, 2);
    assert_int_equal(kept.entries[1].manifest.n_sources, 0);
    assert_int_equal(manifest_load(h, "a", &m, NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        const struct manifest *found = i == 0 ? &m : &kept.entries[0].manifest;

        assert_int_equal(found->n_sources, 3);
        assert_source(found, 0, USR "a.conf", "[Patch]\nDescription=main\n");
        assert_source(found, 1, ETC "a.conf.d/10.conf", "# says nothing\n");
        assert_source(found, 2, RUN "a.conf.d/20.conf", "[Patch]\r\nDescription=last\r\n");
    }
}

/* A directory that cannot be read may hide or mask any file, so nothing is known. */
static void test_unreadable_directory(void **state) {
    _cleanup_(manifest_list_done) struct manifest_list l = { 0 };
    const struct host *h = *state;
    struct error e = ERROR_NULL;
    int r;

    tree_write(h, USR "a.conf", "[Patch]\n");
    tree_write(h, "/etc/lpd/patches.d", "");
    r = manifest_list_load(h, NULL, &l, &e);
    assert_error_is(r, -ENOTDIR, &e,
                    "/etc/lpd/patches.d: cannot read the directory: Not a directory");
}

/* As a user who may not read the files. Root may read everything, so the test becomes nobody. */
static void test_unprivileged(void **state) {
    _cleanup_(manifest_list_done) struct manifest_list l = { 0 };
    const struct host *h = *state;
    char path[PATH_MAX + 64];
    bool root = geteuid() == 0;

    tree_write(h, ETC "a.conf", "[Patch]\n");
    tree_write(h, ETC "b.conf", "[Patch]\n");
    tree_path(h, path);
    assert_int_equal(chmod(path, 0755), 0);
    strcat(path, ETC "a.conf");
    assert_int_equal(chmod(path, 0), 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    load(h, &l);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(l.entries[0].error_number, -EACCES);
    assert_int_equal(l.entries[0].error.exit_status, EXIT_STATUS_PRIVILEGE);
    assert_string_equal(l.entries[0].error.message, ETC "a.conf: Permission denied");
    assert_int_equal(l.entries[1].error_number, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_nothing),   TEST(test_order), TEST(test_override),
        TEST(test_mask),      TEST(test_dropins), TEST(test_leftovers),
        TEST(test_broken),    TEST(test_kinds), TEST(test_names),
        TEST(test_twins),     TEST(test_one),   TEST(test_sources),
        TEST(test_unreadable_directory), TEST(test_unprivileged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
