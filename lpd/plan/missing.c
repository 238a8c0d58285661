/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "plan/missing.h"

bool plan_requires(const struct snapshot *s, const struct plan *p, enum lock_require which, size_t i) {
    const struct manifest_entry *entry = s->manifests.entries + i;

    switch (which) {
    case LOCK_REQUIRE_REQUIRED:
        return entry->error_number < 0 || (entry->manifest.required && entry->manifest.enabled);
    case LOCK_REQUIRE_ALL:
        return p->by_manifest[i]->type != ACTION_SKIP;
    case LOCK_REQUIRE_NONE:
        break;
    }
    return false;
}

bool plan_is_missing(const struct snapshot *s, const struct plan *p, enum lock_require which, size_t i) {
    bool broken = s->manifests.entries[i].error_number < 0;

    return plan_requires(s, p, which, i) && (broken || !snapshot_is_in(s, i));
}

/* Its code may never run everywhere. The lock waits for any transition. */
static bool is_stalled(const struct snapshot *s, size_t i) {
    const struct livepatch *in = snapshot_livepatch(s, i);
    const struct result *result = result_list_find(&s->results, s->manifests.entries[i].name);

    return in && in->transition && result && streq(strempty(result->cause), CAUSE_STALLED);
}

int plan_missing(const struct snapshot *s, const struct plan *p, enum lock_require which, char ***ret) {
    _cleanup_strv_free_ char **names = NULL;

    for (size_t i = 0; i < s->manifests.n_entries; i++)
        if ((plan_is_missing(s, p, which, i) || (plan_requires(s, p, which, i) && is_stalled(s, i))) &&
            strv_extend(&names, s->manifests.entries[i].name) < 0)
            return -ENOMEM;
    *ret = TAKE_PTR(names);
    return 0;
}
