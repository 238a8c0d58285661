/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <linux/keyctl.h>
#include <stdio.h>

#include "fake-keyring.h"
#include "tree.h"

static struct fake_keyring *kernel_of(struct host *h) {
    return h->userdata;
}

static struct fake_key *find(struct fake_keyring *k, int32_t serial) {
    for (size_t i = 0; i < k->n_keys; i++)
        if (k->keys[i].serial == serial && k->keys[i].description[0] != '\0')
            return k->keys + i;
    return NULL;
}

struct fake_key *fake_keyring_find(struct fake_keyring *k, const char *description) {
    for (size_t i = 0; i < k->n_keys; i++)
        if (streq(k->keys[i].description, description))
            return k->keys + i;
    return NULL;
}

static bool is_visible(const struct fake_keyring *k, const struct fake_key *key) {
    return key && (key->own || !k->hidden);
}

/* In the format of security/keys/proc.c proc_keys_show() and of the key types. */
static void publish_key(const struct fake_keyring *k, const struct fake_key *key, FILE *f) {
    size_t members = 0;

    for (size_t i = 0; i < k->n_keys; i++)
        members += k->keys[i].keyring == key->serial;
    fprintf(f, "%08x I------ %5d perm 1f030000     0     0 %-9.9s %s", (unsigned) key->serial, 1,
            key->type, key->description);
    if (streq(key->type, "keyring"))
        fprintf(f, members > 0 ? ": %zu" : ": empty", members);
    if (streq(key->type, "asymmetric"))
        fprintf(f, ": X509.rsa 0dbe4f6b []");
    fputc('\n', f);
}

static void publish(struct fake_keyring *k) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    assert(f);
    fputs(strempty(k->more), f);
    for (size_t i = 0; i < k->n_keys; i++)
        if (k->keys[i].description[0] != '\0' && is_visible(k, k->keys + i))
            publish_key(k, k->keys + i, f);
    assert(fclose(f) == 0);
    tree_write_data(&k->host, "/proc/keys", text, size);
    free(text);
}

static struct fake_key *make(struct fake_keyring *k, const char *type, const char *description) {
    struct fake_key *key = k->keys + k->n_keys;
    const char *end = strstr(description, ": ");

    assert(k->n_keys < FAKE_KEYS_MAX);
    *key = (struct fake_key){ .serial = 0x1000 + (int32_t) k->n_keys++, .type = type };
    snprintf(key->description, sizeof(key->description), "%s", description);
    snprintf(key->name, sizeof(key->name), "%.*s",
             end ? (int) (end - description) : (int) strlen(description), description);
    return key;
}

int32_t fake_keyring_add(struct fake_keyring *k, int32_t keyring, const char *type,
                         const char *description) {
    struct fake_key *key = make(k, type, description);

    key->keyring = keyring;
    publish(k);
    return key->serial;
}

void fake_keyring_machine(struct fake_keyring *k) {
    static const char *const names[][2] = {
        { ".builtin_trusted_keys", "Builtin: 0b" },
        { ".secondary_trusted_keys", "Secondary: 5e" },
        { ".machine", "Machine: 3a" },
        { ".platform", "Platform: 91" },
    };
    int32_t serials[ELEMENTSOF(names)];

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        serials[i] = fake_keyring_add(k, 0, "keyring", names[i][0]);
        fake_keyring_add(k, serials[i], "asymmetric", names[i][1]);
    }
    find(k, serials[1])->links[0] = serials[0];
    find(k, serials[1])->links[1] = serials[2];
}

size_t fake_keyring_left(const struct fake_keyring *k) {
    size_t n = 0;

    for (size_t i = 0; i < k->n_keys; i++)
        n += k->keys[i].own && k->keys[i].description[0] != '\0';
    return n;
}

/* Restrictions. */

/* Whether that keyring contains, or that key is, the key of that name; links are followed. */
static bool holds(struct fake_keyring *k, const struct fake_key *trusted, const char *name) {
    if (!trusted)
        return false;
    if (streq(trusted->type, "asymmetric"))
        return streq(trusted->name, name);
    for (size_t i = 0; i < k->n_keys; i++)
        if (k->keys[i].keyring == trusted->serial && streq(k->keys[i].type, "asymmetric") &&
            streq(k->keys[i].name, name))
            return true;
    for (size_t i = 0; i < ELEMENTSOF(trusted->links); i++)
        if (trusted->links[i] != 0 && holds(k, find(k, trusted->links[i]), name))
            return true;
    return false;
}

static struct fake_key *trusted_by(struct fake_keyring *k, const char *restriction) {
    int serial;

    if (streq(restriction, "builtin_trusted"))
        return fake_keyring_find(k, ".builtin_trusted_keys");
    if (streq(restriction, "builtin_and_secondary_trusted"))
        return fake_keyring_find(k, ".secondary_trusted_keys")
                   ?: fake_keyring_find(k, ".builtin_trusted_keys");
    return sscanf(restriction, "key_or_keyring:%d", &serial) == 1 ? find(k, serial) : NULL;
}

static long restrict_keyring(struct fake_keyring *k, int32_t serial, const char *type,
                             const char *restriction) {
    struct fake_key *keyring = find(k, serial);
    size_t used = strlen(k->restrictions);

    snprintf(k->restrictions + used, sizeof(k->restrictions) - used, "%s ", restriction);
    if (k->restrict_error < 0)
        return k->restrict_error;
    if (!keyring || !streq(type, "asymmetric"))
        return -ENOKEY;
    if (!keyring->own)
        return -EACCES;
    if (keyring->restriction[0] != '\0')
        return -EEXIST;
    if (!trusted_by(k, restriction))
        return startswith(restriction, "key_or_keyring:") ? -ENOKEY : -EINVAL;
    snprintf(keyring->restriction, sizeof(keyring->restriction), "%s", restriction);
    return 0;
}

static int32_t add_certificate(struct fake_keyring *k, struct fake_key *keyring,
                               const char *payload, size_t size) {
    char name[64], issuer[64], mark = '\0';
    _cleanup_free_ char *text =
        k->certificate_text ? strdup(strempty(k->certificate_text(payload, size)))
                            : strndup(payload, size);
    struct fake_key *key;

    assert(text);
    if (k->certificate_error < 0)
        return k->certificate_error;
    if (sscanf(text, "%63[A-Za-z ]<%63[A-Za-z ]%c", name, issuer, &mark) < 2)
        return -EBADMSG;
    if (mark == '?')
        return -ENOENT;
    if (mark == '#')
        return -EKEYREJECTED;
    if (keyring->restriction[0] != '\0') {
        if (!holds(k, trusted_by(k, keyring->restriction), issuer))
            return -ENOKEY;
        if (mark == '!')
            return -EKEYREJECTED;
    }
    key = make(k, "asymmetric", name);
    key->keyring = keyring->serial;
    key->own = true;
    publish(k);
    return key->serial;
}

static int32_t fake_add_key(struct host *h, const char *type, const char *description,
                            const void *payload, size_t size, int32_t keyring) {
    struct fake_keyring *k = kernel_of(h);
    struct fake_key *key;

    if (k->add_error < 0)
        return k->add_error;
    if (streq(type, "asymmetric")) {
        key = find(k, keyring);
        return !key ? -ENOKEY : !key->own ? -EACCES : add_certificate(k, key, payload, size);
    }
    assert(streq(type, "keyring") && keyring == KEY_SPEC_PROCESS_KEYRING && size == 0);
    key = make(k, "keyring", description);
    key->own = true;
    publish(k);
    return key->serial;
}

static long unlink_key(struct fake_keyring *k, int32_t serial, int32_t keyring) {
    struct fake_key *key = find(k, serial);

    if (!key || !key->own || keyring != KEY_SPEC_PROCESS_KEYRING)
        return -ENOENT;
    key->description[0] = '\0';
    for (size_t i = 0; i < k->n_keys; i++)
        if (k->keys[i].keyring == serial)
            k->keys[i].description[0] = '\0';
    publish(k);
    return 0;
}

/* Reading. */

static long read_keyring(struct fake_keyring *k, int32_t serial, int32_t *buffer, size_t size) {
    struct fake_key *keyring = find(k, serial);
    int32_t members[FAKE_KEYS_MAX + 4];
    size_t n = 0;

    if (!is_visible(k, keyring))
        return -EACCES;
    for (size_t i = 0; i < ELEMENTSOF(keyring->links); i++)
        if (keyring->links[i] != 0)
            members[n++] = keyring->links[i];
    for (size_t i = 0; i < k->n_keys; i++)
        if (k->keys[i].keyring == serial)
            members[n++] = k->keys[i].serial;
    if (size >= n * sizeof(*members))
        memcpy(buffer, members, n * sizeof(*members));
    return (long) (n * sizeof(*members));
}

static long describe(struct fake_keyring *k, int32_t serial, char *buffer, size_t size) {
    struct fake_key *key = find(k, serial);
    char text[512];
    size_t n;

    if (!key)
        return -ENOKEY;
    if (!is_visible(k, key))
        return -EACCES;
    n = 1 + (size_t) snprintf(text, sizeof(text), "%s;0;0;1f030000;%s", key->type,
                              key->description);
    if (size >= n)
        memcpy(buffer, text, n);
    return (long) n;
}

/* Signatures. */

static bool knows(const char *info) {
    char encoding[16], hash[16];

    return sscanf(info, "enc=%15s hash=%15s", encoding, hash) == 2 &&
           (streq(encoding, "pkcs1") || streq(encoding, "x962")) && startswith(hash, "sha");
}

static long query(struct fake_keyring *k, int32_t serial, const char *info,
                  struct keyctl_pkey_query *ret) {
    struct fake_key *key = find(k, serial);

    if (k->query_error < 0)
        return k->query_error;
    if (!key || !key->own)
        return key ? -EACCES : -ENOKEY;
    if (!knows(info))
        return -EINVAL;
    *ret = (struct keyctl_pkey_query){
        .supported_ops = KEYCTL_SUPPORTS_VERIFY,
        .max_data_size = 64,
        .max_sig_size = k->max_sig_size,
    };
    return 0;
}

/* Reads the maximum size of a signature, like the real one. */
static long verify(struct fake_keyring *k, const struct keyctl_pkey_params *p, const char *info,
                   const char *digest, const char *signature) {
    struct fake_key *key = find(k, p->key_id);
    _cleanup_free_ char *copy = malloc(k->max_sig_size), *good = NULL;
    int n;

    k->n_verify++;
    if (k->verify_error < 0)
        return k->verify_error;
    if (!key || !key->own)
        return key ? -EACCES : -ENOKEY;
    if (!knows(info) || p->in_len > 64 || p->in2_len > k->max_sig_size)
        return -EINVAL;
    assert(copy);
    memcpy(copy, signature, k->max_sig_size);
    if (k->is_signature && k->is_signature(key->name, digest, p->in_len, copy, p->in2_len))
        return 0;
    n = asprintf(&good, "%s:%.*s", key->name, (int) p->in_len, digest);
    assert(n > 0);
    if (p->in2_len == (size_t) n && memcmp(copy, good, p->in2_len) == 0)
        return 0;
    return strstr(info, "pkcs1") ? -EINVAL : -EKEYREJECTED;
}

static long fake_keyctl(struct host *h, int operation, unsigned long arg2, unsigned long arg3,
                        unsigned long arg4, unsigned long arg5) {
    struct fake_keyring *k = kernel_of(h);

    switch (operation) {
    case KEYCTL_DESCRIBE:
        return describe(k, (int32_t) arg2, (char *) arg3, arg4);
    case KEYCTL_READ:
        return read_keyring(k, (int32_t) arg2, (int32_t *) arg3, arg4);
    case KEYCTL_UNLINK:
        return unlink_key(k, (int32_t) arg2, (int32_t) arg3);
    case KEYCTL_RESTRICT_KEYRING:
        return restrict_keyring(k, (int32_t) arg2, (const char *) arg3, (const char *) arg4);
    case KEYCTL_PKEY_QUERY:
        return query(k, (int32_t) arg2, (const char *) arg4, (struct keyctl_pkey_query *) arg5);
    case KEYCTL_PKEY_VERIFY:
        return verify(k, (const struct keyctl_pkey_params *) arg2, (const char *) arg3,
                      (const char *) arg4, (const char *) arg5);
    default:
        return -EOPNOTSUPP;
    }
}

static const struct kernel_ops fake_keyring_ops = {
    .add_key = fake_add_key,
    .keyctl = fake_keyctl,
};

void fake_keyring_open(struct fake_keyring *k) {
    *k = (struct fake_keyring){ .max_sig_size = 64 };
    tree_make(&k->host);
    k->host.live = true;
    k->host.ops = &fake_keyring_ops;
    k->host.userdata = k;
}

const struct kernel_ops *fake_keyring_calls(void) {
    return &fake_keyring_ops;
}

void fake_keyring_close(struct fake_keyring *k) {
    tree_remove(&k->host);
}
