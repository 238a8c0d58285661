/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-c/json.h>

#include "base/json-file.h"
#include "base/strv.h"
#include "check.h"
#include "root.h"
#include "state/results.h"

static struct result example(const char *name) {
    struct result r = {
        .name = strdup(name),
        .action = strdup("load"),
        .state = strdup("failed"),
        .reason = strdup("a \"reason\"\nin two lines, \\ and \xc3\xa9"),
        .hint = strdup("the way out"),
        .exit_status = EXIT_STATUS_TIMEOUT,
        .stage = strdup("initrd"),
        .module_path = strdup("/var/lib/lpd/modules/6.1/fix-it.ko"),
        .module_name = strdup("fix_it"),
        .sha256 = strdup("0123"),
        .build_id = strdup("4567"),
        .manifest_sha256 = strdup("89ab"),
        .verdict = strdup("verified"),
        .loaded = true,
        .from_file = true,
        .complete = true,
        .since_usec = 1795424286930159,
        .monotonic_usec = UINT64_MAX,
        .transition_usec = 1234567,
    };

    assert_int_equal(strv_extend_split(&r.replaces, "a b-2", " "), 0);
    return r;
}

static void assert_same(const struct result *a, const struct result *b) {
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->action, b->action);
    assert_string_equal(a->state, b->state);
    assert_string_equal(a->reason, b->reason);
    assert_string_equal(a->hint, b->hint);
    assert_int_equal(a->exit_status, b->exit_status);
    assert_string_equal(a->stage, b->stage);
    assert_string_equal(a->module_path, b->module_path);
    assert_string_equal(a->module_name, b->module_name);
    assert_string_equal(a->sha256, b->sha256);
    assert_string_equal(a->build_id, b->build_id);
    assert_string_equal(a->manifest_sha256, b->manifest_sha256);
    assert_string_equal(a->verdict, b->verdict);
    assert_int_equal(a->loaded, b->loaded);
    assert_int_equal(a->from_file, b->from_file);
    assert_int_equal(a->complete, b->complete);
    assert_true(a->since_usec == b->since_usec);
    assert_true(a->monotonic_usec == b->monotonic_usec);
    assert_true(a->transition_usec == b->transition_usec);
    assert_int_equal(strv_length(a->replaces), strv_length(b->replaces));
    for (size_t i = 0; i < strv_length(a->replaces); i++)
        assert_string_equal(a->replaces[i], b->replaces[i]);
}

static void test_round_trip(void **state _unused_) {
    _cleanup_(result_done) struct result r = example("fix-it"), back = {};
    struct stat st;

    assert_int_equal(result_read(&h, "fix-it", &back), -ENOENT);
    assert_int_equal(result_write(&h, &r), 0);
    assert_int_equal(result_read(&h, "fix-it", &back), 0);
    assert_same(&back, &r);
    /* Every user may read it. */
    assert_int_equal(file_lstat(&h, "/run/lpd/fix-it.json", &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0644);
    assert_int_equal(file_lstat(&h, "/run/lpd", &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0755);
}

static void test_as_little_as_can_be(void **state _unused_) {
    _cleanup_(result_done) struct result r = { .name = strdup("fix-it") }, back = {};

    assert_int_equal(result_write(&h, &r), 0);
    assert_int_equal(result_read(&h, "fix-it", &back), 0);
    assert_string_equal(back.name, "fix-it");
    assert_null(back.state);
    assert_null(back.reason);
    assert_null(back.replaces);
    assert_false(back.loaded);
    assert_false(back.complete);
    assert_int_equal(back.exit_status, EXIT_STATUS_DONE);
}

static void test_overwrite_and_remove(void **state _unused_) {
    _cleanup_(result_done) struct result r = example("fix-it"), back = {};

    assert_int_equal(result_remove(&h, "fix-it"), 0);
    assert_int_equal(result_write(&h, &r), 0);
    r.loaded = false;
    assert_int_equal(result_write(&h, &r), 0);
    assert_int_equal(result_read(&h, "fix-it", &back), 0);
    assert_false(back.loaded);
    assert_int_equal(result_remove(&h, "fix-it"), 0);
    assert_false(file_exists(&h, "/run/lpd/fix-it.json"));
}

static void test_list(void **state _unused_) {
    _cleanup_(result_list_done) struct result_list l = {}, none = {};
    static const char *const names[] = { "lp-10", "lp-9", "a" };

    assert_int_equal(result_list_read(&h, &none), 0);
    assert_int_equal(none.n_results, 0);
    assert_null(result_list_find(&none, "a"));
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_(result_done) struct result r = example(names[i]);

        assert_int_equal(result_write(&h, &r), 0);
    }
    tree_write(&h, "/run/lpd/broken.json", "{");
    tree_write(&h, "/run/lpd/readme.txt", "{}");
    tree_write(&h, "/run/lpd/a", "");
    tree_write(&h, "/run/lpd/.a.json", "{\"name\":\".a\"}");
    tree_write(&h, "/run/lpd/.json", "{\"name\":\"\"}");
    tree_write(&h, "/run/lpd/directory.json/file", "");
    tree_link(&h, "/nowhere", "/run/lpd/link.json");
    assert_int_equal(result_list_read(&h, &l), 0);
    assert_int_equal(l.n_results, 3);
    assert_string_equal(l.results[0].name, "a");
    assert_string_equal(l.results[1].name, "lp-9");
    assert_string_equal(l.results[2].name, "lp-10");
    assert_ptr_equal(result_list_find(&l, "lp_9"), l.results + 1);
    assert_null(result_list_find(&l, "lp-8"));
}

/* However long the values are, the written file can be read. */
static void test_growth(void **state _unused_) {
    _cleanup_(result_done) struct result r = example("fix-it"), back = {}, again = {};
    size_t n = 2 * JSON_FILE_SIZE_MAX;
    char *text = malloc(n + 1);

    for (size_t i = 0; i < n; i++)
        text[i] = i == 0 ? 'x' : "\xa4\xc3"[i % 2];
    text[n] = '\0';
    free(r.reason);
    r.reason = text;
    assert_int_equal(result_write(&h, &r), 0);
    assert_int_equal(result_read(&h, "fix-it", &back), 0);
    assert_int_equal(strlen(back.reason), 16 * 1024 - 1); /* whole characters */
    assert_string_equal(back.build_id, r.build_id);
    for (unsigned i = 0; i < 3000; i++) {
        _cleanup_free_ char *name = NULL;

        assert_true(asprintf(&name, "a-patch-with-a-name-as-long-as-names-may-be-%05u", i) > 0);
        assert_int_equal(strv_extend(&r.replaces, name), 0);
    }
    assert_int_equal(result_write(&h, &r), 0);
    assert_int_equal(result_read(&h, "fix-it", &again), 0);
    assert_int_equal(strv_length(again.replaces), strv_length(r.replaces));

    /* Beyond that it is refused, and the old file stays. */
    free(r.sha256);
    r.sha256 = calloc(1, n + 1);
    memset(r.sha256, 'a', n);
    assert_int_equal(result_write(&h, &r), -EFBIG);
    result_done(&again);
    assert_int_equal(result_read(&h, "fix-it", &again), 0);
}

/* By the name of the patch, or by that of its module. */
static void test_find(void **state _unused_) {
    _cleanup_(result_done) struct result r = example("fix-it"), named = {}, of_module = {}, none = {};

    assert_int_equal(result_find(&h, "fix-it", &none), -ENOENT);
    (void) string_set(&r.module_name, "other_name");
    assert_int_equal(result_write(&h, &r), 0);
    assert_int_equal(result_find(&h, "fix_it", &named), 0);
    assert_same(&named, &r);
    assert_int_equal(result_find_module(&h, "other_name", &of_module), 0);
    assert_same(&of_module, &r);
    assert_int_equal(result_find(&h, "other_name", &none), -ENOENT);
    assert_int_equal(result_find_module(&h, "fix_it", &none), -ENOENT);
    assert_null(none.name);
}

static void test_broken(void **state _unused_) {
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "{\"name\":\"fix-it\"",
        "null",
        "[]",
        "\"fix-it\"",
        "{}",
        "{\"name\":null}",
        "{\"name\":7}",
        "{\"name\":\"other\"}",
        "{\"name\":\"fix_it\"}",
        "{\"name\":\"../fix-it\"}",
        "{\"name\":\"fix-it\",\"state\":{}}",
        "{\"name\":\"fix-it\",\"reason\":[\"a\"]}",
        "{\"name\":\"fix-it\",\"hint\":null}",
        "{\"name\":\"fix-it\",\"replaces\":[null]}",
        "{\"name\":\"fix-it\",\"replaces\":[7.5]}",
        "{\"name\":\"fix-it\",\"replaces\":[\"../../etc\"]}",
        "{\"name\":\"fix-it\",\"replaces\":[[\"a\"]]}",
        "\xff\xfe",
    };
    struct result r = {};

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        tree_write(&h, "/run/lpd/fix-it.json", texts[i]);
        if (result_read(&h, "fix-it", &r) != -EBADMSG)
            fail_msg("%s is taken", texts[i]);
        assert_null(r.name);
    }
}

/* Files of another type, too large or endless. */
static void test_strange_files(void **state _unused_) {
    _cleanup_close_ int fd = -EBADF;
    _cleanup_free_ char *deep = calloc(1, 60 * 1024 + 1);
    struct result r = {};

    assert_int_equal(file_mkdir_p(&h, "/run/lpd/directory.json"), 0);
    assert_int_equal(result_read(&h, "directory", &r), -EISDIR);
    assert_int_equal(mkfifoat(h.root_fd, "run/lpd/fifo.json", 0600), 0);
    assert_int_equal(result_read(&h, "fifo", &r), -EBADMSG);
    tree_write(&h, "/run/lpd/large.json", "{\"name\":\"large\"}");
    fd = file_open(&h, "/run/lpd/large.json", O_WRONLY, 0);
    assert_int_equal(ftruncate(fd, 1L << 40), 0);
    assert_int_equal(result_read(&h, "large", &r), -EFBIG);
    memset(deep, '[', 60 * 1024);
    tree_write(&h, "/run/lpd/deep.json", deep);
    assert_int_equal(result_read(&h, "deep", &r), -EBADMSG);
}

/* Only documented statuses may become the exit status of a program, and a failure never becomes
 * 0. */
static void test_exit_status(void **state _unused_) {
    static const struct {
        const char *written;
        enum exit_status read;
    } statuses[] = {
        { "0", EXIT_STATUS_DONE },        { "3", EXIT_STATUS_NO_PATCH },
        { "9", EXIT_STATUS_QUARANTINED }, { "78", EXIT_STATUS_CONFIG },
        { "2", EXIT_STATUS_FAILED },      { "256", EXIT_STATUS_FAILED },
        { "-1", EXIT_STATUS_FAILED },     { "4294967296", EXIT_STATUS_FAILED },
        { "1e300", EXIT_STATUS_FAILED },  { "\"5\"", EXIT_STATUS_FAILED },
        { "null", EXIT_STATUS_FAILED },   { "[]", EXIT_STATUS_FAILED },
    };

    for (size_t i = 0; i < ELEMENTSOF(statuses); i++) {
        _cleanup_(result_done) struct result r = {};
        char text[128];

        (void) snprintf(text, sizeof(text), "{\"name\":\"x\",\"exitStatus\":%s}", statuses[i].written);
        tree_write(&h, "/run/lpd/x.json", text);
        assert_int_equal(result_read(&h, "x", &r), 0);
        assert_int_equal(r.exit_status, statuses[i].read);
    }
}

/* Members of the wrong type are treated as missing. */
static void test_odd_fields(void **state _unused_) {
    _cleanup_(result_done) struct result r = {};

    tree_write(&h, "/run/lpd/x.json",
               "{\"name\":\"x\",\"replaces\":\"a\",\"loaded\":\"\",\"complete\":null,\"since\":-5,"
               "\"monotonic\":\"soon\",\"unknown\":{\"deep\":[1]}}");
    assert_int_equal(result_read(&h, "x", &r), 0);
    assert_null(r.replaces);
    assert_false(r.loaded);
    assert_false(r.complete);
    assert_true(r.since_usec == 0);
    assert_true(r.monotonic_usec == 0);
}

/* No name leads out of the directory. */
static void test_names(void **state _unused_) {
    static const char *const names[] = { "", ".", "..", "../x", "a/b", ".x", "-x", "a b", "a\n" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_(result_done) struct result r = example(names[i]);
        struct result back = {};

        assert_int_equal(result_write(&h, &r), -EINVAL);
        assert_int_equal(result_read(&h, names[i], &back), -EINVAL);
        assert_int_equal(result_remove(&h, names[i]), -EINVAL);
    }
    assert_false(file_exists(&h, "/run"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_as_little_as_can_be),
        TEST(test_overwrite_and_remove),
        TEST(test_list), TEST(test_growth), TEST(test_find),
        TEST(test_broken),
        TEST(test_strange_files),
        TEST(test_exit_status),
        TEST(test_odd_fields),
        TEST(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
