/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/resource.h>
#include <syslog.h>

#include "base/process.h"
#include "base/strv.h"
#include "config/cmdline.h"
#include "config/policy.h"
#include "state/early-volume.h"
#include "state/early.h"
#include "state/image.h"
#include "state/results.h"
#include "store/device.h"
#include "system/kernel-log.h"
#include "system/manager.h"
#include "system/udev.h"

/* Runs in the initramfs, after a hibernated system would have been resumed: finds the volume with the
 * early ledger, and continues as "lpd initrd", which loads the builds that waited for it. Only then may
 * a volume be written: a system that is resumed later has it mounted. A separate program, so that lpd
 * need not link libblkid. The boot continues even if it fails. */

/* In addition to the time that the volume may take to appear, and to the budget of lpd. */
#define DEVICE_SEC 10
#define MEMORY_MAX ((rlim_t) 256 * 1024 * 1024)

/* Whether an earlier run left a patch out because its attempt could not be written. */
static bool is_needed(const struct host *h) {
    _cleanup_(result_list_done) struct result_list l = {};

    if (result_list_read(h, &l) < 0)
        return false;
    for (size_t i = 0; i < l.n_results; i++)
        if (!l.results[i].loaded && streq(strempty(l.results[i].cause), CAUSE_ON_TRIAL))
            return true;
    return false;
}

static int find_volume(struct host *h, const char *place, uint64_t wait_usec, struct error *e) {
    _cleanup_(device_done) struct device d = {};
    struct early_volume v;
    int r;

    r = device_find(h, place, wait_usec, &d, e);
    if (r < 0)
        return r;
    if (!d.type)
        return error_set(e, -EMEDIUMTYPE, EXIT_STATUS_FAILED, "%s (%s) contains no known file system", d.node, place);
    v = (struct early_volume){ d.node, d.type };
    return early_volume_write(h, &v);
}

/* Does not return. */
static void find_and_load(struct host *h, const char *place, uint64_t wait_usec) {
    const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };
    _cleanup_(error_done) struct error e = ERROR_NULL;
    _cleanup_free_ char *line = NULL;
    int r;

    (void) setrlimit(RLIMIT_DATA, &memory);
    r = find_volume(h, place, wait_usec, &e);
    if (r >= 0)
        early_again(h);
    if (r >= 0)
        (void) execl(LPD_LIBEXECDIR "/lpd", "lpd", "initrd", NULL);
    else if (asprintf(&line, "patches on trial are left to the host: %s", error_message(&e, r)) >= 0)
        (void) kernel_log_write("lpd", LOG_ERR, line);
    _exit(EXIT_STATUS_DONE);
}

/* A read from a failing disk can take for ever. */
static void load_in_time(struct host *h, const char *place, uint64_t wait_usec) {
    uint64_t usec = wait_usec + (DEVICE_SEC + EARLY_SEC_MAX + EARLY_GRACE_SEC) * USEC_PER_SEC;
    pid_t child = fork();
    int status;

    if (child == 0)
        find_and_load(h, place, wait_usec);
    if (child > 0 && process_wait(child, usec, &status) == 0)
        (void) kernel_log_write("lpd", LOG_ERR, "patches on trial are left to the host: the volume with their ledger "
                                "cannot be read in time");
}

static void run(struct host *h) {
    _cleanup_(cmdline_switches_done) struct cmdline_switches switches = {};
    _cleanup_(image_record_done) struct image_record image = {};
    _cleanup_(policy_done) struct policy p = {};

    if (cmdline_read(h, /* in_initrd= */ true, &switches) < 0 || cmdline_off(&switches) || !is_needed(h) ||
        policy_load(h, &p, NULL) < 0 || image_record_read(h, &image) < 0)
        return;
    if (!strchr(strempty(image.ledger), '='))
        return;
    udev_wait_idle(h);
    load_in_time(h, image.ledger, MIN(p.store_wait_usec, 3600 * USEC_PER_SEC));
}

int main(int argc, char *argv[]) {
    _cleanup_(host_close) struct host h = HOST_NULL;

    if (argc > 1) {
        fprintf(stderr, "usage: %s\n\nFor the initramfs, see lpd(8).\n", argv[0]);
        return EXIT_STATUS_USAGE;
    }
    if (host_open("/", &h) < 0)
        return EXIT_STATUS_DONE;
    /* On a host it would write to file systems that are mounted elsewhere. */
    if (manager_is_of_initramfs(&h))
        run(&h);
    else
        fprintf(stderr, "%s: this is for the initramfs\n", program_invocation_short_name);
    return EXIT_STATUS_DONE;
}
