/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "ctl/boots.h"
#include "initramfs/image.h"
#include "initramfs/kernels.h"
#include "plan/next-kernel.h"
#include "system/kpatch-service.h"

/* What the status says about coming boots: the state of the initramfs, and the kernel that boots
 * next. */

static int add_image(const struct host *h, const struct snapshot *s, json_object *value) {
    json_object *o = json_object_new_object(), *patches = json_object_new_array();
    _cleanup_(image_done) struct image image = {};
    _cleanup_free_ char *message = NULL;
    int r;

    json_object_object_add(value, "initramfs", o);
    r = image_look(h, &s->manifests, &s->policy, s->facts.release, &image);
    if (r >= 0)
        r = image_describe(&image, &message);
    json_add_bool(o, "carried", image.carried);
    json_object_object_add(o, "patches", patches);
    for (size_t i = 0; i < image.n_faults; i++) {
        json_object *fault = json_object_new_object();

        json_add_string(fault, "name", image.faults[i].name);
        json_add_string(fault, "problem", image_problem_to_string(image.faults[i].problem));
        json_object_array_add(patches, fault);
    }
    json_add_bool(o, "rebuilt", image.rebuilt);
    json_add_string(o, "command", image.command);
    json_add_string(o, "message", message);
    return r;
}

/* Only for another kernel: for the running one, each patch shows its own state. */
static int add_next(const struct host *h, const struct snapshot *s, json_object *value) {
    _cleanup_free_ char *next = NULL, *names = NULL, *message = NULL;
    json_object *o = json_object_new_object();
    _cleanup_strv_free_ char **missing = NULL;
    int r;

    json_object_object_add(value, "nextBoot", o);
    r = kernels_next(h, &next);
    if (r >= 0 && next && !(s->facts.release && streq(next, s->facts.release)))
        r = next_kernel_missing(h, &s->manifests, next, &missing);
    names = missing ? strv_join(missing, ", ") : NULL;
    if (names && asprintf(&message, "%s boots next and has no module for %s", next, names) < 0)
        message = NULL;
    json_add_string(o, "kernel", next);
    json_add_list(o, "missing", missing);
    json_add_string(o, "message", message);
    return r;
}

#define WATCHDOGS "/sys/class/watchdog"

/* Whether a program has started a watchdog: 1, 0, or -1 if the kernel does not show its state
 * (CONFIG_WATCHDOG_SYSFS). */
static int has_active_watchdog(const struct host *h) {
    _cleanup_strv_free_ char **watchdogs = NULL;
    int found = 0;

    if (file_list(h, WATCHDOGS, &watchdogs) < 0)
        return 0;
    STRV_FOREACH(watchdog, watchdogs) {
        _cleanup_free_ char *path = NULL, *state = NULL;

        if (asprintf(&path, WATCHDOGS "/%s/state", *watchdog) < 0 || file_read_line(h, path, &state) < 0)
            found = -1;
        else if (streq(state, "active"))
            return 1;
    }
    return found;
}

/* What no guard can do: after a panic there may be no next boot in which to judge. */
static void add_crash(const struct host *h, const struct snapshot *s, json_object *value) {
    _cleanup_free_ char *seconds = NULL;
    json_object *o = json_object_new_object();
    int watchdog = has_active_watchdog(h);
    bool known = file_read_line(h, "/proc/sys/kernel/panic", &seconds) >= 0;
    bool hangs = known && streq(seconds, "0") && watchdog == 0;

    json_object_object_add(value, "crash", o);
    json_add_tristate(o, "rebootsAfterPanic", known ? !streq(seconds, "0") : -1);
    json_add_tristate(o, "watchdog", watchdog);
    json_add_string(o, "message", !hangs || s->manifests.n_entries == 0 ? NULL :
                    "after a panic this machine hangs until a person resets it: set kernel.panic=10, see sysctl.d(5), "
                    "or RuntimeWatchdogSec=, see systemd-system.conf(5)");
}

static void add_kpatch(const struct host *h, json_object *value) {
    json_object *o = json_object_new_object();
    bool enabled = kpatch_service_is_enabled(h);

    json_object_object_add(value, "kpatch", o);
    json_add_bool(o, "enabled", enabled);
    json_add_string(o, "message", !enabled ? NULL : KPATCH_SERVICE " is enabled and loads patches at boot too, past "
                    "lpd: lpctl import-kpatch takes them over and disables it");
}

int boots_add(const struct host *h, const struct snapshot *s, json_object *value) {
    int r = add_image(h, s, value), k = add_next(h, s, value);

    add_crash(h, s, value);
    add_kpatch(h, value);
    return r < 0 ? r : k;
}

bool status_silences(json_object *value, enum warning w) {
    json_object *words = json_object_object_get(json_object_object_get(value, "policy"), "silenced");
    bool found = false;

    for (size_t i = 0; i < json_object_array_length(words) && !found; i++)
        found = streq(json_object_get_string(json_object_array_get_idx(words, i)), warning_to_string(w));
    return found;
}

static void print_warning(json_object *o) {
    const char *message = value_get(o, "message");

    if (message)
        printf("Warning   %s\n", message);
}

/* The most patches that are listed as loaded late. */
#define LATE_MAX 5

static void print_late(json_object *value) {
    json_object *patches = json_object_object_get(value, "patches");
    json_object *early = json_object_object_get(value, "early");
    size_t n = 0, late = 0;

    if (early && json_object_get_boolean(json_object_object_get(early, "stopped")))
        printf("Warning   the initramfs ran out of time and left the remaining patches to the "
               "host\n");
    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        json_object *o = json_object_array_get_idx(patches, i);
        const char *reason = value_get(o, "earlyReason");

        if (reason && n++ < LATE_MAX)
            printf("Warning   the initramfs did not load %s: %s\n", value_get(o, "name"), reason);
    }
    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        json_object *o = json_object_array_get_idx(patches, i);

        late += value_get(o, "lateReason") != NULL;
    }
    if (late > 0)
        printf("Warning   %zu patch%s loaded late, after the boot had gone on (HoldSec=), see "
               "lpctl show\n", late,
               late == 1 ? " was" : "es were");
    if (n > LATE_MAX)
        printf("Warning   the initramfs did not load %zu more patches, see lpctl show\n", n - LATE_MAX);
}

void print_boots(json_object *value) {
    if (!status_silences(value, WARNING_LATE))
        print_late(value);
    if (!status_silences(value, WARNING_INITRAMFS))
        print_warning(json_object_object_get(value, "initramfs"));
    if (!status_silences(value, WARNING_NEXT_KERNEL))
        print_warning(json_object_object_get(value, "nextBoot"));
    if (!status_silences(value, WARNING_PANIC))
        print_warning(json_object_object_get(value, "crash"));
    if (!status_silences(value, WARNING_LAYERS))
        print_warning(json_object_object_get(value, "layered"));
    if (!status_silences(value, WARNING_KPATCH))
        print_warning(json_object_object_get(value, "kpatch"));
}
