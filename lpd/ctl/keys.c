/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "ctl/ctl.h"
#include "plan/snapshot.h"
#include "report/table.h"
#include "trust/certificates.h"
#include "trust/keyrings.h"
#include "trust/parser.h"

/* lpctl keys: lists the keys that this machine trusts, and the patches that each has signed. */

struct key_view {
    struct snapshot snapshot;
    struct kernel_keyrings keyrings;
    struct certificate_files files;
    struct pkcs7 certificates; /* certificates from the files; no signers */
};

static void key_view_done(struct key_view *v) {
    snapshot_done(&v->snapshot);
    kernel_keyrings_done(&v->keyrings);
    certificate_files_done(&v->files);
    pkcs7_done(&v->certificates);
}

static const struct certificate_file *file_of(const struct key_view *v, const struct certificate *c) {
    return c->source < v->files.n_files ? v->files.files + c->source : NULL;
}

/* Where the kernel got a key from. */
static const char *origin(const struct key_view *v, const struct kernel_key *key) {
    if (key->keyring == KEYRING_BUILTIN)
        return "compiled into the kernel";
    if (key->keyring == KEYRING_SECONDARY)
        return "added since the boot";
    for (size_t i = 0; i < v->certificates.n_certificates && key->key_id; i++) {
        const struct certificate *c = v->certificates.certificates + i;
        const struct certificate_file *file = file_of(v, c);

        if (file && c->key_id && streq(c->key_id, key->key_id) &&
            (file->origin == ORIGIN_MOK || file->origin == ORIGIN_DB))
            return certificate_origin_to_string(file->origin);
    }
    return key->keyring == KEYRING_MACHINE ? certificate_origin_to_string(ORIGIN_MOK) : "the firmware";
}

static json_object *patches_of(const struct key_view *v, const char *keyring, const char *key_id) {
    json_object *patches = json_object_new_array();

    for (size_t i = 0; i < v->snapshot.manifests.n_entries && key_id; i++) {
        const struct trust_report *t = v->snapshot.patch_infos[i].trust;

        if (t && t->key_id && streq(t->key_id, key_id) &&
            (keyring ? t->keyring && streq(t->keyring, keyring) : t->verdict == VERDICT_LOCAL))
            json_object_array_add(patches,
                                  json_object_new_string(v->snapshot.manifests.entries[i].name));
    }
    return patches;
}

static void add_key(json_object *keys, const char *keyring, const char *name, const char *key_id,
                    const char *algorithm, const char *from, bool counts, json_object *patches) {
    json_object *o = json_object_new_object();

    json_add_string(o, "keyring", keyring);
    json_add_string(o, "name", name);
    json_add_string(o, "keyId", key_id);
    json_add_string(o, "algorithm", algorithm);
    json_add_string(o, "origin", from);
    json_add_bool(o, "counts", counts);
    json_object_object_add(o, "patches", patches);
    json_object_array_add(keys, o);
}

/* Adds a certificate of a key directory that no keyring of the kernel holds. */
static void add_file(const struct key_view *v, json_object *keys, const struct certificate *c) {
    const struct certificate_file *file = file_of(v, c);

    if (!file || (file->origin != ORIGIN_LOCAL && file->origin != ORIGIN_VENDOR) ||
        (c->key_id && kernel_keyrings_find(&v->keyrings, ~0U, c->key_id)))
        return;
    add_key(keys, NULL, c->name, c->key_id, c->algorithm, file->path,
            file->origin == ORIGIN_LOCAL && v->snapshot.policy.signature == SIGNATURE_LOCAL,
            patches_of(v, NULL, c->key_id));
}

static json_object *keys_value(const struct key_view *v) {
    json_object *keys = json_object_new_array();

    for (size_t i = 0; i < v->keyrings.n_keys; i++) {
        const struct kernel_key *key = v->keyrings.keys + i;
        const char *keyring = kernel_keyring_name(key->keyring);

        add_key(keys, keyring, key->name, key->key_id, key->algorithm, origin(v, key),
                v->snapshot.policy.keyrings & key->keyring, patches_of(v, keyring, key->key_id));
    }
    for (size_t i = 0; i < v->certificates.n_certificates; i++)
        add_file(v, keys, v->certificates.certificates + i);
    return keys;
}

static int read_certificates(struct ctl *c, struct key_view *v, char ***ret_problems) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    const struct parser_request request = { .files = &v->files };
    int r;

    r = certificate_files_read(&c->host, &v->files);
    STRV_FOREACH(refused, v->files.refused)
        if (r >= 0)
            r = strv_extend(ret_problems, *refused);
    if (r < 0 || v->files.n_files == 0)
        return r;
    r = parser_run(&request, &v->certificates, &e);
    if (r < 0)
        return r == -ENOMEM ? r : strv_extend(ret_problems, error_message(&e, r));
    STRV_FOREACH(unreadable, v->certificates.unreadable)
        if (r >= 0)
            r = strv_extend(ret_problems, *unreadable);
    return r;
}

int ctl_keys(struct ctl *c, char **argv _unused_, struct error *e) {
    _cleanup_(key_view_done) struct key_view v = {};
    _cleanup_strv_free_ char **problems = NULL;
    int r;

    r = snapshot_take(&c->host, 0, &v.snapshot, e);
    for (size_t i = 0; i < v.snapshot.manifests.n_entries && r >= 0 && geteuid() == 0; i++)
        r = snapshot_ask_gate(&c->host, &v.snapshot, i, TRUST_EXPLAIN);
    if (r >= 0)
        r = kernel_keyrings_read(&c->host, &v.keyrings);
    if (r >= 0)
        r = read_certificates(c, &v, &problems);
    if (r < 0)
        return r;
    c->value = value_new();
    json_add_bool(c->value, "readable", v.keyrings.readable);
    json_object_object_add(c->value, "keys", keys_value(&v));
    json_add_list(c->value, "problems", problems);
    return 0;
}

void print_keys(const struct ctl *c) {
    static const struct table_column columns[] = {
        { "KEYRING", "keyring" },
        { "KEY ID", "keyId" },
        { "COUNTS", "counts" },
        { "ALGORITHM", "algorithm", COLUMN_ROOM },
        { "NAME", "name", COLUMN_BELOW },
        { "ORIGIN", "origin", COLUMN_BELOW, "from: " },
        { "PATCHES", "patches", COLUMN_BELOW, "vouches for: " },
    };
    json_object *keys = json_object_object_get(c->value, "keys");
    json_object *problems = json_object_object_get(c->value, "problems");

    if (json_object_array_length(keys) > 0)
        (void) table_print(keys, columns, ELEMENTSOF(columns), c->legend, c->wide);
    else if (c->legend)
        printf("No keys%s.\n", json_object_get_boolean(json_object_object_get(c->value, "readable"))
                                   ? "" : " that this user may see");
    for (size_t i = 0; i < json_object_array_length(problems); i++)
        printf("%s\n", json_object_get_string(json_object_array_get_idx(problems, i)));
}
