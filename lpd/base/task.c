/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>

#include "base/file.h"
#include "base/task.h"
#include "base/utf8.h"

ssize_t task_file_read(const struct host *h, int pid, int tid, const char *file, char **ret) {
    _cleanup_free_ char *path = NULL;
    _cleanup_close_ int fd = -EBADF;
    char data[TASK_FILE_MAX];
    ssize_t n;

    if (asprintf(&path, "/proc/%d/task/%d/%s", pid, tid, file) < 0)
        return -ENOMEM;
    fd = file_open(h, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return fd;
    n = read(fd, data, sizeof(data));
    if (n < 0)
        return -errno;
    *ret = malloc((size_t) n + 1);
    if (!*ret)
        return -ENOMEM;
    memcpy(*ret, data, (size_t) n);
    (*ret)[n] = '\0';
    return n;
}

int task_comm_read(const struct host *h, int pid, int tid, char **ret) {
    ssize_t n;

    n = task_file_read(h, pid, tid, "comm", ret);
    if (n < 0)
        return (int) n;
    if (n > 0 && (*ret)[n - 1] == '\n')
        (*ret)[n - 1] = '\0';
    utf8_make_printable(*ret);
    return 0;
}

/* Each argument ends with a NUL. */
int task_cmdline_read(const struct host *h, int pid, int tid, char **ret) {
    ssize_t n;

    n = task_file_read(h, pid, tid, "cmdline", ret);
    if (n < 0)
        return (int) n;
    while (n > 0 && (*ret)[n - 1] == '\0')
        n--;
    for (ssize_t i = 0; i < n; i++)
        if ((*ret)[i] == '\0')
            (*ret)[i] = ' ';
    utf8_make_printable(*ret);
    return 0;
}

int64_t task_login_uid(const struct host *h, int pid) {
    _cleanup_free_ char *text = NULL;
    unsigned long uid;

    if (task_file_read(h, pid, pid, "loginuid", &text) <= 0)
        return -1;
    uid = strtoul(text, NULL, 10);
    return uid < UINT32_MAX ? (int64_t) uid : -1;
}

int64_t task_uid(const struct host *h, int pid) {
    _cleanup_free_ char *text = NULL;
    unsigned real, effective;
    const char *line;

    if (task_file_read(h, pid, pid, "status", &text) <= 0)
        return -1;
    line = strstr(text, "\nUid:");
    return line && sscanf(line, "\nUid: %u %u", &real, &effective) == 2 ? (int64_t) effective : -1;
}

char *task_user_name(int64_t uid) {
    const struct passwd *user = uid >= 0 ? getpwuid((uid_t) uid) : NULL;
    char *number;

    if (uid < 0)
        return NULL;
    if (user)
        return strdup(user->pw_name);
    return asprintf(&number, "%" PRId64, uid) < 0 ? NULL : number;
}
