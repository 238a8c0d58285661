/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* SIGINT, SIGHUP and SIGTERM, for a program that ends what it has begun in one of its documented states: whoever
 * waits stops waiting, as if the time were up, and what has to be put back then is put back undisturbed.
 * Programs that do not call interrupt_catch() are not concerned. */

void interrupt_catch(void);

/* The signal that was caught; 0: none. */
int interrupt_signal(void);

/* Whether to stop waiting: true once after a signal. */
bool interrupt_take(void);
