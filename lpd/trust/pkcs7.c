/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "trust/pkcs7.h"

void certificate_done(struct certificate *c) {
    free(c->subject);
    free(c->issuer);
    free(c->name);
    free(c->serial);
    free(c->key_id);
    free(c->authority_key_id);
    free(c->algorithm);
    free(c->tbs_hash);
    free(c->der);
    *c = (struct certificate){};
}

static void signer_done(struct signer *s) {
    free(s->issuer);
    free(s->serial);
    free(s->key_id);
    free(s->hash);
    free(s->value);
    free(s->digest);
    free(s->certificates);
}

void pkcs7_done(struct pkcs7 *p) {
    for (size_t i = 0; i < p->n_signers; i++)
        signer_done(&p->signers[i]);
    free(p->signers);
    for (size_t i = 0; i < p->n_certificates; i++)
        certificate_done(&p->certificates[i]);
    free(p->certificates);
    strv_free(p->unreadable);
    *p = (struct pkcs7){};
}
