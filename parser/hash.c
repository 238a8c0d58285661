/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hash.h"

/* All hashes that module signatures were ever made with: pkcs7_sig_note_digest_algo() in
 * crypto/asymmetric_keys/pkcs7_parser.c of Linux 6.1 to 7.3. */
static struct hash hashes[] = {
    { .nid = NID_sha1, .name = "sha1" },
    { .nid = NID_sha224, .name = "sha224" },
    { .nid = NID_sha256, .name = "sha256" },
    { .nid = NID_sha384, .name = "sha384" },
    { .nid = NID_sha512, .name = "sha512" },
    { .nid = NID_sha3_256, .name = "sha3-256" },
    { .nid = NID_sha3_384, .name = "sha3-384" },
    { .nid = NID_sha3_512, .name = "sha3-512" },
    { .nid = NID_sm3, .name = "sm3" },
    { .nid = NID_md4, .name = "md4" },
    { .nid = NID_md5, .name = "md5" },
    { .nid = NID_id_GostR3411_2012_256, .name = "streebog256" },
    { .nid = NID_id_GostR3411_2012_512, .name = "streebog512" },
};

const EVP_MD *hash_md(struct hash *hash) {
    if (!hash->md)
        hash->md = EVP_MD_fetch(NULL, OBJ_nid2sn(hash->nid), NULL);
    return hash->md;
}

struct hash *hash_at(size_t i) {
    return i < ELEMENTSOF(hashes) ? &hashes[i] : NULL;
}

struct hash *hash_find(int nid) {
    for (size_t i = 0; i < ELEMENTSOF(hashes); i++)
        if (hashes[i].nid == nid)
            return &hashes[i];
    return NULL;
}

struct hash *hash_of_signature(const X509_ALGOR *algorithm) {
    const ASN1_OBJECT *object;
    int hash;

    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    if (!OBJ_find_sigid_algs(OBJ_obj2nid(object), &hash, NULL))
        return NULL;
    return hash_find(hash);
}
