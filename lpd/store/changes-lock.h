/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* One at a time changes the patches of a machine, or of the tree below another root: flock(2) on a file that
 * only root can open, so that nobody else can hold it. It is there while it is held. */
#define CHANGES_LOCK "/run/lpd/changes.lock"

struct changes_lock;

/* Told once, of who has to be waited for. */
typedef void changes_lock_told(void *userdata, const char *holder);

/* Takes it, waiting for up to timeout_usec for whoever holds it. what names this program for those who wait.
 * tell may be NULL. *ret is NULL where there is no room for the file or nothing can be written: what has to
 * be written fails by itself there, and a patch can still be taken out. 0; -EAGAIN with who holds it; or
 * another negative errno with e. From a unit livepatch@.service, which whoever holds it may wait for, it is
 * not waited for. */
int changes_lock_take(struct host *h, const char *what, uint64_t timeout_usec, changes_lock_told *tell,
                      void *userdata, struct changes_lock **ret, struct error *e);

struct changes_lock *changes_lock_free(struct changes_lock *l);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct changes_lock *, changes_lock_free)
