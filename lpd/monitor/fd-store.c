/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "base/strv.h"
#include "livepatch/kmsg.h"
#include "livepatch/overrides.h"
#include "monitor/fd-store.h"
#include "monitor/refusals.h"
#include "monitor/switches.h"

#define PROGRAMS "refusal-programs" /* required to exist, not used */

static int store(const char *name, int fd) {
    _cleanup_free_ char *message = NULL;
    int r;

    if (asprintf(&message, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name) < 0)
        return -ENOMEM;
    r = sd_pid_notify_with_fds(0, false, message, &fd, 1);
    return r == 0 ? -ENOTCONN : r;
}

/* Removes the descriptors of an earlier start. */
static int clear_store(void) {
    static const char *const names[] = { FD_STORE_SWITCHES, FD_STORE_REFUSALS, FD_STORE_KERNEL_LOG, FD_STORE_FUNCTIONS, PROGRAMS };
    int r = 1;

    for (size_t i = 0; i < ELEMENTSOF(names) && r > 0; i++)
        r = sd_notifyf(false, "FDSTOREREMOVE=1\nFDNAME=%s", names[i]);
    return r == 0 ? -ENOTCONN : r;
}

static int not_kept(struct error *e, int r) {
    return error_set(e, r, EXIT_STATUS_FAILED, "systemd does not store the file descriptors of "
                                               "the watches: %s",
                     strerror(-r));
}

static int store_switches(struct host *h, struct error *e) {
    _cleanup_close_ int fd = -EBADF;
    int r;

    fd = switches_open(h);
    if (fd < 0)
        return error_set(e, fd, EXIT_STATUS_FAILED, "cannot detect who disables patches: %s",
                         strerror(-fd));
    r = store(FD_STORE_SWITCHES, fd);
    return r < 0 ? not_kept(e, r) : 0;
}

static int store_refusals(struct host *h, struct error *e) {
    int programs[REFUSALS_PROGRAMS], r;
    _cleanup_close_ int ring = -EBADF;

    ring = refusals_open(h, programs, e);
    if (ring < 0)
        return ring;
    r = store(FD_STORE_REFUSALS, ring);
    for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
        if (r >= 0 && programs[i] >= 0)
            r = store(PROGRAMS, programs[i]);
        closep(programs + i);
    }
    return r < 0 ? not_kept(e, r) : 0;
}

static int store_kernel_log(struct host *h, struct error *e) {
    _cleanup_close_ int fd = kmsg_open_all(h);
    int r;

    if (fd < 0)
        return error_set(e, fd, EXIT_STATUS_FAILED, "cannot detect kernel faults: /dev/kmsg: %s",
                         strerror(-fd));
    r = store(FD_STORE_KERNEL_LOG, fd);
    return r < 0 ? not_kept(e, r) : 0;
}

/* A kernel without ftrace has no live patches either. Lockdown in confidentiality mode hides it. */
static int store_functions(struct host *h, struct error *e) {
    _cleanup_close_ int fd = enabled_functions_open(h);
    int r;

    if (fd < 0)
        return error_set(e, fd, EXIT_STATUS_FAILED, "cannot detect overridden functions: enabled_functions of "
                                                    "tracefs: %s", strerror(-fd));
    r = store(FD_STORE_FUNCTIONS, fd);
    return r < 0 ? not_kept(e, r) : 0;
}

int fd_store_fill(struct host *h, struct error *e) {
    int r = 0, k;

    k = clear_store();
    if (k < 0)
        return not_kept(e, k);
    (void) RET_GATHER(r, store_switches(h, e));
    (void) RET_GATHER(r, store_refusals(h, r < 0 ? NULL : e));
    (void) RET_GATHER(r, store_kernel_log(h, r < 0 ? NULL : e));
    (void) RET_GATHER(r, store_functions(h, r < 0 ? NULL : e));
    /* Without the barrier the service could start before systemd has read everything. */
    k = sd_notify_barrier(false, 5 * USEC_PER_SEC);
    return r < 0 ? r : k < 0 ? not_kept(e, k) : 0;
}

int fd_store_take(const char *name) {
    char **names = NULL;
    int r, fd = -ENOENT;

    r = sd_listen_fds_with_names(false, &names);
    for (int i = 0; i < r; i++)
        if (fd < 0 && streq(names[i], name))
            fd = SD_LISTEN_FDS_START + i;
    strv_free(names);
    return fd;
}
