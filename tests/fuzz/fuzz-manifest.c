/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An accepted text fulfills everything that manifest.h promises; a refused one has a message and
 * leaves nothing behind. */
#include "base/strv.h"
#include "config/manifest.h"
#include "config/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise) {
    if (!promise)
        abort();
}

static void check_names(char *const *names, const char *own) {
    STRV_FOREACH(name, names)
        require(patch_name_is_valid(*name) && !patch_name_equal(*name, own));
}

static void check_kernel(const struct manifest *m, const struct manifest_kernel *k) {
    require(kernel_release_is_valid(k->release));
    require(manifest_kernel_for(m, k->release) == k);
    require(!k->sha256 || strspn(k->sha256, "0123456789abcdef") == 64);
    require(!k->build_id || strlen(k->build_id) % 2 == 0);
    require(!k->module || (*k->module != '.' && !strstr(k->module, "/../")));
    require(!k->module || *k->module == '/' || !strchr(k->module, '/'));
}

static void check(const struct manifest *m) {
    check_names(m->after, m->name);
    check_names(m->requires, m->name);
    check_names(m->conflicts, m->name);
    require(m->rollout.n > 0 && m->timeout_usec > 0);
    for (size_t i = 0; i < m->rollout.n; i++)
        require(m->rollout.list[i].share <= 10000 &&
                (i == 0 || m->rollout.list[i].since_usec > m->rollout.list[i - 1].since_usec));
    require(!m->probe || *m->probe == '/');
    require(patch_stage_to_string(m->stage) && patch_wait_to_string(m->wait_for) &&
            on_stall_to_string(m->on_stall));
    for (size_t i = 0; i < m->n_kernels; i++)
        check_kernel(m, m->kernels + i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    _cleanup_(manifest_done) struct manifest m = { 0 };
    struct error e = ERROR_NULL;
    int r;

    r = manifest_parse("fuzz", "F", (const char *) data, size, &m, &e);
    if (r < 0) {
        require(e.message && e.exit_status == EXIT_STATUS_CONFIG && !m.name);
        error_done(&e);
        return 0;
    }
    check(&m);
    /* As its own drop-in it changes nothing that matters. */
    require(manifest_merge(&m, "F", (const char *) data, size, NULL) == 0);
    check(&m);
    return 0;
}
