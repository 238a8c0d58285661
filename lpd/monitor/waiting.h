/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* Queues the start of the units of patches that had to wait for another one's transition, and with held, as
 * the boot went on before their turn, of those that the initramfs has loaded. 1; 0 if systemd cannot be asked
 * now. */
int waiting_start(const struct host *h, const struct result_list *l, bool held);
