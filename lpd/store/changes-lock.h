/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* A lock, so that only one process at a time changes the patches of a machine, or of another root:
 * flock(2) on a file that only root can open, so that other users cannot hold it. The file exists
 * while the lock is held. */
#define CHANGES_LOCK "/run/lpd/changes.lock"

struct changes_lock;

/* Called once, with the process to wait for. */
typedef void changes_lock_told(void *userdata, const char *holder);

/* Takes the lock, and waits up to timeout_usec for its holder. what names this program to others
 * who wait. tell may be NULL. *ret is NULL if the disk is full or read-only: writes then fail
 * anyway, and a patch can still be unloaded. 0; -EAGAIN with the holder; or another negative errno
 * with e. Does not wait in a unit livepatch@.service, because the holder may be waiting for that
 * unit. */
int changes_lock_take(struct host *h, const char *what, uint64_t timeout_usec,
                      changes_lock_told *tell,
                      void *userdata, struct changes_lock **ret, struct error *e);

struct changes_lock *changes_lock_free(struct changes_lock *l);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct changes_lock *, changes_lock_free)
