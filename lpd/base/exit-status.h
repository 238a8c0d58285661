/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The exit statuses of lpd and lpctl. They are part of the stable interface, see lpctl(8). */
enum exit_status {
    EXIT_STATUS_DONE = 0,
    EXIT_STATUS_FAILED = 1,
    EXIT_STATUS_NO_PATCH = 3,
    EXIT_STATUS_PRIVILEGE = 4,
    EXIT_STATUS_REFUSED = 5,
    EXIT_STATUS_KERNEL = 6,
    EXIT_STATUS_LOCKED = 7,
    EXIT_STATUS_TIMEOUT = 8,
    EXIT_STATUS_QUARANTINED = 9,
    EXIT_STATUS_REQUIRED = 10,
    EXIT_STATUS_USAGE = 64,
    EXIT_STATUS_CONFIG = 78,
};
