/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/utf8.h"

/* The length that the first byte announces, and the bits of the character that it holds. */
static size_t lead_byte(unsigned char c, uint32_t *ret_bits) {
    if (c < 0x80) {
        *ret_bits = c;
        return 1;
    }
    if (c >= 0xc2 && c <= 0xdf) {
        *ret_bits = c & 0x1f;
        return 2;
    }
    if (c >= 0xe0 && c <= 0xef) {
        *ret_bits = c & 0x0f;
        return 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        *ret_bits = c & 0x07;
        return 4;
    }
    return 0;
}

static bool character_is_printable(uint32_t c, size_t length) {
    static const uint32_t shortest[] = { 0, 0, 0x80, 0x800, 0x10000 };

    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return false;
    if (c < shortest[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return false;
    return (c & 0xfffe) != 0xfffe;
}

size_t utf8_printable(const char *s, size_t n) {
    uint32_t c;
    size_t length;

    if (n == 0)
        return 0;
    length = lead_byte((unsigned char) s[0], &c);
    if (length == 0 || length > n)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char) s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | ((unsigned char) s[i] & 0x3f);
    }
    return character_is_printable(c, length) ? length : 0;
}

char *utf8_make_printable(char *s) {
    size_t n = strlen(s);

    for (size_t i = 0; i < n;) {
        size_t length = utf8_printable(s + i, n - i);

        if (length == 0)
            s[i] = '?';
        i += MAX(length, (size_t) 1);
    }
    return s;
}
