/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "state/results.h"

/* lpd-bless.service confirms the builds that were loaded at boot. When the transition of a later
 * load has ended, lpd.service starts it again. */

#define BLESS_UNIT "lpd-bless.service"

struct confirming {
    char **seen; /* loads whose end was seen: "NAME TIME" */
};

void confirming_done(struct confirming *c);

/* Starts the unit if there are such loads, of builds that are on trial. 1: started; 0; or a negative
 * errno. */
int confirming_look(struct confirming *c, struct host *h, const struct result_list *l);
