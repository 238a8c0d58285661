/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>

#include "base/strv.h"
#include "config/conf-files.h"
#include "config/policy.h"
#include "config/value.h"

/* value_word() writes an unsigned. */
_Static_assert(sizeof(enum signature_policy) == sizeof(unsigned) &&
                   sizeof(enum lock_policy) == sizeof(unsigned) &&
                   sizeof(enum lock_require) == sizeof(unsigned) &&
                   sizeof(enum on_fault) == sizeof(unsigned),
               "enums are unsigned");

static const char *const signature_words[] = { [SIGNATURE_REQUIRED] = "required",
                                               [SIGNATURE_LOCAL] = "local",
                                               [SIGNATURE_PERMISSIVE] = "permissive" };
/* enum keyring_set, bit by bit. */
static const char *const keyring_words[] = { "builtin", "secondary", "machine", "platform" };
static const char *const lock_words[] = { [LOCK_NO] = "no",
                                          [LOCK_SETTLED] = "settled",
                                          [LOCK_BOOT_COMPLETE] = "boot-complete" };
static const char *const lock_require_words[] = { [LOCK_REQUIRE_REQUIRED] = "required",
                                                  [LOCK_REQUIRE_ALL] = "all",
                                                  [LOCK_REQUIRE_NONE] = "none" };
static const char *const on_fault_words[] = { [ON_FAULT_QUARANTINE] = "quarantine",
                                              [ON_FAULT_REVERT] = "revert",
                                              [ON_FAULT_LOG] = "log" };
static const char *const ledger_words[] = { "auto", "efi", "none" };

/* enum warning, bit by bit. */
static const char *const warning_words[] = { "initramfs", "next-kernel", "late", "inapplicable", "manifest",
                                             "panic", "kpatch", "layers" };

#define KEY(in, key, text, parser, field, ...)                                                     \
    { .section = in, .name = key, .fallback = text, .parse = value_##parser,                       \
      .offset = offsetof(struct policy, field), __VA_ARGS__ }
#define WORDS(list) .words = list, .n_words = ELEMENTSOF(list)
#define VOLUME "LABEL=…, UUID=…, PARTUUID=… or PARTLABEL=…"

const struct ini_key policy_keys[] = {
    KEY("Trust", "Signature", "required", word, signature, WORDS(signature_words)),
    KEY("Trust", "Keyrings", "builtin secondary machine platform", word_set, keyrings,
        WORDS(keyring_words)),
    KEY("Trust", "EnforceInKernel", "no", boolean, enforce_in_kernel),
    KEY("Trust", "SignedManifests", "no", boolean, signed_manifests),
    KEY("Lock", "Lock", "no", word, lock, WORDS(lock_words)),
    KEY("Lock", "Modules", "", names, lock_modules, .repeats = true),
    KEY("Lock", "DelaySec", "0", timespan, lock_delay_usec),
    KEY("Lock", "Require", "required", word, lock_require, WORDS(lock_require_words)),
    KEY("Lock", "Kexec", "no", boolean, lock_kexec),
    KEY("Lock", "Seal", "no", boolean, lock_seal),
    KEY("Boot", "HoldSec", "10", timespan, hold_usec),
    KEY("Guard", "MaxAttempts", "2", number, guard_max_attempts, .min = 1, .max = POLICY_MAX_ATTEMPTS),
    KEY("Guard", "ConfirmSec", "120", timespan, guard_confirm_usec),
    KEY("Guard", "OnFault", "quarantine", word, guard_on_fault, WORDS(on_fault_words)),
    KEY("Guard", "Ledger", "auto", volume, guard_ledger, WORDS(ledger_words),
        .takes = "auto, efi, none, " VOLUME),
    KEY("Store", "Device", "", volume, store_device, .takes = VOLUME),
    KEY("Store", "Adopt", "", release_paths, store_adopt, .repeats = true,
        .takes = "absolute paths with a component %v for the kernel release"),
    KEY("Store", "WaitSec", "3", timespan, store_wait_usec),
    KEY("Warnings", "MaxLayers", "3", number, max_layers, .min = 1, .max = 10000),
    KEY("Warnings", "MaxPatches", "10", number, max_patches, .min = 1, .max = 10000),
    KEY("Warnings", "Silence", "", word_set, silenced, WORDS(warning_words), .repeats = true),
};
const size_t n_policy_keys = ELEMENTSOF(policy_keys);
_Static_assert(ELEMENTSOF(policy_keys) <= INI_KEYS_MAX, "too many keys");

static void forget_places(struct policy_origin *o) {
    for (size_t i = 0; i < o->n_places; i++) {
        free(o->places[i].value);
        free(o->places[i].path);
    }
    free(o->places);
    o->places = NULL;
    o->n_places = 0;
}

void policy_done(struct policy *p) {
    for (size_t i = 0; i < p->n_origins; i++) {
        forget_places(p->origins + i);
        free(p->origins[i].value);
        free(p->origins[i].path);
    }
    free(p->origins);
    strv_free(p->lock_modules);
    free(p->guard_ledger);
    free(p->store_device);
    strv_free(p->store_adopt);
    *p = (struct policy){ 0 };
}

static int add_place(struct policy_origin *o, const char *value, const char *path, unsigned line) {
    struct policy_place *places = reallocarray(o->places, o->n_places + 1, sizeof(*places));
    _cleanup_free_ char *v = strdup(value), *f = strdup(path);

    if (places)
        o->places = places;
    if (!places || !v || !f)
        return -ENOMEM;
    places[o->n_places++] = (struct policy_place){ TAKE_PTR(v), TAKE_PTR(f), line };
    return 0;
}

/* With path NULL: the value comes from no file. */
static int set_origin(struct policy *p, size_t i, const char *value, const char *path,
                      unsigned line) {
    _cleanup_free_ char *v = strdup(value), *f = path ? strdup(path) : NULL;
    struct policy_origin *o = p->origins + i;

    if (!v || (path && !f))
        return -ENOMEM;
    free(o->value);
    free(o->path);
    *o = (struct policy_origin){ .section = policy_keys[i].section, .key = policy_keys[i].name,
                                 .value = TAKE_PTR(v), .path = TAKE_PTR(f), .line = line,
                                 .places = o->places, .n_places = o->n_places };
    return 0;
}

/* A list has the words of all places that add to it. */
static int take_origin(void *userdata, const struct ini_key *k, const char *value, const char *path,
                       unsigned line, struct error *e _unused_) {
    struct policy *p = userdata;
    size_t i = (size_t) (k - policy_keys);
    _cleanup_free_ char *joined = NULL;
    int r;

    if (k->repeats && *value && *p->origins[i].value) {
        joined = strv_join((char *[]){ p->origins[i].value, (char *) value, NULL }, " ");
        if (!joined)
            return -ENOMEM;
    } else
        forget_places(p->origins + i);
    r = add_place(p->origins + i, value, path, line);
    return r < 0 ? r : set_origin(p, i, joined ?: value, path, line);
}

static const struct ini_table policy_table = {
    .keys = policy_keys,
    .n_keys = ELEMENTSOF(policy_keys),
    .assigned = take_origin,
};

int policy_default(struct policy *ret) {
    _cleanup_(policy_done) struct policy p = { 0 };
    int r;

    p.origins = calloc(n_policy_keys, sizeof(*p.origins));
    if (!p.origins)
        return -ENOMEM;
    p.n_origins = n_policy_keys;
    for (size_t i = 0; i < n_policy_keys; i++) {
        const struct ini_key *k = policy_keys + i;

        r = k->parse(k, k->fallback, (char *) &p + k->offset, NULL);
        if (r >= 0)
            r = set_origin(&p, i, k->fallback, NULL, 0);
        if (r < 0)
            return r;
    }
    *ret = TAKE_STRUCT(p);
    return 0;
}

int policy_parse(struct policy *p, const char *path, const char *data, size_t size,
                 struct error *e) {
    return ini_read(&policy_table, path, data, size, p, e);
}

static int parse_file(void *userdata, const char *path, const char *data, size_t size,
                      struct error *e) {
    return policy_parse(userdata, path, data, size, e);
}

/* Reads the first lpd.conf that exists, even if it is a mask. */
static int read_main(const struct host *h, struct safe_directories *known, struct policy *p,
                     struct error *e) {
    int r = -ENOENT;

    for (size_t i = 0; i < ELEMENTSOF(conf_dirs) && r == -ENOENT; i++) {
        _cleanup_free_ char *path = conf_path(1u << i, "", "lpd", CONF_SUFFIX), *data = NULL;
        size_t size;

        if (!path)
            return -ENOMEM;
        r = conf_read(h, path, known, &data, &size, e);
        if (r > 0)
            r = policy_parse(p, path, data, size, e);
    }
    return r == -ENOENT ? 0 : r;
}

/* While the policy has errors, the strictest setting applies. */
static void make_strict(struct policy *p) {
    p->signature = SIGNATURE_REQUIRED;
    for (size_t i = 0; i < p->n_origins; i++)
        if (policy_keys[i].offset == offsetof(struct policy, signature)) {
            forget_places(p->origins + i);
            (void) set_origin(p, i, signature_words[SIGNATURE_REQUIRED], NULL, 0);
        }
}

int policy_load(const struct host *h, struct policy *ret, struct error *e) {
    _cleanup_(safe_directories_done) struct safe_directories known = {};
    struct policy p;
    int r;

    r = policy_default(&p);
    if (r < 0)
        return r;
    r = read_main(h, &known, &p, e);
    (void) RET_GATHER(r, conf_read_dropins(h, CONF_ALL_DIRS, "lpd.conf.d", &known, parse_file,
                                           &p, e));
    if (r < 0)
        make_strict(&p);
    *ret = p;
    return r;
}

const char *signature_policy_to_string(enum signature_policy s) {
    return signature_words[s];
}

const char *lock_policy_to_string(enum lock_policy l) {
    return lock_words[l];
}

const char *keyring_set_to_string(enum keyring_set keyring) {
    return keyring_words[__builtin_ctz((unsigned) keyring)];
}

const char *warning_to_string(enum warning w) {
    return warning_words[__builtin_ctz((unsigned) w)];
}
