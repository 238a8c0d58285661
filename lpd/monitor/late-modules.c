/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "config/policy.h"
#include "livepatch/facts.h"
#include "livepatch/kernel-flag.h"
#include "livepatch/view.h"
#include "monitor/late-modules.h"
#include "state/late-modules.h"
#include "system/manager.h"

#define ANNOUNCEMENT "add@/module/"
#define ANNOUNCED_MAX 1000

static void forget(struct late_modules *l) {
    for (size_t i = 0; i < l->n_modules; i++)
        free(l->modules[i].name);
    free(l->modules);
    l->modules = NULL;
    l->n_modules = 0;
}

void late_modules_done(struct late_modules *l) {
    forget(l);
}

void late_modules_note(struct late_modules *l, struct host *h, const char *uevent) {
    const char *name = uevent + STRLEN(ANNOUNCEMENT);
    struct late_module *grown;

    if (!startswith(uevent, ANNOUNCEMENT) || !patch_name_is_valid(name) ||
        l->n_modules >= ANNOUNCED_MAX)
        return;
    grown = reallocarray(l->modules, l->n_modules + 1, sizeof(*grown));
    if (!grown)
        return;
    l->modules = grown;
    grown[l->n_modules] = (struct late_module){ .name = strdup(name), .usec = h->ops->now(h) };
    if (grown[l->n_modules].name)
        l->n_modules++;
}

/* When the lock would have been set at the earliest, whatever Lock= says: no policy locks before
 * everything that is started at boot is running. UINT64_MAX: the boot has not finished. */
static uint64_t lock_point(struct late_modules *l, struct host *h) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_(policy_done) struct policy p = {};

    (void) policy_load(h, &p, NULL);
    if (l->boot_end == 0 && manager_is_running(h) && manager_connect(&m, NULL) >= 0)
        (void) manager_boot_end(m, &l->boot_end);
    if (l->boot_end == 0 || p.lock_delay_usec > UINT64_MAX - l->boot_end)
        return UINT64_MAX;
    return l->boot_end + p.lock_delay_usec;
}

static bool is_locked(const struct host *h) {
    return kernel_flag_read(h, KERNEL_MODULES_DISABLED) == 1;
}

/* A module that was removed again, for instance because its device is missing, is not needed. */
static bool is_in(const struct host *h, const char *name) {
    _cleanup_(livepatch_done) struct livepatch p = {};

    return livepatch_read(h, name, &p) >= 0 && p.module_loaded && livepatch_is_plain_module(&p);
}

static void record(struct host *h, char *const *modules) {
    _cleanup_free_ char *boot_id = NULL;

    if (file_read_line(h, "/proc/sys/kernel/random/boot_id", &boot_id) >= 0)
        (void) late_record_add(h, boot_id, modules);
}

void late_modules_judge(struct late_modules *l, struct host *h) {
    _cleanup_strv_free_ char **late = NULL;
    uint64_t point;

    if (l->n_modules == 0)
        return;
    /* Modules that were loaded before a lock were loaded in time. */
    point = is_locked(h) ? UINT64_MAX : lock_point(l, h);
    for (size_t i = 0; i < l->n_modules; i++)
        if (l->modules[i].usec >= point && is_in(h, l->modules[i].name))
            (void) strv_extend(&late, l->modules[i].name);
    forget(l);
    if (late)
        record(h, late);
}

void late_modules_end(struct late_modules *l, struct host *h) {
    late_modules_judge(l, h);
    if (!is_locked(h) && lock_point(l, h) <= h->ops->now(h))
        record(h, NULL);
}
