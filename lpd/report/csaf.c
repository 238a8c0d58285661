/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "report/vex.h"

/* The groups of 3.2.3.9 and what they mean for an owner: a product that is affected needs a remediation. */
static const char *const statuses[] = {
    [VEX_UNDER_INVESTIGATION] = "under_investigation",
    [VEX_AFFECTED] = "known_affected",
    [VEX_FIXED] = "fixed",
};

static const char *const product_ids[] = { "kernel", "kernel-build" };

static void add_publisher(json_object *document) {
    json_object *o = json_add_object(document, "publisher");

    json_add_string(o, "category", "user");
    json_add_string(o, "name", "lpd");
    json_add_string(o, "namespace", "urn:lpd:csaf");
}

/* There is one revision: each document speaks of one moment. */
static json_object *add_tracking(json_object *document, const struct vex_kernel *k) {
    json_object *o = json_add_object(document, "tracking"), *revision;

    json_add_string(o, "current_release_date", k->timestamp);
    json_add_string(json_add_object(json_add_object(o, "generator"), "engine"), "name", "lpctl cves");
    json_add_string(o, "id", "");
    json_add_string(o, "initial_release_date", k->timestamp);
    revision = json_append_object(json_add_array(o, "revision_history"));
    json_add_string(revision, "date", k->timestamp);
    json_add_string(revision, "number", "1");
    json_add_string(revision, "summary", "What this machine was running at that time.");
    json_add_string(o, "status", "final");
    json_add_string(o, "version", "1");
    return o;
}

/* Returns the part that the id goes into. */
static json_object *add_document(json_object *o, const struct vex_kernel *k) {
    json_object *document = json_add_object(o, "document");
    _cleanup_free_ char *title = NULL;

    if (asprintf(&title, "Live patches of the running kernel %s", k->release) < 0)
        title = NULL;
    json_add_string(document, "category", "csaf_vex");
    json_add_string(document, "csaf_version", "2.0");
    json_add_string(document, "lang", "en");
    add_publisher(document);
    json_add_string(document, "title", title);
    return add_tracking(document, k);
}

static void add_products(json_object *o, const struct vex_kernel *k) {
    json_object *names = json_add_array(json_add_object(o, "product_tree"), "full_product_names");

    for (size_t i = 0; i < ELEMENTSOF(k->purls) && k->purls[i]; i++) {
        json_object *product = json_append_object(names);
        _cleanup_free_ char *name = NULL;

        if (asprintf(&name, "Linux %s%s", k->release, i == 0 ? "" : ", this build") < 0)
            name = NULL;
        json_add_string(product, "name", name);
        json_add_string(product, "product_id", product_ids[i]);
        json_add_string(json_add_object(product, "product_identification_helper"), "purl", k->purls[i]);
    }
}

static void add_product_ids(json_object *o, const char *key, const struct vex_kernel *k) {
    json_object *array = json_add_array(o, key);

    for (size_t i = 0; i < ELEMENTSOF(k->purls) && k->purls[i]; i++)
        json_object_array_add(array, json_object_new_string(product_ids[i]));
}

/* Whether the schema takes it as a CVE. */
static bool is_cve(const char *id) {
    const char *number;

    if (strncmp(id, "CVE-", 4) != 0 || strspn(id + 4, "0123456789") != 4 || id[8] != '-')
        return false;
    number = id + STRLEN("CVE-2024-");
    return strspn(number, "0123456789") >= 4 && number[strspn(number, "0123456789")] == '\0';
}

/* RHSA-2024:1 is one of RHSA, bsc#1 one of bsc; a URL names its system itself. */
static void add_other_id(json_object *vulnerability, const char *id) {
    json_object *o = json_append_object(json_add_array(vulnerability, "ids"));
    size_t n = strcspn(id, "-#:");
    _cleanup_free_ char *system = n > 0 ? strndup(id, n) : strdup("other");

    json_add_string(o, "system_name", system);
    json_add_string(o, "text", id);
}

static void fill_vulnerability(json_object *o, const struct vex_kernel *k, const struct vex_claim *claim) {
    json_object *note, *remediation;

    if (is_cve(claim->id))
        json_add_string(o, "cve", claim->id);
    else
        add_other_id(o, claim->id);
    note = json_append_object(json_add_array(o, "notes"));
    json_add_string(note, "category", "details");
    json_add_string(note, "text", claim->notes);
    add_product_ids(json_add_object(o, "product_status"), statuses[claim->status], k);
    if (!claim->action)
        return;
    remediation = json_append_object(json_add_array(o, "remediations"));
    json_add_string(remediation, "category", "mitigation");
    json_add_string(remediation, "details", claim->action);
    add_product_ids(remediation, "product_ids", k);
}

json_object *csaf_build(const struct vex_kernel *kernel, const struct vex_claim *claims, size_t n) {
    json_object *o = json_object_new_object(), *vulnerabilities, *tracking = add_document(o, kernel);
    char hash[SHA256_HEX_SIZE], id[sizeof("lpd-") + SHA256_HEX_SIZE];

    add_products(o, kernel);
    vulnerabilities = json_add_array(o, "vulnerabilities");
    for (size_t i = 0; i < n; i++)
        fill_vulnerability(json_append_object(vulnerabilities), kernel, claims + i);
    vex_digest(o, hash);
    (void) snprintf(id, sizeof(id), "lpd-%s", hash);
    json_add_string(tracking, "id", id);
    return o;
}
