/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/policy.h"
#include "lock/forecast/forecast.h"

/* Finds out. Below another root it is what files tell of the kernel whose procfs stands there, or
 * else of the newest one that has modules there. What cannot be read is listed and stops nothing;
 * without an index of modules (depmod(8)) there is no answer: a negative errno with e. */
int forecast_find(struct host *h, const struct policy *policy, struct forecast *ret, struct error *e);
