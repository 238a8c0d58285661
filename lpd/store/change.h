/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* A change of several files that can be undone wholly, for as long as it is kept. Each file is written
 * or removed in one step that survives a power cut. */
struct change;

struct change *change_new(const struct host *h);

/* Ends a change: what it replaced is gone from then on. */
struct change *change_free(struct change *c);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct change *, change_free)

/* Writes one file, and the directories above it. 1, or 0 if that very content is there; -EEXIST for
 * what is no regular file. */
int change_write(struct change *c, const char *path, const void *data, size_t size, struct error *e);

/* Removes one file. 1, or 0 if it is not there. */
int change_remove(struct change *c, const char *path, struct error *e);

/* Puts back what stood there before. 0 or the first failure; it goes on after one. */
int change_undo(struct change *c);

/* Removes one file for good, and what an interrupted change has kept of it. 1, or 0 if it was not
 * there. */
int change_forget(const struct host *h, const char *path, struct error *e);

/* "Cannot WHAT PATH", with the exit status that fits r. Returns r. */
int change_failed(const char *what, const char *path, int r, struct error *e);
