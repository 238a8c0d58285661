/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "report/vex.h"

static const char *const states[] = {
    [VEX_UNDER_INVESTIGATION] = "in_triage",
    [VEX_AFFECTED] = "exploitable",
    [VEX_FIXED] = "resolved",
};

static const char *const versions[] = {
    [VEX_UNDER_INVESTIGATION] = "unknown",
    [VEX_AFFECTED] = "affected",
    [VEX_FIXED] = "unaffected",
};

static void fill_kernel(json_object *o, const struct vex_kernel *k, const char *purl) {
    json_add_string(o, "type", "operating-system");
    json_add_string(o, "bom-ref", purl);
    json_add_string(o, "name", "linux-kernel");
    json_add_string(o, "version", k->release);
    json_add_string(o, "purl", purl);
}

static void add_metadata(json_object *o, const struct vex_kernel *k) {
    json_object *metadata = json_add_object(o, "metadata"), *tool;

    json_add_string(metadata, "timestamp", k->timestamp);
    tool = json_append_object(json_add_array(json_add_object(metadata, "tools"), "components"));
    json_add_string(tool, "type", "application");
    json_add_string(tool, "name", "lpctl cves");
    fill_kernel(json_add_object(metadata, "component"), k, k->purls[0]);
}

static void add_affects(json_object *o, const struct vex_kernel *k, enum vex_status status) {
    json_object *affects = json_add_array(o, "affects");

    for (size_t i = 0; i < ELEMENTSOF(k->purls) && k->purls[i]; i++) {
        json_object *affected = json_append_object(affects), *version;

        json_add_string(affected, "ref", k->purls[i]);
        version = json_append_object(json_add_array(affected, "versions"));
        json_add_string(version, "version", k->release);
        json_add_string(version, "status", versions[status]);
    }
}

static void fill_vulnerability(json_object *o, const struct vex_kernel *k, const struct vex_claim *claim) {
    json_object *analysis;

    json_add_string(o, "id", claim->id);
    if (claim->action)
        json_add_string(o, "recommendation", claim->action);
    analysis = json_add_object(o, "analysis");
    json_add_string(analysis, "state", states[claim->status]);
    json_add_string(analysis, "detail", claim->notes);
    add_affects(o, k, claim->status);
}

/* A UUID of a custom form (RFC 9562, version 8) from the digest. */
static void make_serial(const char *hash, char *ret, size_t size) {
    (void) snprintf(ret, size, "urn:uuid:%.8s-%.4s-8%.3s-8%.3s-%.12s", hash, hash + 8, hash + 12, hash + 15, hash + 18);
}

json_object *cyclonedx_build(const struct vex_kernel *kernel, const struct vex_claim *claims, size_t n) {
    json_object *o = json_object_new_object(), *vulnerabilities;
    char hash[SHA256_HEX_SIZE], serial[64];

    json_add_string(o, "bomFormat", "CycloneDX");
    json_add_string(o, "specVersion", "1.6");
    json_add_string(o, "serialNumber", "");
    json_add_number(o, "version", 1);
    add_metadata(o, kernel);
    if (kernel->purls[1])
        fill_kernel(json_append_object(json_add_array(o, "components")), kernel, kernel->purls[1]);
    vulnerabilities = json_add_array(o, "vulnerabilities");
    for (size_t i = 0; i < n; i++)
        fill_vulnerability(json_append_object(vulnerabilities), kernel, claims + i);
    vex_digest(o, hash);
    make_serial(hash, serial, sizeof(serial));
    json_add_string(o, "serialNumber", serial);
    return o;
}
