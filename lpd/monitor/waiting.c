/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/manifest.h"
#include "monitor/waiting.h"
#include "system/manager.h"

/* It ran out of time behind another one's transition, or the boot went on before its turn, in which case the
 * unit of a patch that is in since the initramfs did not run either. */
static bool is_waiting(const struct host *h, const struct result *r, bool held) {
    _cleanup_(manifest_done) struct manifest manifest = {};

    if (streq(strempty(r->action), "wait"))
        return true;
    /* What the initramfs has loaded from a volume alone has no unit. */
    return held && r->loaded && streq(strempty(r->stage), "initrd") && manifest_load(h, r->name, &manifest, NULL) >= 0;
}

int waiting_start(const struct host *h, const struct result_list *l, bool held) {
    _cleanup_(manager_freep) struct manager *m = NULL;

    if (!manager_is_running(h))
        return 0;
    for (size_t i = 0; i < l->n_results; i++) {
        _cleanup_free_ char *unit = manager_unit_name(l->results[i].name);

        if (!unit || !is_waiting(h, l->results + i, held))
            continue;
        if (!m && manager_connect(&m, NULL) < 0)
            return 0;
        (void) manager_queue_job(m, "StartUnit", unit, NULL);
    }
    return 1;
}
