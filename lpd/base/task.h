/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* What /proc tells of a task (proc(5)): best effort, as it may end at any moment. What it calls
 * itself is made printable, so that it can go to terminals and JSON. */

/* The most that is read of a file. */
#define TASK_FILE_MAX 4096

/* Reads /proc/PID/task/TID/FILE, cut at TASK_FILE_MAX bytes. The number of bytes or a negative
 * errno; *ret is NUL-terminated besides. */
ssize_t task_file_read(const struct host *h, int pid, int tid, const char *file, char **ret);

/* Its name, and its command line with blanks between the arguments: "" for the kernel's own. 0 or a
 * negative errno. */
int task_comm_read(const struct host *h, int pid, int tid, char **ret);
int task_cmdline_read(const struct host *h, int pid, int tid, char **ret);

/* The user who logged in, who stays the same through su(1) and sudo(8): pam_loginuid(8). -1:
 * nobody, as with services, or unknown. */
int64_t task_login_uid(const struct host *h, int pid);

/* The user whose files it makes; -1: unknown. */
int64_t task_uid(const struct host *h, int pid);

/* A user's name, or the number as text if it has none. NULL for a negative one and when out of
 * memory. */
char *task_user_name(int64_t uid);
