/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/strv.h"
#include "config/cmdline.h"
#include "config/manifest.h"
#include "ctl/change.h"
#include "compat/kpatch.h"
#include "livepatch/sysfs.h"
#include "livepatch/transition.h"
#include "livepatch/wait.h"
#include "load/converge.h"
#include "module/file.h"
#include "store/store.h"

/* load and load --all: as lpctl(8) loads, but they return only when the patch is in effect, and a
 * transition that stalls is reverted. */

static int ask_whether_free(struct host *h, void *userdata _unused_) {
    _cleanup_free_ char *running = NULL;

    return transition_find(h, &running) <= 0;
}

/* The kernel runs one transition at a time, so a load would wait for that of another patch. */
static int wait_for_others(struct ctl *c, const char *module_name) {
    const uint64_t timeout = (KPATCH_WAIT_SEC + KPATCH_STALLED_SEC) * USEC_PER_SEC;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    _cleanup_free_ char *running = NULL;

    if (transition_find(&c->host, &running) <= 0 || streq(running, module_name))
        return 0;
    printf("waiting (up to %d seconds) for the transition of %s to complete...\n",
           KPATCH_WAIT_SEC + KPATCH_STALLED_SEC, running);
    if (wait_until(&c->host, wait_deadline(&c->host, timeout), ask_whether_free, NULL) >= 0)
        return 0;
    return kpatch_failed(&e, transition_stalled(&c->host, running, "the transition", timeout, &e));
}

/* kpatch.enable=0 concerns what is loaded at boot, and no load on request. */
static bool is_off_at_boot(struct ctl *c) {
    _cleanup_(cmdline_switches_done) struct cmdline_switches s = {};

    return cmdline_read(&c->host, /* in_initrd= */ false, &s) >= 0 && s.kpatch_disabled;
}

/* A patch whose manifest leads to that very file is loaded by its name, with what the manifest says
 * and in step with its unit. */
static int find_patch(struct ctl *c, const char *path, char **ret_name) {
    const char *base = path_basename(path), *suffix = strstr(base, ".ko");
    _cleanup_free_ char *name = strndup(base, suffix ? (size_t) (suffix - base) : strlen(base)), *release = NULL,
                        *found = NULL;
    _cleanup_(manifest_done) struct manifest m = {};

    if (!name || c->host.ops->release(&c->host, &release) < 0 || manifest_load(&c->host, name, &m, NULL) < 0)
        return 0;
    if (store_find_module_of(&c->host, release, &m, &found) < 0 || !streq(found, path) ||
        (m.by_default && is_off_at_boot(c)))
        return 0;
    return string_set(ret_name, m.name) < 0 ? 0 : 1;
}

/* One phase of waiting. 0, or the negative errno of ctl_await(). */
static int await(struct ctl *c, struct manager *m, const char *name, const char *module_name, unsigned seconds,
                 struct error *e) {
    bool runs = livepatch_flag_read(&c->host, module_name, "transition") > 0, failed;
    uint64_t before = c->host.ops->now(&c->host);
    int r;

    if (runs)
        printf("waiting (up to %u seconds) for patch transition to complete...\n", seconds);
    r = ctl_await(c, m, name, module_name, wait_deadline(&c->host, seconds * USEC_PER_SEC), &failed, e);
    if (r >= 0 && runs)
        printf("transition complete (%u seconds)\n",
               (unsigned) ((c->host.ops->now(&c->host) - before) / USEC_PER_SEC));
    return r;
}

static void show_stalled(struct ctl *c) {
    _cleanup_(blocking_tasks_done) struct blocking_tasks b = {};

    if (blocking_tasks_read(&c->host, &b, NULL) < 0 || b.n_tasks == 0)
        return;
    printf("\nStalled processes:\n");
    for (size_t i = 0; i < b.n_tasks; i++)
        printf("%d %s\n", b.tasks[i].tid, b.tasks[i].comm);
}

static int revert(struct ctl *c, struct manager *m, const char *name, const char *module_name) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    _cleanup_(result_done) struct result result = {};
    int r;

    show_stalled(c);
    printf("module %s did not complete its transition, unloading...\n", module_name);
    r = converge_unload(&c->host, m, name, &result, &e);
    if (r < 0)
        (void) kpatch_failed(&e, r);
    return kpatch_die("error: failed to load module %s (transition stalled)", module_name);
}

static int wait_for_transition(struct ctl *c, struct manager *m, const char *name, const char *module_name) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = await(c, m, name, module_name, KPATCH_WAIT_SEC, &e);
    if (r == -ETIME && !interrupt_signal()) {
        printf("patch transition has stalled!\n");
        (void) kpatch_signal(c);
        r = await(c, m, name, module_name, KPATCH_STALLED_SEC, &e);
    }
    if (r >= 0)
        return 0;
    if (r == -ETIME && !interrupt_signal() && livepatch_flag_read(&c->host, module_name, "transition") > 0)
        return revert(c, m, name, module_name);
    (void) kpatch_failed(&e, r);
    return kpatch_die("failed to load module %s", module_name);
}

static void announce(struct ctl *c, const char *path, const char *module_name) {
    int enabled = livepatch_flag_read(&c->host, module_name, "enabled");

    if (enabled < 0)
        printf("loading patch module: %s\n", path);
    else if (enabled == 0)
        printf("module already loaded, re-enabling\n");
}

/* 0; 1 if it has said what went wrong; or a negative errno with e. */
static int load_file(struct ctl *c, struct manager *m, const char *path, struct error *e) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_free_ char *patch = NULL;
    char *argv[] = { (char *) path, NULL };
    int r;

    r = module_file_open_untrusted(&c->host, path, &f, e);
    if (r < 0)
        return r;
    if (wait_for_others(c, f.info.name) != 0)
        return 1;
    announce(c, path, f.info.name);
    if (find_patch(c, path, &patch) > 0)
        argv[0] = patch;
    json_object_put(TAKE_PTR(c->value));
    c->wait = false;
    r = ctl_load(c, argv, e);
    c->wait = true;
    if (r < 0)
        return r;
    if (!json_object_get_boolean(json_object_object_get(c->value, "changed")))
        printf("module named %s already loaded and enabled\n", f.info.name);
    return wait_for_transition(c, m, value_get(changes_last(c), "name"), f.info.name);
}

static int connect_manager(struct ctl *c, struct manager **ret) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    if (kpatch_prepare(c) != 0)
        return 1;
    r = ctl_connect(c, ret, &e);
    return r < 0 ? kpatch_failed(&e, r) : 0;
}

static int load_one(struct ctl *c, struct manager *m, const char *path) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = load_file(c, m, path, &e);
    if (r >= 0)
        return r;
    (void) kpatch_failed(&e, r);
    return kpatch_die("failed to load module %s", path);
}

int kpatch_load(struct ctl *c, const char *argument) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_free_ char *path = NULL;

    if (kpatch_find(c, argument, &path) < 0)
        return kpatch_die("can't find %s", argument);
    return connect_manager(c, &m) != 0 ? 1 : load_one(c, m, path);
}

/* Says why the configuration keeps an installed module from being loaded, as at boot. */
static bool is_skipped(struct ctl *c, const char *path) {
    _cleanup_free_ char *patch = NULL, *later = NULL;

    if (find_patch(c, path, &patch) <= 0 || ctl_ask_plan(c, patch, /* keep_replaced= */ true, &later, NULL) <= 0)
        return false;
    printf("%s: %s\n", path, later);
    return true;
}

int kpatch_load_all(struct ctl *c) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_strv_free_ char **paths = NULL;
    _cleanup_free_ char *release = NULL;
    int r, status = 0;

    r = c->host.ops->release(&c->host, &release);
    if (r >= 0)
        r = kpatch_installed(&c->host, release, &paths);
    if (r < 0)
        return kpatch_die("cannot read " KPATCH_DIRECTORY ": %s", strerror(-r));
    if (!paths)
        return 0;
    if (connect_manager(c, &m) != 0)
        return 1;
    /* One that cannot be loaded does not stop the others. */
    STRV_FOREACH(path, paths)
        if (!interrupt_signal() && !is_skipped(c, *path) && load_one(c, m, *path) != 0)
            status = 1;
    return interrupt_signal() ? 1 : status;
}
