/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "report/vex.h"

static const char *const statuses[] = {
    [VEX_UNDER_INVESTIGATION] = "under_investigation",
    [VEX_AFFECTED] = "affected",
    [VEX_FIXED] = "fixed",
};

static void add_products(json_object *o, const struct vex_kernel *k) {
    json_object *products = json_add_array(o, "products");

    for (size_t i = 0; i < ELEMENTSOF(k->purls) && k->purls[i]; i++) {
        json_object *product = json_append_object(products);

        json_add_string(product, "@id", k->purls[i]);
        json_add_string(json_add_object(product, "identifiers"), "purl", k->purls[i]);
    }
}

static void fill_statement(json_object *o, const struct vex_kernel *k, const struct vex_claim *claim) {
    json_add_string(json_add_object(o, "vulnerability"), "name", claim->id);
    add_products(o, k);
    json_add_string(o, "status", statuses[claim->status]);
    json_add_string(o, "status_notes", claim->notes);
    if (claim->action)
        json_add_string(o, "action_statement", claim->action);
}

json_object *openvex_build(const struct vex_kernel *kernel, const struct vex_claim *claims, size_t n) {
    char hash[SHA256_HEX_SIZE], id[sizeof("urn:lpd:openvex:") + SHA256_HEX_SIZE];
    json_object *o = json_object_new_object(), *statements;

    json_add_string(o, "@context", "https://openvex.dev/ns/v0.2.0");
    json_add_string(o, "@id", "");
    json_add_string(o, "author", "lpd");
    json_add_string(o, "timestamp", kernel->timestamp);
    json_add_number(o, "version", 1);
    json_add_string(o, "tooling", "lpctl cves");
    statements = json_add_array(o, "statements");
    for (size_t i = 0; i < n; i++)
        fill_statement(json_append_object(statements), kernel, claims + i);
    vex_digest(o, hash);
    (void) snprintf(id, sizeof(id), "urn:lpd:openvex:%s", hash);
    json_add_string(o, "@id", id);
    return o;
}
