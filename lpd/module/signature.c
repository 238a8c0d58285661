/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>

#include "module/signature.h"

#define MARKER "~Module signature appended~\n"
#define ID_TYPE_PKCS7 2

/* include/linux/module_signature.h; part of the uapi only since Linux 7. */
struct trailer {
    uint8_t algorithm;
    uint8_t hash;
    uint8_t id_type;
    uint8_t signer_length;
    uint8_t key_id_length;
    uint8_t padding[3];
    uint32_t signature_length; /* big endian */
};

static int refuse(struct error *e, int r, const char *reason) {
    return error_set(e, r, EXIT_STATUS_REFUSED, "the appended signature is malformed: %s", reason);
}

/* In the order of kernel/module_signature.c mod_check_sig(), so that lpd and the kernel name the
 * same fault. */
static int check_trailer(const struct trailer *t, size_t room, struct error *e) {
    static const uint8_t padding[sizeof(t->padding)];
    size_t length = be32toh(t->signature_length);

    if (length >= room)
        return refuse(e, -EBADMSG, "it claims to be longer than the file");
    if (t->id_type != ID_TYPE_PKCS7)
        return error_set(e, -ENOPKG, EXIT_STATUS_REFUSED,
                         "the appended signature is not PKCS#7 (type %u)", t->id_type);
    if (t->algorithm != 0 || t->hash != 0 || t->signer_length != 0 || t->key_id_length != 0 ||
        memcmp(t->padding, padding, sizeof(padding)) != 0)
        return refuse(e, -EBADMSG, "its trailer is not that of a PKCS#7 signature");
    if (length == 0)
        return refuse(e, -EBADMSG, "it is empty");
    return 0;
}

int appended_signature_find(const void *data, size_t size, struct appended_signature *ret,
                            struct error *e) {
    const char *bytes = data;
    struct trailer trailer;
    size_t length, room;
    int r;

    if (size < STRLEN(MARKER) ||
        memcmp(bytes + size - STRLEN(MARKER), MARKER, STRLEN(MARKER)) != 0) {
        *ret = (struct appended_signature){ .signed_size = size };
        return 0;
    }
    room = size - STRLEN(MARKER);
    if (room < sizeof(trailer))
        return refuse(e, -EBADMSG, "no room for its trailer");
    room -= sizeof(trailer);
    memcpy(&trailer, bytes + room, sizeof(trailer));
    r = check_trailer(&trailer, room, e);
    if (r < 0)
        return r;

    length = be32toh(trailer.signature_length);
    *ret = (struct appended_signature){
        .present = true,
        .signed_size = room - length,
        .signature_size = length,
    };
    return 0;
}
