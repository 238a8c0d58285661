/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/hex.h"

static const char digits[] = "0123456789abcdef";

char *hex_encode(const void *data, size_t size) {
    const uint8_t *bytes = data;
    char *s;

    if (size > (SIZE_MAX - 1) / 2)
        return NULL;
    s = malloc(2 * size + 1);
    if (!s)
        return NULL;
    for (size_t i = 0; i < size; i++) {
        s[2 * i] = digits[bytes[i] >> 4];
        s[2 * i + 1] = digits[bytes[i] & 0xf];
    }
    s[2 * size] = '\0';
    return s;
}

bool hex_is_valid(const char *s) {
    size_t n = strspn(s, digits);

    return s[n] == '\0' && n % 2 == 0;
}

static uint8_t value_of(char digit) {
    return (uint8_t) (digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

int hex_decode(const char *s, void **ret, size_t *ret_size) {
    uint8_t *bytes;
    size_t size;

    if (!hex_is_valid(s))
        return -EINVAL;
    size = strlen(s) / 2;
    bytes = malloc(size + 1);
    if (!bytes)
        return -ENOMEM;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t) (value_of(s[2 * i]) << 4 | value_of(s[2 * i + 1]));
    *ret = bytes;
    *ret_size = size;
    return 0;
}
