/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lock/forecast/search.h"

/* systemd's units as files: systemd.unit(5), "Unit File Load Path". */

/* The names of the units that another one wants or requires by a link: those that are enabled and
 * not masked. Fills s->units. 0 or -ENOMEM. */
int units_find_enabled(struct search *s);

/* Whether such a unit is enabled. A name that ends in '@' stands for any instance; *ret_name is
 * the one found, and belongs to s. */
bool unit_is_enabled(const struct search *s, const char *name, const char **ret_name);

/* The last value of a key in a section of a unit, or of another file of that format. NULL if there
 * is none, or memory runs out. */
char *unit_value(const char *text, const char *section, const char *key);
