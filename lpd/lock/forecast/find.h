/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/policy.h"
#include "lock/forecast/forecast.h"

/* Makes the forecast. With another root it uses the files of the kernel whose procfs is mounted
 * there, or else of the newest one with modules there. Sources that cannot be read are listed, and
 * the others are still used; without an index of modules (depmod(8)) there is no forecast: a
 * negative errno with e. */
int forecast_find(struct host *h, const struct policy *policy, struct forecast *ret,
                  struct error *e);
