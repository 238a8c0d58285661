/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/hex.h"
#include "form.h"
#include "hash.h"
#include "signature.h"
#include "trust/parser-format.h"
#include "x509.h"

static int refuse(struct error *e, const char *reason) {
    return error_set(e, -EBADMSG, EXIT_STATUS_REFUSED, "%s", reason);
}

/* The module loader's rules for a signature, whoever made it: verify_pkcs7_message_sig() in
 * certs/system_keyring.c, pkcs7_verify() in crypto/asymmetric_keys/pkcs7_verify.c. */
static const char *content_fault(CMS_ContentInfo *cms) {
    ASN1_OCTET_STRING **content;

    if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
        return "it is not SignedData";
    if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
        return "the signed content is not of the type \"data\"";
    content = CMS_get0_content(cms);
    if (!content || *content)
        return "it contains the signed content instead of being detached";
    if (sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)) <= 0)
        return "it has no signer";
    if ((size_t) sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)) > PARSER_SIGNERS_MAX)
        return "it has more than 64 signers";
    return NULL;
}

int signature_parse(const void *der, size_t size, CMS_ContentInfo **ret, struct error *e) {
    _cleanup_(CMS_ContentInfo_freep) CMS_ContentInfo *cms = NULL;
    const unsigned char *next = der;
    const char *fault;

    if (size > PARSER_SIGNATURE_SIZE_MAX)
        return refuse(e, "it is longer than the kernel's limit of 65535 bytes");
    cms = d2i_CMS_ContentInfo(NULL, &next, (long) size);
    if (!cms)
        return refuse(e, "it is not PKCS#7");
    fault = content_fault(cms);
    if (!fault)
        fault = form_fault(der, size);
    if (fault)
        return refuse(e, fault);
    *ret = TAKE_PTR(cms);
    return 0;
}

static int copy_string(const ASN1_STRING *s, void **ret, size_t *ret_size) {
    size_t size = (size_t) ASN1_STRING_length(s);
    void *copy = malloc(size + 1);

    if (!copy)
        return -ENOMEM;
    memcpy(copy, ASN1_STRING_get0_data(s), size);
    *ret = copy;
    *ret_size = size;
    return 0;
}

static int describe_identity(CMS_SignerInfo *info, struct signer *s) {
    ASN1_OCTET_STRING *key_id = NULL;
    ASN1_INTEGER *serial = NULL;
    X509_NAME *issuer = NULL;

    (void) CMS_SignerInfo_get0_signer_id(info, &key_id, &issuer, &serial);
    if (key_id) {
        s->key_id = hex_encode(ASN1_STRING_get0_data(key_id), (size_t) ASN1_STRING_length(key_id));
        return s->key_id ? 0 : -ENOMEM;
    }
    s->issuer = x509_name_text(issuer);
    s->serial = x509_serial_text(serial);
    return s->issuer && s->serial ? 0 : -ENOMEM;
}

/* The dotted number represents a hash that the kernel does not know. */
static char *hash_text(const X509_ALGOR *algorithm, const struct hash *hash) {
    const ASN1_OBJECT *object;
    char number[256];

    if (hash)
        return strdup(hash->name);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return strdup(OBJ_obj2txt(number, sizeof(number), object, 1) > 0 ? number : "0");
}

/* pkcs7_sig_note_pkey_algo() in the kernel: "rsaEncryption" alone means RSA. The kernel ignores
 * the parameters, and the hash that an ECDSA algorithm also names; they must be right in any
 * case. */
static int describe_algorithm(const X509_ALGOR *algorithm, const struct hash *hash,
                              struct signer *s, struct error *e) {
    int parameters, nid, key, md;
    const ASN1_OBJECT *object;

    X509_ALGOR_get0(&object, &parameters, NULL, algorithm);
    nid = OBJ_obj2nid(object);
    if (nid == NID_rsaEncryption)
        s->encoding = "pkcs1";
    else if (OBJ_find_sigid_algs(nid, &md, &key) && key == NID_X9_62_id_ecPublicKey)
        s->encoding = "x962";
    if (!s->encoding)
        return 0;
    if (parameters != V_ASN1_UNDEF && parameters != V_ASN1_NULL)
        return refuse(e, "its signature algorithm has parameters");
    if (nid != NID_rsaEncryption && hash_of_signature(algorithm) != hash)
        return refuse(e, "its signature algorithm and its digest algorithm contradict each other");
    return 0;
}

static int describe_signer(CMS_SignerInfo *info, struct signer *s, struct error *e) {
    X509_ALGOR *digest, *algorithm;
    const ASN1_OBJECT *object;
    const struct hash *hash;
    int r;

    CMS_SignerInfo_get0_algs(info, NULL, NULL, &digest, &algorithm);
    X509_ALGOR_get0(&object, NULL, NULL, digest);
    hash = hash_find(OBJ_obj2nid(object));
    s->verified_by = SIZE_MAX;
    s->signed_attributes = CMS_signed_get_attr_count(info) >= 0;
    s->hash = hash_text(digest, hash);
    if (!s->hash)
        return -ENOMEM;
    r = describe_identity(info, s);
    if (r < 0)
        return r;
    r = describe_algorithm(algorithm, hash, s, e);
    if (r < 0)
        return r;
    return copy_string(CMS_SignerInfo_get0_signature(info), &s->value, &s->value_size);
}

int signature_describe(CMS_ContentInfo *cms, struct pkcs7 *p, struct error *e) {
    STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
    int r = 0, n = sk_CMS_SignerInfo_num(infos);

    p->signers = calloc((size_t) n, sizeof(*p->signers));
    if (!p->signers)
        return -ENOMEM;
    p->n_signers = (size_t) n;
    for (int i = 0; i < n && r >= 0; i++)
        r = describe_signer(sk_CMS_SignerInfo_value(infos, i), &p->signers[i], e);
    return r;
}

bool signature_may_be_by(CMS_SignerInfo *signer, const X509 *x, const struct certificate *c) {
    ASN1_OCTET_STRING *key_id = NULL;
    ASN1_INTEGER *serial = NULL;
    X509_NAME *issuer = NULL;
    _cleanup_free_ char *text = NULL;

    (void) CMS_SignerInfo_get0_signer_id(signer, &key_id, &issuer, &serial);
    if (!key_id)
        return x509_same_name(issuer, X509_get_issuer_name(x)) &&
               ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(x)) == 0;
    text = hex_encode(ASN1_STRING_get0_data(key_id), (size_t) ASN1_STRING_length(key_id));
    return text && c->key_id && streq(text, c->key_id);
}

bool signature_may_know(CMS_SignerInfo *signer, const void *der, size_t size) {
    ASN1_OCTET_STRING *key_id = NULL;
    ASN1_INTEGER *serial = NULL;
    const ASN1_STRING *id;

    (void) CMS_SignerInfo_get0_signer_id(signer, &key_id, NULL, &serial);
    id = key_id ?: serial;
    /* OpenSSL keeps the magnitude, which for a negative number differs from DER. */
    return !id || ASN1_STRING_type(id) == V_ASN1_NEG_INTEGER ||
           memmem(der, size, ASN1_STRING_get0_data(id), (size_t) ASN1_STRING_length(id));
}
