/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <syslog.h>

#include "base/budget.h"
#include "base/file.h"
#include "base/process.h"
#include "base/strv.h"
#include "config/cmdline.h"
#include "state/early.h"
#include "state/volume.h"
#include "store/volume.h"
#include "system/kernel-log.h"
#include "system/manager.h"
#include "system/udev.h"

/* Runs in the initramfs, once block devices exist: copies the patches from the volume that [Store]
 * Device= names, and continues as "lpd initrd", which finds them among those of the image. A
 * separate program, so that lpd need not link libblkid. The boot continues even if it fails. */

/* In addition to the time that the volume may take to appear. */
#define DEVICE_SEC 10
/* Files that could be read within that time are used, so that a slow volume is still useful. */
#define FETCH_SEC 8
#define MEMORY_MAX ((rlim_t) 256 * 1024 * 1024)

/* Records a failure for the host's journal and for lpctl status. */
static int add_problem(struct volume_record *record, const struct error *e, int r) {
    char *text;

    if (asprintf(&text, "%s%s%s", error_message(e, r), e->hint ? "; " : "", strempty(e->hint)) < 0)
        return -ENOMEM;
    return strv_consume(&record->problems, text);
}

static void publish(const struct host *h, const struct volume_record *record) {
    STRV_FOREACH(problem, record->problems) {
        _cleanup_free_ char *line = NULL;

        if (asprintf(&line, "volume %s: %s", strempty(record->device), *problem) >= 0)
            (void) kernel_log_write("lpd", LOG_ERR, line);
    }
    (void) volume_record_write(h, record);
}

static int fetch(struct host *h, const struct policy *p, struct volume_record *record, struct error *e) {
    _cleanup_(volume_close) struct volume v = VOLUME_NULL;
    _cleanup_free_ char *release = NULL;
    struct early_record early;
    struct budget budget;
    int r;

    r = h->ops->release(h, &release);
    if (r >= 0)
        r = volume_open(h, p->store_device, p->store_wait_usec, /* writable= */ false, &v, e);
    if (r >= 0)
        r = string_set(&record->node, v.node);
    if (r >= 0)
        r = string_set(&record->type, v.type);
    if (r < 0)
        return r;
    early_begin(h, &early, &budget);
    budget.end_usec = MIN(budget.end_usec, h->ops->now(h) + FETCH_SEC * USEC_PER_SEC);
    h->budget = &budget;
    r = volume_fetch(h, &v, release, record);
    h->budget = NULL;
    early_end(h, &early, &budget);
    return r;
}

/* Reads untrusted data within limits. Returns the exit status: whether there is a patch. */
static int fetch_and_tell(struct host *h, const struct policy *p) {
    const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };
    _cleanup_(volume_record_done) struct volume_record record = {};
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    (void) setrlimit(RLIMIT_DATA, &memory);
    r = string_set(&record.device, p->store_device);
    if (r >= 0)
        r = fetch(h, p, &record, &e);
    if (r < 0)
        (void) add_problem(&record, &e, r);
    publish(h, &record);
    return r > 0 ? EXIT_STATUS_DONE : EXIT_STATUS_FAILED;
}

static void report_timeout(struct host *h, const struct policy *p) {
    _cleanup_(volume_record_done) struct volume_record record = {};
    _cleanup_(error_done) struct error e = ERROR_NULL;

    early_stopped(h, DEVICE_SEC * USEC_PER_SEC);
    (void) string_set(&record.device, p->store_device);
    (void) error_set(&e, -ETIME, EXIT_STATUS_TIMEOUT, "it could not be read within %d s", DEVICE_SEC);
    (void) add_problem(&record, &e, -ETIME);
    publish(h, &record);
}

/* A read from a failing disk can take for ever. */
static int fetch_in_time(struct host *h, const struct policy *p) {
    uint64_t usec = MIN(p->store_wait_usec, 3600 * USEC_PER_SEC) + DEVICE_SEC * USEC_PER_SEC;
    int status, r;
    pid_t child;

    child = fork();
    if (child < 0)
        return -errno;
    if (child == 0)
        _exit(fetch_and_tell(h, p));
    r = process_wait(child, usec, &status);
    if (r <= 0) {
        report_timeout(h, p);
        return -ETIME;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_STATUS_DONE ? 0 : -EIO;
}

/* 0 if patches were fetched. */
static int run(struct host *h) {
    _cleanup_(cmdline_switches_done) struct cmdline_switches switches = {};
    _cleanup_(policy_done) struct policy p = {};
    int r;

    /* On a host it would overwrite files. */
    if (!manager_is_of_initramfs(h)) {
        fprintf(stderr, "%s: this is for the initramfs\n", program_invocation_short_name);
        return -EOPNOTSUPP;
    }
    r = cmdline_read(h, /* in_initrd= */ true, &switches);
    if (r < 0 || cmdline_off(&switches) || file_exists(h, "/etc/lpd/disable"))
        return r < 0 ? r : -ECANCELED;
    /* While the policy has errors nothing is loaded, as lpd initrd reports. */
    r = policy_load(h, &p, NULL);
    if (r >= 0 && !p.store_device)
        r = -ENOENT;
    if (r < 0)
        return r;
    /* A path to a disk that another driver is about to take, or one of two with the same label, is not it. */
    udev_wait_idle(h);
    return fetch_in_time(h, &p);
}

int main(int argc, char *argv[]) {
    _cleanup_(host_close) struct host h = HOST_NULL;

    if (argc > 1) {
        fprintf(stderr, "usage: %s\n\nFor the initramfs, see lpd(8).\n", argv[0]);
        return EXIT_STATUS_USAGE;
    }
    if (host_open("/", &h) >= 0 && run(&h) >= 0)
        (void) execl(LPD_LIBEXECDIR "/lpd", "lpd", "initrd", NULL);
    return EXIT_STATUS_DONE;
}
