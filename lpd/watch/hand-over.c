/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "base/strv.h"
#include "watch/hand-over.h"
#include "watch/switches.h"

/* What an earlier start left comes first: the store would not take another of that name beside it. */
static int store(const char *name, int fd) {
    _cleanup_free_ char *remove = NULL, *add = NULL;
    int r;

    if (asprintf(&remove, "FDSTOREREMOVE=1\nFDNAME=%s", name) < 0)
        return -ENOMEM;
    if (asprintf(&add, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name) < 0)
        return -ENOMEM;
    r = sd_notify(false, remove);
    if (r > 0)
        r = sd_pid_notify_with_fds(0, false, add, &fd, 1);
    return r == 0 ? -ENOTCONN : r;
}

int watch_hand_over(struct host *h, struct error *e) {
    _cleanup_close_ int switches = -EBADF;
    int r;

    switches = switches_open(h);
    if (switches < 0)
        return error_set(e, switches, EXIT_STATUS_FAILED, "who switches patches off cannot be noticed: %s",
                         strerror(-switches));
    r = store(WATCH_SWITCHES, switches);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "systemd does not keep what is watched by: %s",
                         strerror(-r));
    /* Else the service could be started before systemd has read all this. */
    r = sd_notify_barrier(false, 5 * USEC_PER_SEC);
    return r < 0 ? r : 0;
}

int watch_take(const char *name) {
    char **names = NULL;
    int r, fd = -ENOENT;

    r = sd_listen_fds_with_names(false, &names);
    for (int i = 0; i < r; i++)
        if (fd < 0 && streq(names[i], name))
            fd = SD_LISTEN_FDS_START + i;
    strv_free(names);
    return fd;
}
