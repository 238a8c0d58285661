// SPDX-License-Identifier: GPL-2.0-or-later
#define LP_NAME "lp-size-64k"
#define LP_SIZE (64 * 1024)
#include "lp-size.h"
