/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/host.h"
#include "report/value.h"

/* What is fixed on the running kernel, as documents for other tools (Vulnerability Exploitability eXchange). */

enum vex_format { VEX_OPENVEX, VEX_CSAF, VEX_CYCLONEDX };

/* -EINVAL: there is no such format. */
int vex_format_from_string(const char *s);

/* The running kernel as a product in documents for other tools, and the time of the document. */
struct vex_kernel {
    const char *release;
    char *purls[2];     /* https://github.com/package-url: the distribution's package or a generic one, and the
                           build by its id, if that is known */
    char timestamp[32]; /* RFC 3339 */
};

/* Names the product by os-release(5). build_id may be NULL. usec: since 1970. 0 or -ENOMEM. */
int vex_kernel_make(const struct host *h, const char *release, const char *build_id, uint64_t usec,
                    struct vex_kernel *ret);
void vex_kernel_done(struct vex_kernel *k);

/* A document about the entries of lpctl cves. What they say and the time decide its id. NULL if memory runs
 * out. */
json_object *vex_build(enum vex_format format, const struct vex_kernel *kernel, json_object *cves);

/* The rest is for the formats. */

enum vex_status { VEX_UNDER_INVESTIGATION, VEX_AFFECTED, VEX_FIXED };

/* What a document says about one entry of lpctl cves. */
struct vex_claim {
    const char *id; /* belongs to the entry */
    enum vex_status status;
    char *notes;        /* why */
    const char *action; /* for VEX_AFFECTED: what to do about it */
};

/* The SHA256 of a document without its id. */
void vex_digest(json_object *document, char ret[static SHA256_HEX_SIZE]);

/* OpenVEX 0.2: github.com/openvex/spec, OPENVEX-SPEC.md. */
json_object *openvex_build(const struct vex_kernel *kernel, const struct vex_claim *claims, size_t n);

/* CSAF 2.0, profile 5 (VEX): docs.oasis-open.org/csaf/csaf/v2.0. */
json_object *csaf_build(const struct vex_kernel *kernel, const struct vex_claim *claims, size_t n);

/* CycloneDX 1.6: cyclonedx.org/docs/1.6/json. */
json_object *cyclonedx_build(const struct vex_kernel *kernel, const struct vex_claim *claims, size_t n);
