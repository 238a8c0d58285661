/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify-test.h"

#include "base/hex.h"

struct identity who[N_WHO];
struct fake_kernel kernel;
struct fake_keyring keyring;
struct host host;
struct policy policy;
struct trust_machine machine;
struct trust_report report;
int32_t keyrings[4];

static const char *const names[N_WHO] = { "Builtin", "Secondary", "Machine", "Platform",
                                          "Leaf",    "Stranger",  "Orphan",  "Expired" };
static const enum who issuers[N_WHO] = { BUILTIN, SECONDARY, MACHINE,  PLATFORM,
                                         MACHINE, STRANGER,  STRANGER, EXPIRED };

int identities_make(void **state _unused_) {
    for (size_t i = 0; i < N_WHO; i++)
        identity_make("P-256", names[i], "sha256", who + i);
    identity_issue(who + LEAF, who + MACHINE, NULL);
    identity_issue(who + ORPHAN, who + STRANGER, NULL);
    identity_issue(who + EXPIRED, who + EXPIRED, "20250203040506Z");
    return 0;
}

int identities_done(void **state _unused_) {
    for (size_t i = 0; i < N_WHO; i++)
        identity_done(who + i);
    return 0;
}

/* The text that represents a certificate in the fake keyring. */
static const char *certificate_text(const void *der, size_t size) {
    static char text[64];

    for (size_t i = 0; i < N_WHO; i++) {
        size_t other;
        _cleanup_free_ char *its = identity_der(who + i, &other);

        if (other != size || memcmp(its, der, size) != 0)
            continue;
        (void) snprintf(text, sizeof(text), "%s<%s", names[i], names[issuers[i]]);
        return text;
    }
    return NULL;
}

static bool is_signature(const char *name, const void *digest, size_t digest_size,
                         const void *signature, size_t size) {
    EVP_PKEY_CTX *context;
    bool good = false;

    for (size_t i = 0; i < N_WHO && !good; i++) {
        if (!streq(names[i], name))
            continue;
        context = EVP_PKEY_CTX_new(who[i].key, NULL);
        good = context && EVP_PKEY_verify_init(context) > 0 &&
               EVP_PKEY_verify(context, signature, size, digest, digest_size) == 1;
        EVP_PKEY_CTX_free(context);
    }
    return good;
}

const char *key_id_of(enum who w) {
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(who[w].x509);
    static char text[64];
    _cleanup_free_ char *hex = hex_encode(ASN1_STRING_get0_data(id), (size_t) ASN1_STRING_length(id));

    (void) snprintf(text, sizeof(text), "%s", hex);
    return text;
}

const char *description_of(enum who w) {
    static char text[128];

    (void) snprintf(text, sizeof(text), "%s: %s", names[w], key_id_of(w));
    return text;
}

const char *tbs_of(enum who w) {
    static char text[80];
    unsigned char digest[32], *tbs = NULL;
    _cleanup_free_ char *hex = NULL;
    int size = i2d_re_X509_tbs(who[w].x509, &tbs);

    TREE_ASSERT(size > 0 && EVP_Digest(tbs, (size_t) size, digest, NULL, EVP_sha256(), NULL));
    OPENSSL_free(tbs);
    hex = hex_encode(digest, sizeof(digest));
    (void) snprintf(text, sizeof(text), "tbs:%s", hex);
    return text;
}

static int bpf(struct host *h _unused_, int command, void *attr, size_t size) {
    return kernel.host.ops->bpf(&kernel.host, command, attr, size);
}

static int32_t add_key(struct host *h _unused_, const char *type, const char *description,
                       const void *payload, size_t size, int32_t to) {
    return keyring.host.ops->add_key(&keyring.host, type, description, payload, size, to);
}

static long keyctl(struct host *h _unused_, int operation, unsigned long arg2, unsigned long arg3,
                   unsigned long arg4, unsigned long arg5) {
    return keyring.host.ops->keyctl(&keyring.host, operation, arg2, arg3, arg4, arg5);
}

static const struct kernel_ops ops = { .bpf = bpf, .add_key = add_key, .keyctl = keyctl };

/* The keyring uses the root of the kernel. */
int world_open(void **state _unused_) {
    static const char *const keyring_names[] = { ".builtin_trusted_keys", ".secondary_trusted_keys",
                                                 ".machine", ".platform" };

    fake_kernel_open(&kernel);
    fake_keyring_open(&keyring);
    tree_remove(&keyring.host);
    host = (struct host){ .root_fd = kernel.host.root_fd, .live = true, .ops = &ops };
    keyring.host = (struct host){ .root_fd = host.root_fd, .live = true, .userdata = &keyring };
    keyring.host.ops = fake_keyring_calls();
    keyring.max_sig_size = 512;
    keyring.certificate_text = certificate_text;
    keyring.is_signature = is_signature;
    for (enum who w = BUILTIN; w <= PLATFORM; w++) {
        keyrings[w] = fake_keyring_add(&keyring, 0, "keyring", keyring_names[w]);
        (void) fake_keyring_add(&keyring, keyrings[w], "asymmetric", description_of(w));
    }
    kernel.bpf.syscall_may_ask = true;
    policy = (struct policy){ .signature = SIGNATURE_REQUIRED, .keyrings = ALL_KEYRINGS };
    machine = (struct trust_machine){ .policy = &policy, .sig_enforce = 0, .secure_boot = 1 };
    return 0;
}

int world_close(void **state _unused_) {
    trust_report_done(&report);
    fake_kernel_close(&kernel);
    return 0;
}

void close_kernel_pkcs7(void) {
    fake_kernel_remove(&kernel, "/sys/kernel/btf/vmlinux");
}

void answer(int builtin, int secondary, int platform) {
    kernel.bpf.answers[0] = builtin;
    kernel.bpf.answers[1] = secondary;
    kernel.bpf.answers[2] = platform;
}

void put_certificate(const char *path, enum who w) {
    size_t size;
    _cleanup_free_ char *der = identity_der(who + w, &size);

    fake_kernel_file(&kernel, path, der, size);
}

void encode(struct signature *s) {
    free(s->der);
    s->der = NULL;
    s->size = (size_t) i2d_CMS_ContentInfo(s->cms, (unsigned char **) &s->der);
    TREE_ASSERT(s->der);
}

void make_signature(const enum who *signers, size_t n, unsigned embedded, struct signature *ret) {
    struct identity by[N_WHO];

    for (size_t i = 0; i < n; i++)
        by[i] = who[signers[i]];
    sign(by, n, "sha256", SIGN_FLAGS, DATA, strlen(DATA), ret);
    for (size_t i = 0; i < N_WHO; i++)
        if (embedded & 1U << i)
            TREE_ASSERT(CMS_add1_cert(ret->cms, who[i].x509));
    encode(ret);
}

void spoil(struct signature *s, int n) {
    CMS_SignerInfo *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(s->cms), n);
    ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(info);

    value->data[value->length - 1] ^= 1;
    encode(s);
}

void judge(struct signature *s, unsigned flags) {
    struct trust_subject subject = { .data = DATA, .data_size = strlen(DATA) };

    if (s) {
        subject.signature = s->der;
        subject.signature_size = s->size;
    }
    subject.sha256 = "c0ffee";
    kernel.bpf.data = subject.data;
    kernel.bpf.data_size = subject.data_size;
    kernel.bpf.signature = subject.signature;
    kernel.bpf.signature_size = subject.signature_size;
    if (kernel.bpf.value)
        fake_bpf_forget(&kernel);
    trust_report_done(&report);
    assert_int_equal(trust_verify(&host, &machine, &subject, flags, &report), 0);
    assert_int_equal(report.reason == NULL, report.verdict == VERDICT_VERIFIED);
    assert_int_equal(fake_keyring_left(&keyring), 0);
    if (s)
        signature_done(s);
}

void verify_by(enum who w, unsigned embedded, unsigned flags) {
    struct signature s;

    make_signature(&w, 1, embedded, &s);
    judge(&s, flags);
}

int outcome_of(const char *step) {
    for (size_t i = report.n_steps; i-- > 0;)
        if (streq(report.steps[i].step, step))
            return (int) report.steps[i].outcome;
    return -1;
}

bool has_fact(const char *step, const char *part) {
    for (size_t i = 0; i < report.n_steps; i++)
        if (streq(report.steps[i].step, step) && strstr(report.steps[i].fact, part))
            return true;
    return false;
}
