/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* A change of several files that can be undone wholly, for as long as it is kept. Each file is written
 * or removed in one step that survives a power cut. */
struct change;

/* Where the old file is kept meanwhile: DIRECTORY/.NAME.old. */
#define CHANGE_OLD_SUFFIX ".old"

struct change *change_new(const struct host *h);

/* Ends a change: what it replaced is gone from then on. */
struct change *change_free(struct change *c);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct change *, change_free)

/* Writes one file, and the directories above it. 1, or 0 if that very content is there; -EEXIST for
 * what is no regular file. */
int change_write(struct change *c, const char *path, const void *data, size_t size, struct error *e);

/* Removes one file. 1, or 0 if it is not there. What an interrupted change has kept of it goes as well. */
int change_remove(struct change *c, const char *path, struct error *e);

/* When the change is complete that directory is removed, if it is empty then. 0 or -ENOMEM. */
int change_emptied(struct change *c, const char *path);

/* Puts back what stood there before. 0 or the first failure; it goes on after one. */
int change_undo(struct change *c);

/* "Cannot WHAT PATH", with the exit status that fits r. Returns r. */
int change_failed(const char *what, const char *path, int r, struct error *e);
