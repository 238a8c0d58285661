/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* SIGINT, SIGHUP and SIGTERM, for a program that must always end in one of its documented states. A
 * signal ends a wait, as if its time were up; the cleanup that follows is not interrupted. Programs
 * that do not call interrupt_catch() are not affected. */

void interrupt_catch(void);

/* The signal that was caught; 0: none. */
int interrupt_signal(void);

/* Whether to stop waiting: true once after a signal. */
bool interrupt_take(void);
