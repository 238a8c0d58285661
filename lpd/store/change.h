/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* A change of several files that can be undone as a whole while the old files are kept. Each file
 * is written or removed in one step that survives a power cut. */
struct change;

/* Where the old file is kept meanwhile: DIRECTORY/.NAME.old. */
#define CHANGE_OLD_SUFFIX ".old"

struct change *change_new(const struct host *h);

/* Completes a change: deletes what it has replaced. */
struct change *change_free(struct change *c);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct change *, change_free)

/* Writes one file, and its parent directories. 1, or 0 if it has this content already; -EEXIST if
 * something there is no regular file. */
int change_write(struct change *c, const char *path, const void *data, size_t size,
                 struct error *e);

/* Removes one file. 1, or 0 if it does not exist. Removes what an interrupted change has kept of
 * it as well. */
int change_remove(struct change *c, const char *path, struct error *e);

/* Removes that directory when the change is complete, if it is empty then. 0 or -ENOMEM. */
int change_emptied(struct change *c, const char *path);

/* Restores the old files. Continues after a failure and returns the first one, or 0. */
int change_undo(struct change *c);

/* "Cannot WHAT PATH", with the exit status that fits r. Returns r. */
int change_failed(const char *what, const char *path, int r, struct error *e);
