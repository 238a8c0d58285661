/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/early-ledger.h"

/* The builds in an early ledger on a volume, as whoever read or wrote it last knows: the host reads
 * there what the initramfs did long before the volume is mounted, and opens no volume on which nothing
 * changes. */
int early_copy_write(const struct host *h, const char *place, const struct ledger_list *l);
/* -ENOENT: it was not read in this boot; an error of early_ledger_decode(). */
int early_copy_read(const struct host *h, const char *place, struct ledger_list *ret);
/* Whether those builds are there already. */
bool early_copy_is(const struct host *h, const char *place, const struct ledger_list *l);
void early_copy_forget(const struct host *h);
