/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/efi-variables.h"
#include "state/early-file.h"
#include "state/ledger.h"

/* The part of the ledger that the initramfs reads and writes: a few kilobytes in one variable of the
 * firmware, or in a file on a volume. It has what decides a load there: attempts, quarantines, and
 * what is confirmed for the initramfs; not the lines of the kernel log. */

#define EARLY_LEDGER_VARIABLE "LpdLedger-f21e7563-511c-45dd-b184-319920b6035e"

/* The bytes of these builds. Of those that are confirmed and have no attempts the newest are kept
 * that fit, because an image may know the others as well. -ENOSPC if the others do not fit, -EINVAL
 * for a build that ledger_write() would refuse, or -ENOMEM. */
int early_ledger_encode(const struct ledger_list *l, char **ret, size_t *ret_size);

/* The builds in such bytes, each as ledger_read() might return it. -EBADMSG if they are anything
 * else, -EPROTONOSUPPORT if a later version wrote them, or -ENOMEM. */
int early_ledger_decode(const void *data, size_t size, struct ledger_list *ret);

/* Where it is, open for reading and perhaps writing. */
struct early_place {
    struct efi_variables variables; /* without a directory: it is a file */
    const struct host *host;        /* NULL: own */
    char *directory;                /* of the file, "" or without a slash at its end */
    struct host own;                /* the root of a volume that only this program sees */
};

#define EARLY_PLACE_NULL                                                                           \
    ((struct early_place){ .variables = EFI_VARIABLES_NULL, .own = HOST_NULL })

void early_place_close(struct early_place *p);

/* -ENOENT: nothing was ever written there; an error of early_ledger_decode() or of the medium. */
int early_ledger_read(const struct early_place *p, struct ledger_list *ret);

/* Writes these builds in the place of all that is there, in one step, if anything changes. 1; 0 if it
 * is there already; an error of early_ledger_encode() or of the medium. */
int early_ledger_write(const struct early_place *p, const struct ledger_list *l);
