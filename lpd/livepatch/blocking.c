/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "base/task.h"
#include "base/utf8.h"
#include "livepatch/sysfs.h"
#include "livepatch/transition.h"

#define CPU_FIELD 36 /* counted from the state */

static void blocking_task_done(struct blocking_task *t) {
    free(t->comm);
    free(t->cmdline);
    strv_free(t->stack);
}

void blocking_tasks_done(struct blocking_tasks *b) {
    for (size_t i = 0; i < b->n_tasks; i++)
        blocking_task_done(&b->tasks[i]);
    free(b->tasks);
    free(b->patch);
    *b = (struct blocking_tasks){ 0 };
}

/* The number that is the name of a directory in /proc, or of a CPU; -1 if it is none. */
static int parse_number(const char *s) {
    size_t n = strspn(s, "0123456789");

    return n == 0 || n > 9 || s[n] ? -1 : (int) strtol(s, NULL, 10);
}

/* "PID (COMM) STATE …", where COMM may contain anything, also parentheses; the rest does not. The
 * CPU is field 39, see proc_pid_stat(5). */
static int task_stat_read(const struct host *h, struct blocking_task *t) {
    _cleanup_free_ char *stat = NULL;
    _cleanup_strv_free_ char **fields = NULL;
    const char *end;
    int r;

    t->state = '?';
    t->cpu = -1;
    if (task_file_read(h, t->pid, t->tid, "stat", &stat) < 0)
        return 0;
    end = strrchr(stat, ')');
    if (!end || end[1] != ' ' || end[2] <= ' ' || end[2] > '~')
        return 0;
    t->state = end[2];
    r = strv_extend_split(&fields, end + 2, " ");
    if (r >= 0 && strv_length(fields) > CPU_FIELD)
        t->cpu = parse_number(fields[CPU_FIELD]);
    return r;
}

/* Whether a list such as "1-3,5" has the CPU: Documentation/admin-guide/cputopology.rst. */
static bool cpu_list_has(const char *list, int cpu) {
    while (*list) {
        unsigned first, last;
        int n = sscanf(list, "%9u-%9u", &first, &last);

        if (n < 1)
            return false;
        if (cpu >= (int) first && cpu <= (int) (n == 1 ? first : last))
            return true;
        list += strcspn(list, ",");
        list += *list == ',';
    }
    return false;
}

static void find_isolated(const struct host *h, struct blocking_tasks *b) {
    _cleanup_free_ char *list = NULL;

    if (file_read_line(h, "/sys/devices/system/cpu/isolated", &list) < 0)
        return;
    for (size_t i = 0; i < b->n_tasks; i++)
        b->tasks[i].isolated = b->tasks[i].cpu >= 0 && cpu_list_has(list, b->tasks[i].cpu);
}

static void trim(char *line) {
    size_t blanks = strspn(line, " \t"), n = strlen(line + blanks);

    memmove(line, line + blanks, n + 1);
    while (n > 0 && strchr(" \t", line[n - 1]))
        line[--n] = '\0';
}

static int task_stack_read(const struct host *h, struct blocking_task *t) {
    _cleanup_free_ char *stack = NULL;
    int r;

    if (task_file_read(h, t->pid, t->tid, "stack", &stack) < 0)
        return 0;
    r = strv_extend_split(&t->stack, stack, "\n");
    STRV_FOREACH(line, t->stack) {
        trim(*line);
        utf8_make_printable(*line);
    }
    return r;
}

/* 1, or 0 if the task has ended in the meantime. */
static int task_describe(const struct host *h, int pid, int tid, struct blocking_task *ret) {
    struct blocking_task t = { .pid = pid, .tid = tid };
    int r;

    r = task_comm_read(h, pid, tid, &t.comm);
    if (r >= 0)
        r = task_cmdline_read(h, pid, tid, &t.cmdline);
    if (r >= 0)
        r = task_stat_read(h, &t);
    if (r >= 0)
        r = task_stack_read(h, &t);
    if (r < 0) {
        blocking_task_done(&t);
        return r == -ENOMEM ? r : 0;
    }
    *ret = t;
    return 1;
}

static int tasks_add(const struct host *h, int pid, int tid, struct blocking_tasks *b) {
    struct blocking_task *grown, task;
    int r;

    if (b->n_tasks >= BLOCKING_TASKS_MAX) {
        b->n_all++;
        return 0;
    }
    grown = reallocarray(b->tasks, b->n_tasks + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    b->tasks = grown;
    r = task_describe(h, pid, tid, &task);
    if (r <= 0)
        return r;
    b->tasks[b->n_tasks++] = task;
    b->n_all++;
    return 0;
}

/* Only a task's owner may read its state. A list with gaps would mislead, so there is none
 * then. */
static int process_read(const struct host *h, int pid, const char *unmoved,
                        struct blocking_tasks *b) {
    _cleanup_free_ char *directory = NULL;
    _cleanup_strv_free_ char **tids = NULL;
    int r = 0;

    if (asprintf(&directory, "/proc/%d/task", pid) < 0)
        return -ENOMEM;
    if (file_list(h, directory, &tids) == -ENOMEM)
        return -ENOMEM;
    STRV_FOREACH(name, tids) {
        _cleanup_free_ char *state = NULL;
        int tid = parse_number(*name);
        ssize_t n = tid <= 0 ? -ENOENT : task_file_read(h, pid, tid, "patch_state", &state);

        if (n == -EACCES || n == -EPERM || n == -ENOMEM)
            return (int) n;
        if (n < 0 || !streq(state, unmoved))
            continue;
        r = tasks_add(h, pid, tid, b);
        if (r < 0)
            break;
    }
    return r;
}

int blocking_tasks_read(struct host *h, struct blocking_tasks *ret, struct error *e) {
    _cleanup_(blocking_tasks_done) struct blocking_tasks b = { 0 };
    _cleanup_strv_free_ char **names = NULL;
    const char *unmoved;
    int r;

    r = transition_find(h, &b.patch);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, LIVEPATCH_DIRECTORY ": %s", strerror(-r));
    if (r == 0)
        goto finish;
    unmoved = livepatch_flag_read(h, b.patch, "enabled") > 0 ? "0\n" : "1\n";
    r = file_list(h, "/proc", &names);
    STRV_FOREACH(name, names) {
        int pid = parse_number(*name);

        if (r < 0)
            break;
        if (pid > 0)
            r = process_read(h, pid, unmoved, &b);
    }
    find_isolated(h, &b);
finish:
    if (r == -EACCES || r == -EPERM) {
        error_set(e, r, EXIT_STATUS_PRIVILEGE, "only root can see the states of tasks");
        return error_hint(e, -EACCES, "run this as root");
    }
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "the tasks of this machine cannot be read: %s",
                         strerror(-r));
    *ret = TAKE_STRUCT(b);
    return 0;
}
