/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livepatch-test.h"
#include "livepatch/transition.h"
#include "tree.h"

static struct blocking_tasks blocking;

static int read_tasks(void) {
    error_done(&e);
    blocking = (struct blocking_tasks){ 0 };
    return blocking_tasks_read(&k.host, &blocking, &e);
}

static void task_file(const char *pid, const char *tid, const char *file, const char *data,
                      size_t size) {
    char path[128];

    snprintf(path, sizeof(path), "/proc/%s/task/%s/%s", pid, tid, file);
    fake_kernel_file(&k, path, data, size);
}

#define TASK_TEXT(pid, tid, file, text) task_file((pid), (tid), (file), (text), STRLEN(text))

static void add_task(const char *pid, const char *tid, const char *patch_state) {
    task_file(pid, tid, "patch_state", patch_state, strlen(patch_state));
    TASK_TEXT(pid, tid, "comm", "worker\n");
    TASK_TEXT(pid, tid, "cmdline", "");
    TASK_TEXT(pid, tid, "stat", "1 (worker) S 2 3 4\n");
}

static void start_stalled(void) {
    enum load_result result;

    fake_kernel_module(&k, "lp_a")->stalls = true;
    assert_int_equal(load("lp_a", BUILD_1, &result), 0);
}

/* As a machine's /proc looks, besides the processes. */
static void add_other_entries(void) {
    fake_kernel_text(&k, "/proc/uptime", "1.00 1.00\n");
    add_task("0", "1", "0\n");
    add_task("17", "17", "1\n");
    add_task("17", "18x", "0\n");
    add_task("17", "18", "1\n");
    add_task("17", "x", "0\n");
    add_task("17", "0", "0\n");
    /* Cut to 32 bits or at the letter these would be 100, whose task 101 would then show twice. */
    add_task("4294967396", "4294967397", "1\n");
    add_task("100x", "101", "1\n");
    fake_kernel_text(&k, "/proc/21/comm", "no tasks\n");
}

static void test_none(void **state _unused_) {
    add_task("1", "1", "-1\n");
    assert_int_equal(read_tasks(), 0);
    assert_null(blocking.patch);
    assert_int_equal(blocking.n_tasks, 0);

    /* No transition: what the files say is old. */
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    add_task("1", "1", "0\n");
    assert_int_equal(read_tasks(), 0);
    assert_int_equal(blocking.n_all, 0);
}

/* Field 39 of stat is the CPU; a task name that looks like fields changes nothing. */
static void test_isolated(void **state _unused_) {
    static const struct {
        const char *isolated, *stat;
        int cpu;
        bool is;
    } cases[] = {
#define FIELDS_4_TO_38 "2 3 4 5 6 7 8 9 10 1 2 3 4 5 6 7 8 9 20 1 2 3 4 5 6 7 8 9 30 1 2 3 4 5 6 "
        { "1\n", "1 (w) S " FIELDS_4_TO_38 "1 0 0\n", 1, true },
        { "1\n", "1 (w) S " FIELDS_4_TO_38 "0 0 0\n", 0, false },
        { "2-3,7-9\n", "1 (w) S " FIELDS_4_TO_38 "8 0 0\n", 8, true },
        { "2-3,7-9\n", "1 (w) S " FIELDS_4_TO_38 "5 0 0\n", 5, false },
        { "\n", "1 (w) S " FIELDS_4_TO_38 "1 0 0\n", 1, false },
        { "x,1\n", "1 (w) S " FIELDS_4_TO_38 "1 0 0\n", 1, false },
        { "1\n", "1 (w) S 1) R " FIELDS_4_TO_38 "1 0 0\n", 1, true },
        { "1\n", "1 (w) S " FIELDS_4_TO_38 "99999999999 0 0\n", -1, false },
        { "1\n", "1 (w) S 2 3\n", -1, false },
    };

    start_stalled();
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        add_task("100", "100", "0\n");
        fake_kernel_text(&k, "/sys/devices/system/cpu/isolated", cases[i].isolated);
        task_file("100", "100", "stat", cases[i].stat, strlen(cases[i].stat));
        assert_int_equal(read_tasks(), 0);
        assert_int_equal(blocking.n_tasks, 1);
        assert_int_equal(blocking.tasks[0].cpu, cases[i].cpu);
        assert_int_equal(blocking.tasks[0].isolated, cases[i].is);
        blocking_tasks_done(&blocking);
    }
}

static void test_patching(void **state _unused_) {
    const struct blocking_task *t;

    start_stalled();
    add_other_entries();
    add_task("1", "1", "1\n");
    add_task("7", "7", "-1\n");
    add_task("100", "100", "1\n");
    add_task("100", "101", "0\n");
    TASK_TEXT("100", "101", "cmdline", "/usr/bin/db\0--data\0/srv/a b\0");
    TASK_TEXT("100", "101", "stat", "101 (worker) D 1 100 100 0 -1\n");
    TASK_TEXT("100", "101", "stack",
              "[<0>] io_schedule+0x46/0x70\n\t [<0>] do_sys_\033poll+0x1/0x2  \n");

    assert_int_equal(read_tasks(), 0);
    assert_string_equal(blocking.patch, "lp_a");
    assert_int_equal(blocking.n_tasks, 1);
    assert_int_equal(blocking.n_all, 1);
    t = &blocking.tasks[0];
    assert_int_equal(t->pid, 100);
    assert_int_equal(t->tid, 101);
    assert_string_equal(t->comm, "worker");
    assert_string_equal(t->cmdline, "/usr/bin/db --data /srv/a b");
    assert_int_equal(t->state, 'D');
    assert_string_equal(t->stack[0], "[<0>] io_schedule+0x46/0x70");
    assert_string_equal(t->stack[1], "[<0>] do_sys_?poll+0x1/0x2");
    assert_null(t->stack[2]);
    blocking_tasks_done(&blocking);
}

static void test_unpatching(void **state _unused_) {
    struct fake_module *m = fake_kernel_patch(&k, "lp_a", BUILD_1);

    m->stalls_back = true;
    start_disabling("lp_a");
    add_task("1", "1", "0\n");
    add_task("2", "2", "1\n");
    assert_int_equal(read_tasks(), 0);
    assert_int_equal(blocking.n_tasks, 1);
    assert_int_equal(blocking.tasks[0].pid, 2);
    assert_string_equal(blocking.tasks[0].cmdline, "");
    assert_null(blocking.tasks[0].stack);
    blocking_tasks_done(&blocking);
}

/* A task may call itself anything of 15 bytes, and have any arguments. */
static void test_hostile_names(void **state _unused_) {
    _cleanup_free_ char *huge = malloc(1024 * 1024);
    const struct blocking_task *t;

    start_stalled();
    add_task("5", "5", "0\n");
    TASK_TEXT("5", "5", "comm", ") R 0 (\033[2J\n\n");
    TASK_TEXT("5", "5", "stat", "5 () R 0 (\033[2J\n) T 1 5 5\n");
    TASK_TEXT("5", "5", "cmdline", "a\nb\0\0\033]0;x\a\xff\xc3\xa9\0\0\0");
    TASK_TEXT("5", "5", "stack", "");
    add_task("6", "6", "0\n");
    memset(huge, 'x', 1024 * 1024);
    task_file("6", "6", "cmdline", huge, 1024 * 1024);
    task_file("6", "6", "stack", huge, 1024 * 1024);
    TASK_TEXT("6", "6", "stat", "6 (no end");
    TASK_TEXT("6", "6", "comm", "");
    add_task("8", "8", "0\n");
    TASK_TEXT("8", "8", "stat", "8 (x)");
    add_task("9", "9", "0\n");
    TASK_TEXT("9", "9", "stat", "9 (x) \033 1");

    assert_int_equal(read_tasks(), 0);
    assert_int_equal(blocking.n_tasks, 4);
    t = &blocking.tasks[0];
    assert_string_equal(t->comm, ") R 0 (?[2J?");
    assert_int_equal(t->state, 'T');
    assert_string_equal(t->cmdline, "a?b  ?]0;x??\xc3\xa9");
    assert_null(t->stack);
    t = &blocking.tasks[1];
    assert_int_equal(t->state, '?');
    assert_string_equal(t->comm, "");
    assert_int_equal(strlen(t->cmdline), 4096);
    assert_int_equal(blocking.tasks[2].state, '?');
    assert_int_equal(blocking.tasks[3].state, '?');
    blocking_tasks_done(&blocking);
}

static void test_tasks_that_end(void **state _unused_) {
    start_stalled();
    add_task("5", "5", "0\n");
    fake_kernel_remove(&k, "/proc/5/task/5/comm");
    add_task("6", "6", "0\n");
    fake_kernel_remove(&k, "/proc/6/task");
    add_task("7", "7", "0\n");
    assert_int_equal(read_tasks(), 0);
    assert_int_equal(blocking.n_tasks, 1);
    assert_int_equal(blocking.n_all, 1);
    assert_int_equal(blocking.tasks[0].pid, 7);
    blocking_tasks_done(&blocking);
}

/* One task and many links to it. */
static void test_bounded(void **state _unused_) {
    char path[128];

    start_stalled();
    add_task("1", "1", "0\n");
    for (unsigned i = 2; i <= BLOCKING_TASKS_MAX + 5; i++) {
        snprintf(path, sizeof(path), "/proc/1/task/%u", i);
        tree_link(&k.host, "1", path);
    }
    assert_int_equal(read_tasks(), 0);
    assert_int_equal(blocking.n_tasks, BLOCKING_TASKS_MAX);
    assert_int_equal(blocking.n_all, BLOCKING_TASKS_MAX + 5);
    assert_int_equal(blocking.tasks[BLOCKING_TASKS_MAX - 1].tid, BLOCKING_TASKS_MAX);
    blocking_tasks_done(&blocking);
}

/* Root ignores file modes, so the test becomes another user for a moment. */
static void test_unreadable(void **state _unused_) {
    int r;

    start_stalled();
    add_task("5", "5", "0\n");
    assert_int_equal(fchmodat(k.host.root_fd, ".", 0755, 0), 0);
    assert_int_equal(fchmodat(k.host.root_fd, "proc/5/task/5/patch_state", 0, 0), 0);
    if (getuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    r = read_tasks();
    assert_int_equal(seteuid(getuid()), 0);
    assert_error(r, -EACCES, EXIT_STATUS_PRIVILEGE, "only root can see");
}

static void test_no_proc(void **state _unused_) {
    start_stalled();
    fake_kernel_remove(&k, "/proc");
    assert_error(read_tasks(), -ENOENT, EXIT_STATUS_FAILED, "cannot be read");
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_none),
        TEST(test_isolated),
        TEST(test_patching),
        TEST(test_unpatching),
        TEST(test_hostile_names),
        TEST(test_tasks_that_end),
        TEST(test_bounded),
        TEST(test_unreadable),
        TEST(test_no_proc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
