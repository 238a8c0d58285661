/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "config/manifest.h"
#include "config/name.h"
#include "livepatch/sysfs.h"
#include "livepatch/transition.h"
#include "livepatch/wait.h"
#include "load/await.h"
#include "state/results.h"

/* lpd.service and the verbs unload a patch first and record that right after. */
#define RECORD_USEC (5 * USEC_PER_SEC)

struct await {
    const char *name, *module_name;
};

/* A patch that is not recorded as loaded, for instance by a unit that failed to, is not waited
 * for. */
static int ask_whether_settled(struct host *h, void *userdata) {
    const struct await *a = userdata;
    _cleanup_(result_done) struct result r = {};

    if (livepatch_flag_read(h, a->module_name, "enabled") <= 0)
        return 1;
    if (result_find(h, a->name, &r) < 0 || !r.loaded)
        return 1;
    return r.complete;
}

static int ask_whether_recorded(struct host *h, void *userdata) {
    const struct await *a = userdata;
    _cleanup_(result_done) struct result r = {};

    return result_find(h, a->name, &r) < 0 || !r.loaded;
}

/* A cumulative patch that was loaded after it in the meantime; NULL if there is none. */
static const struct result *find_successor(const struct host *h, const struct result_list *l, const struct await *a,
                                           const struct result *own) {
    for (size_t i = 0; i < l->n_results; i++) {
        const struct result *r = l->results + i;

        if (r->loaded && result_is_over(r, a->module_name, own) &&
            livepatch_flag_read(h, r->module_name ?: r->name, "enabled") > 0)
            return r;
    }
    return NULL;
}

static int describe_gone(struct host *h, const struct await *a, bool *ret_failed, struct error *e) {
    _cleanup_(result_list_done) struct result_list l = {};
    const struct result *own, *successor;
    const char *cause;
    int r;

    r = result_list_read(h, &l);
    if (r < 0)
        return r;
    own = result_list_find(&l, a->name);
    successor = own && own->loaded ? find_successor(h, &l, a, own) : NULL;
    if (successor)
        return error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "%s: %s has replaced it meanwhile", a->name,
                         successor->name);
    cause = own && !own->loaded ? strempty(own->cause) : "";
    *ret_failed = streq(cause, CAUSE_REVERTED) || streq(cause, CAUSE_PROBE_FAILED);
    if (!own || own->loaded || (!*ret_failed && !streq(cause, CAUSE_SWITCHED_OFF)))
        return error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "%s: it was unloaded meanwhile", a->name);
    r = error_set(e, -ECANCELED, own->exit_status ?: EXIT_STATUS_FAILED, "%s: %s", a->name, strempty(own->reason));
    return own->hint ? error_hint(e, r, "%s", own->hint) : r;
}

static bool has_probe(const struct host *h, const char *name) {
    _cleanup_(manifest_done) struct manifest m = {};

    return manifest_load(h, name, &m, NULL) >= 0 && m.probe && m.wait_for != WAIT_FOR_PATCHED;
}

static int await_probe(struct host *h, struct await *a, uint64_t deadline, bool followed, struct error *e) {
    int r;

    if (!followed && ask_whether_settled(h, a) == 0)
        return error_hint(e, error_set(e, -ENOTCONN, EXIT_STATUS_FAILED,
                                       "%s: it is loaded, but lpd.service does not run, so its probe has not been run",
                                       a->name),
                          "systemctl start lpd");
    r = wait_until(h, deadline, ask_whether_settled, a);
    if (r == -ETIME)
        return error_hint(e, error_set(e, r, EXIT_STATUS_TIMEOUT, "%s: its probe has not ended in time", a->name),
                          "'lpctl status %s' shows the result", a->name);
    return MIN(r, 0);
}

int await_patch(struct host *h, const char *name, const char *module_name, uint64_t deadline, bool followed,
                bool *ret_failed, struct error *e) {
    struct await a = { name, module_name };
    uint64_t given = wait_remaining(h, deadline);
    int r;

    *ret_failed = false;
    r = transition_wait(h, module_name, given);
    if (r == -ETIME)
        return transition_stalled(h, module_name, "the transition", given, e);
    if (r < 0 && r != -ENOENT)
        return r;
    if (r >= 0 && has_probe(h, name))
        r = await_probe(h, &a, deadline, followed, e);
    if (r < 0 && r != -ENOENT)
        return r;
    if (livepatch_flag_read(h, module_name, "enabled") > 0)
        return 0;
    (void) wait_until(h, wait_deadline(h, followed ? RECORD_USEC : 0), ask_whether_recorded, &a);
    return describe_gone(h, &a, ret_failed, e);
}
