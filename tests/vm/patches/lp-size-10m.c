// SPDX-License-Identifier: GPL-2.0-or-later
#define LP_NAME "lp-size-10m"
#define LP_SIZE (10 * 1024 * 1024)
#include "lp-size.h"
