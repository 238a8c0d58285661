/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "lock/forecast/search.h"
#include "state/late-modules.h"

/* Modules that earlier boots, and this one, have loaded after the time of the lock. Such a module
 * may be loaded now, but it was not at that time. */

static int want_module(struct search *s, const struct late_record *l, const char *name) {
    _cleanup_free_ char *reason = NULL;
    size_t n = 0;

    if (!module_index_has(s->index, name))
        return 0;
    for (size_t i = 0; i < l->n_boots; i++)
        n += strv_contains(l->boots[i].modules, name);
    if (asprintf(&reason, "loaded after the end of the boot, in %zu of %zu recorded boots", n,
                 l->n_boots) < 0)
        return -ENOMEM;
    return search_add(s, WANTED_RECORD, name, module_is_loaded(s->host, name), reason);
}

int search_record(struct search *s) {
    _cleanup_(late_record_done) struct late_record l = {};
    int r;

    r = late_record_read(s->host, &l);
    if (r < 0)
        return r == -ENOMEM ? r : search_note_unread(s, LATE_RECORD_PATH, r);
    for (size_t i = 0; i < l.n_boots; i++)
        STRV_FOREACH(name, l.boots[i].modules)
            if (r >= 0)
                r = want_module(s, &l, *name);
    return r;
}
