/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* What /proc says about a task (proc(5)), as far as it can be read: the task may end at any moment.
 * Names that the task chose are made printable for terminals and JSON. */

/* How much of a file is read at most. */
#define TASK_FILE_MAX 4096

/* Reads /proc/PID/task/TID/FILE, cut at TASK_FILE_MAX bytes. Returns the number of bytes or a
 * negative errno; a NUL follows the bytes in *ret. */
ssize_t task_file_read(const struct host *h, int pid, int tid, const char *file, char **ret);

/* Its name, and its command line with blanks between the arguments: "" for kernel threads. 0 or a
 * negative errno. */
int task_comm_read(const struct host *h, int pid, int tid, char **ret);
int task_cmdline_read(const struct host *h, int pid, int tid, char **ret);

/* The user who logged in, which stays the same through su(1) and sudo(8), see pam_loginuid(8). -1:
 * no one, as for services, or unknown. */
int64_t task_login_uid(const struct host *h, int pid);

/* The user as whom it creates files; -1: unknown. */
int64_t task_uid(const struct host *h, int pid);

/* A user's name, or the number as text if it has no name. NULL for a negative number and if memory
 * runs out. */
char *task_user_name(int64_t uid);
