/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "report/value.h"

/* The running kernel as a product in documents for other tools, and the time of the document. */
struct vex_kernel {
    const char *release;
    const char *build_id; /* or NULL */
    char *purl;           /* https://github.com/package-url: of the distribution's package, or a generic one */
    uint64_t usec;        /* since 1970 */
};

/* Names the product by os-release(5). 0 or -ENOMEM. */
int vex_kernel_make(const struct host *h, const char *release, const char *build_id, uint64_t usec,
                    struct vex_kernel *ret);
void vex_kernel_done(struct vex_kernel *k);

/* An OpenVEX 0.2 document about the entries of lpctl cves. What they say and the time decide its id. NULL
 * if memory runs out. */
json_object *vex_build_openvex(const struct vex_kernel *kernel, json_object *cves);
