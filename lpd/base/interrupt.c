/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/interrupt.h"

#include <signal.h>

static volatile sig_atomic_t caught, taken;

static void on_signal(int signal_number) {
    caught = signal_number;
}

void interrupt_catch(void) {
    static const int signals[] = { SIGINT, SIGHUP, SIGTERM };
    struct sigaction before, action = { .sa_handler = on_signal }; /* no SA_RESTART: waiting ends */

    (void) sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ELEMENTSOF(signals); i++)
        /* The caller, for instance nohup(1), has chosen to ignore the signal. */
        if (sigaction(signals[i], NULL, &before) >= 0 && before.sa_handler != SIG_IGN)
            (void) sigaction(signals[i], &action, NULL);
}

int interrupt_signal(void) {
    return caught;
}

bool interrupt_take(void) {
    if (!caught || taken)
        return false;
    taken = 1;
    return true;
}
