/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>

#include "trust/efi.h"

#define GUID_SIZE 16

/* EFI_SIGNATURE_LIST: this header, the type's own header, and signatures of one size, each after
 * its owner's GUID. Numbers are little endian. */
struct signature_list {
    uint8_t type[GUID_SIZE];
    uint32_t list_size;
    uint32_t header_size;
    uint32_t signature_size;
};

/* EFI_CERT_X509_GUID a5c059a1-94e4-4aa7-87b5-ab155c2bf072, in memory order. */
static const uint8_t x509_guid[GUID_SIZE] = { 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
                                              0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72 };

/* The signatures of one list. */
static int walk_list(const uint8_t *data, size_t size, size_t each, efi_certificate_fn fn,
                     void *userdata) {
    int r;

    if (each <= GUID_SIZE || size % each != 0)
        return -EBADMSG;
    for (; size > 0; data += each, size -= each) {
        r = fn(data + GUID_SIZE, each - GUID_SIZE, userdata);
        if (r < 0)
            return r;
    }
    return 0;
}

int efi_signature_lists_walk(const void *data, size_t size, efi_certificate_fn fn, void *userdata) {
    const uint8_t *bytes = data;
    struct signature_list list;
    int r;

    for (; size > 0; bytes += list.list_size, size -= list.list_size) {
        if (size < sizeof(list))
            return -EBADMSG;
        memcpy(&list, bytes, sizeof(list));
        list.list_size = le32toh(list.list_size);
        list.header_size = le32toh(list.header_size);
        if (list.list_size > size || list.list_size < sizeof(list) ||
            list.header_size > list.list_size - sizeof(list))
            return -EBADMSG;
        if (memcmp(list.type, x509_guid, GUID_SIZE) != 0)
            continue;
        r = walk_list(bytes + sizeof(list) + list.header_size,
                      list.list_size - sizeof(list) - list.header_size,
                      le32toh(list.signature_size), fn, userdata);
        if (r < 0)
            return r;
    }
    return 0;
}
