/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parse.h"
#include "self-test-signature.h"
#include "self-test.h"

#define DATA "lpd-parser reads this"
#define OTHER "lpd-parser reads that"

struct request {
    struct parser_record signature_header;
    unsigned char signature[sizeof(self_test_signature)];
    struct parser_record data_header;
    char data[STRLEN(DATA)];
} __attribute__((packed));

static int ask(const char *data, struct pkcs7 *ret, struct error *e) {
    struct request q = {
        .signature_header = { .type = PARSER_RECORD_SIGNATURE, .size = sizeof(q.signature) },
        .data_header = { .type = PARSER_RECORD_DATA, .size = sizeof(q.data) },
    };
    _cleanup_(parser_answer_done) struct parser_answer answer = {};
    int r;

    memcpy(q.signature, self_test_signature, sizeof(q.signature));
    memcpy(q.data, data, sizeof(q.data));
    r = parse(&q, sizeof(q), &answer);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "lpd-parser cannot read its own signature: %s",
                         strerror(-r));
    return parser_answer_read(answer.data, answer.size, NULL, ret, e);
}

static int check(const char *data, bool good, struct error *e) {
    _cleanup_(pkcs7_done) struct pkcs7 p = {};
    int r;

    r = ask(data, &p, e);
    if (r < 0)
        return r;
    if (p.n_signers != 2)
        return error_set(e, -EPROTO, EXIT_STATUS_FAILED, "lpd-parser misreads its own signature");
    for (size_t i = 0; i < p.n_signers; i++)
        if ((p.signers[i].verified_by != SIZE_MAX) != good)
            return error_set(e, -EPROTO, EXIT_STATUS_FAILED, "libcrypto %s a %s signature by %s with %s",
                             good ? "rejects" : "accepts", good ? "good" : "bad",
                             strempty(p.signers[i].issuer), p.signers[i].hash);
    return 0;
}

int self_test(struct error *e) {
    int r;

    r = check(DATA, true, e);
    return r < 0 ? r : check(OTHER, false, e);
}
