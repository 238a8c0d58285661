/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/overrides.h"
#include "state/results.h"

/* The overridden functions that lpd-overrides.service has reported last, so that it reports only
 * changes, and so that users without privileges see them. The file name lacks ".json", because a
 * patch may have any name. */
#define OVERRIDES_RECORD RESULTS_DIRECTORY "/overrides"

/* 0 or a negative errno. */
int override_record_write(const struct host *h, const struct override_list *l);

/* -ENOENT: none was ever reported in this boot; -EBADMSG: invalid record; another negative errno. */
int override_record_read(const struct host *h, struct override_list *ret);
