/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "config/policy.h"
#include "lock/modules.h"
#include "state/lock.h"

/* lpd-lock-modules.service: loads the modules of Modules= in lpd.conf(5) before the lock. A
 * separate program, because libkmod links OpenSSL, which would slow down every load of a patch. */

static void report(void *userdata _unused_, const char *name, int r, const struct error *e) {
    if (r > 0)
        printf("%s: loaded\n", name);
    else if (r < 0)
        fprintf(stderr, "%s\n", error_message(e, r));
}

/* Leaves a message for lpd lock, which reports why it did not lock. */
static void leave_word(const struct host *h, const char *failures) {
    if (file_mkdir_p(h, RESULTS_DIRECTORY) >= 0)
        (void) file_write_volatile(h, LOCK_MODULES_RECORD, failures, strlen(failures), 0644);
}

static int run(struct host *h, struct error *e) {
    _cleanup_(policy_done) struct policy p = {};
    int r;

    r = policy_load(h, &p, e);
    if (r < 0) {
        fprintf(stderr, "%s\n", error_message(e, r));
        return r;
    }
    r = modules_load(h, p.lock_modules, report, NULL, e);
    leave_word(h, r < 0 ? error_message(e, r) : "");
    return r;
}

int main(int argc, char *argv[]) {
    _cleanup_(host_close) struct host h = HOST_NULL;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    if (argc != 1) {
        fprintf(stderr, "usage: %s\n\nLoads the modules of Modules=. See lpd(8).\n", argv[0]);
        return EXIT_STATUS_USAGE;
    }
    r = host_open("/", &h);
    if (r >= 0)
        r = run(&h, &e);
    return r < 0 ? (int) e.exit_status : EXIT_STATUS_DONE;
}
