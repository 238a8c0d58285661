/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/strv.h"
#include "base/task.h"
#include "monitor/process.h"

void process_done(struct process *p) {
    free(p->comm);
    free(p->cmdline);
    free(p->user);
    *p = (struct process){};
}

/* A magic link of /proc: reads its text without following it. link is relative to the root. */
static bool read_link(const struct host *h, const char *link, char ret[static PATH_MAX]) {
    ssize_t n = readlinkat(h->root_fd, link, ret, PATH_MAX - 1);

    if (n >= 0)
        ret[n] = '\0';
    return n >= 0;
}

static bool is_same_file(const struct host *h, const char *a, const char *b) {
    struct stat x, y;

    return fstatat(h->root_fd, a, &x, 0) >= 0 && fstatat(h->root_fd, b, &y, 0) >= 0 &&
           x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Identified by the file that it runs; one that was replaced by a newer version meanwhile is shown
 * as "PATH (deleted)". */
bool process_is_own(const struct host *h, int pid) {
    static const char *const programs[] = { LPD_LIBEXECDIR "/lpd", LPD_BINDIR "/lpctl" };
    char path[PATH_MAX], link[32];

    (void) snprintf(link, sizeof(link), "proc/%d/exe", pid);
    if (!read_link(h, link, path))
        return false;
    for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
        const char *rest = startswith(path, programs[i]) ? path + strlen(programs[i]) : "?";

        if (streq(rest, "") || streq(rest, " (deleted)") || is_same_file(h, link, programs[i] + 1))
            return true;
    }
    return false;
}

int process_identify(const struct host *h, int pid, struct process *ret) {
    _cleanup_(process_done) struct process p = { .pid = pid };
    int64_t uid = task_login_uid(h, pid);

    if (uid < 0)
        uid = task_uid(h, pid);
    p.user = task_user_name(uid);
    if ((uid >= 0 && !p.user) || task_comm_read(h, pid, pid, &p.comm) == -ENOMEM ||
        task_cmdline_read(h, pid, pid, &p.cmdline) == -ENOMEM)
        return -ENOMEM;
    p.own = process_is_own(h, pid);
    *ret = TAKE_STRUCT(p);
    return 0;
}

/* The link of a descriptor to a deleted file has a suffix. */
static bool leads_to(const struct host *h, const char *link, const char *end) {
    char path[PATH_MAX];

    return read_link(h, link, path) && strstr(path, end);
}

bool process_holds(const struct host *h, int pid, const char *patch) {
    _cleanup_free_ char *directory = NULL, *end = NULL;
    _cleanup_strv_free_ char **names = NULL;

    if (asprintf(&directory, "/proc/%d/fd", pid) < 0 || asprintf(&end, "/%s/enabled", patch) < 0 ||
        file_list(h, directory, &names) < 0)
        return false;
    STRV_FOREACH(name, names) {
        char link[64];

        (void) snprintf(link, sizeof(link), "%s/%s", directory + 1, *name);
        if (leads_to(h, link, end))
            return true;
    }
    return false;
}

char *process_describe(const struct process *p) {
    char *text;
    int r;

    if (p->pid <= 0)
        return strdup("an unknown process");
    r = asprintf(&text, "%s%spid %d%s%s%s", strempty(p->comm), p->comm ? " (" : "", p->pid,
                 p->comm ? ")" : "", p->user ? " of " : "", strempty(p->user));
    return r < 0 ? NULL : text;
}
