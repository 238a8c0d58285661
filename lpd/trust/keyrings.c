/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/keyctl.h>

#include "base/file.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "trust/keyrings.h"
#include "trust/proc-keys.h"

#define PROC_KEYS "/proc/keys"
#define PROC_KEYS_MAX ((size_t) 16 * 1024 * 1024)
#define MEMBERS_MAX 65536
#define DESCRIPTION_MAX (4096 + 128) /* security/keys/internal.h KEY_MAX_DESC_SIZE, and more */
#define BLACKLIST ".blacklist"

static const char *const names[] = {
    ".builtin_trusted_keys",
    ".secondary_trusted_keys",
    ".machine",
    ".platform",
};

/* The keys of one keyring, by number. */
struct members {
    int32_t *serials;
    size_t n_serials;
};

static void members_done(struct members *m) {
    free(m->serials);
}

static void kernel_key_done(struct kernel_key *k) {
    free(k->name);
    free(k->key_id);
    free(k->algorithm);
}

void kernel_keyrings_done(struct kernel_keyrings *k) {
    for (size_t i = 0; i < k->n_keys; i++)
        kernel_key_done(k->keys + i);
    free(k->keys);
    strv_free(k->blacklist);
    *k = (struct kernel_keyrings){ 0 };
}

/* The key's owner chose the description in the answer to KEYCTL_DESCRIBE. */
static int describe(struct host *h, int32_t serial, char buffer[static DESCRIPTION_MAX],
                    const char **ret_type, const char **ret_description) {
    long n;

    n = h->ops->keyctl(h, KEYCTL_DESCRIBE, (unsigned long) serial, (unsigned long) buffer,
                       DESCRIPTION_MAX, 0);
    if (n <= 0)
        return n < 0 ? (int) n : -EBADMSG;
    if (n > DESCRIPTION_MAX)
        return -EMSGSIZE;
    buffer[n - 1] = '\0';
    return key_description_split(buffer, ret_type, ret_description);
}

/* Only the kernel can create keyrings whose name begins with a dot (add_key(2), EPERM). */
static bool is_kernel_keyring(struct host *h, int32_t serial, const char *name) {
    const char *type, *description;
    char buffer[DESCRIPTION_MAX];

    return describe(h, serial, buffer, &type, &description) >= 0 && streq(type, "keyring") &&
           streq(description, name);
}

static const char *next_line(const char *line) {
    const char *end = strchr(line, '\n');

    return end && end[1] != '\0' ? end + 1 : NULL;
}

/* The serial number of a keyring of the kernel, 0 if it is not visible. */
static int32_t find_keyring(struct host *h, const char *proc_keys, const char *name) {
    struct proc_key k;

    for (const char *line = proc_keys; line; line = next_line(line))
        if (proc_key_parse(line, &k) >= 0 && proc_key_is_keyring(&k, name) &&
            is_kernel_keyring(h, k.serial, name))
            return k.serial;
    return 0;
}

/* Reading a keyring gives its members' serial numbers, and the size that they need; it may have
 * grown in between. */
static int read_members(struct host *h, int32_t keyring, struct members *ret) {
    _cleanup_(members_done) struct members m = { 0 };
    size_t room = 64;

    for (;; room *= 2) {
        int32_t *grown = reallocarray(m.serials, room, sizeof(*grown));
        long n;

        if (!grown)
            return -ENOMEM;
        m.serials = grown;
        n = h->ops->keyctl(h, KEYCTL_READ, (unsigned long) keyring, (unsigned long) m.serials,
                           room * sizeof(*m.serials), 0);
        if (n < 0)
            return (int) n;
        m.n_serials = (size_t) n / sizeof(*m.serials);
        if (m.n_serials <= room)
            break;
        if (room >= MEMBERS_MAX)
            return -EFBIG;
    }
    *ret = TAKE_STRUCT(m);
    return 0;
}

/* The word itself, or "unknown": the key may be newer than what was read from /proc/keys. */
static char *find_algorithm(const char *proc_keys, int32_t serial, const char *description) {
    struct proc_key k;
    size_t length;

    for (const char *line = proc_keys; line; line = next_line(line)) {
        const char *algorithm;

        if (proc_key_parse(line, &k) < 0 || k.serial != serial)
            continue;
        algorithm = proc_key_algorithm(&k, description, &length);
        if (algorithm)
            return strndup(algorithm, length);
    }
    return strdup("unknown");
}

static int add_key(struct kernel_keyrings *k, enum keyring_set keyring, int32_t serial,
                   const char *description, const char *proc_keys) {
    const char *id = key_description_id(description);
    struct kernel_key *grown, *key;

    grown = reallocarray(k->keys, k->n_keys + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    k->keys = grown;
    key = k->keys + k->n_keys++;
    *key = (struct kernel_key){
        .serial = serial,
        .keyring = keyring,
        .name = id ? strndup(description, (size_t) (id - description) - STRLEN(": "))
                   : strdup(description),
        .key_id = id ? strdup(id) : NULL,
        .algorithm = find_algorithm(proc_keys, serial, description),
    };
    if (!key->name || (id && !key->key_id) || !key->algorithm)
        return -ENOMEM;
    (void) utf8_make_printable(key->name);
    (void) utf8_make_printable(key->algorithm);
    return 0;
}

/* A key that cannot be described has been removed meanwhile, or is hidden from this user. */
static int read_keyring(struct host *h, struct kernel_keyrings *k, enum keyring_set keyring,
                        int32_t serial, const char *proc_keys) {
    _cleanup_(members_done) struct members m = { 0 };
    const char *type, *description;
    char buffer[DESCRIPTION_MAX];
    int r;

    r = read_members(h, serial, &m);
    for (size_t i = 0; r >= 0 && i < m.n_serials; i++)
        if (describe(h, m.serials[i], buffer, &type, &description) >= 0 &&
            streq(type, "asymmetric"))
            r = add_key(k, keyring, m.serials[i], description, proc_keys);
    return r;
}

static int read_blacklist(struct host *h, struct kernel_keyrings *k, int32_t serial) {
    _cleanup_(members_done) struct members m = { 0 };
    const char *type, *description;
    char buffer[DESCRIPTION_MAX];
    int r;

    r = read_members(h, serial, &m);
    for (size_t i = 0; r >= 0 && i < m.n_serials; i++)
        if (describe(h, m.serials[i], buffer, &type, &description) >= 0 && streq(type, "blacklist"))
            r = strv_extend(&k->blacklist, description);
    return r;
}

/* 0, -ENOMEM, or why an existing keyring cannot be read. */
static int read_all(struct host *h, const char *proc_keys, struct kernel_keyrings *k) {
    int32_t blacklist = find_keyring(h, proc_keys, BLACKLIST);
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        k->serials[i] = find_keyring(h, proc_keys, names[i]);
        if (k->serials[i] == 0)
            continue;
        k->present |= 1u << i;
        (void) RET_GATHER(r, read_keyring(h, k, 1u << i, k->serials[i], proc_keys));
    }
    if (blacklist != 0)
        (void) RET_GATHER(r, read_blacklist(h, k, blacklist));
    return r;
}

int kernel_keyrings_read(struct host *h, struct kernel_keyrings *ret) {
    _cleanup_(kernel_keyrings_done) struct kernel_keyrings k = { 0 };
    _cleanup_free_ char *proc_keys = NULL;
    int r;

    r = file_read(h, PROC_KEYS, PROC_KEYS_MAX, &proc_keys, NULL);
    if (r >= 0)
        r = read_all(h, proc_keys, &k);
    if (r == -ENOMEM)
        return r;
    /* A user who may see the kernel's keyrings sees all of them; others see none. */
    k.readable = r >= 0 && k.present != 0;
    *ret = TAKE_STRUCT(k);
    return 0;
}

const struct kernel_key *kernel_keyrings_find(const struct kernel_keyrings *k, unsigned keyrings,
                                              const char *key_id) {
    for (size_t i = 0; i < k->n_keys; i++)
        if (k->keys[i].keyring & keyrings && k->keys[i].key_id && streq(k->keys[i].key_id, key_id))
            return k->keys + i;
    return NULL;
}

const char *kernel_keyring_name(enum keyring_set keyring) {
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (keyring == 1u << i)
            return names[i];
    return "?";
}
