/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/utf8.h"

bool ascii_is_word(const char *s) {
    while (*s > ' ' && *s <= '~')
        s++;
    return *s == '\0';
}

/* The length that the first byte announces, and its bits of the character. */
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

/* Characters that are invisible or change how others are shown: Unicode's
 * Default_Ignorable_Code_Point, line and paragraph separators, changes of text direction, and
 * annotations. A name with such a character can look like another name. */
static bool character_deceives(uint32_t c) {
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x00ad, 0x00ad },   { 0x034f, 0x034f },   { 0x061c, 0x061c },   { 0x115f, 0x1160 },
        { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },   { 0x200b, 0x200f },   { 0x2028, 0x202e },
        { 0x2060, 0x206f },   { 0x2800, 0x2800 },   { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },
        { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },   { 0x1bca0, 0x1bca3 },
        { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
    };

    for (size_t i = 0; i < ELEMENTSOF(ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

static bool character_is_valid(uint32_t c, size_t length) {
    static const uint32_t shortest[] = { 0, 0, 0x80, 0x800, 0x10000 };

    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return false;
    if (c < shortest[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return false;
    return (c & 0xfffe) != 0xfffe;
}

static size_t decode(const char *s, size_t n, uint32_t *ret) {
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
    if (!character_is_valid(c, length))
        return 0;
    *ret = c;
    return length;
}

size_t utf8_valid(const char *s, size_t n) {
    uint32_t c;

    return decode(s, n, &c);
}

size_t utf8_printable(const char *s, size_t n) {
    uint32_t c;
    size_t length = decode(s, n, &c);

    return length > 0 && character_deceives(c) ? 0 : length;
}

static char *make_printable(char *s, const char *also) {
    size_t n = strlen(s);

    for (size_t i = 0; i < n;) {
        size_t length = utf8_printable(s + i, n - i);

        if (length == 0 && !strchr(also, s[i]))
            s[i] = '?';
        i += MAX(length, (size_t) 1);
    }
    return s;
}

char *utf8_make_printable(char *s) {
    return make_printable(s, "");
}

char *utf8_make_printable_text(char *s) {
    return make_printable(s, "\n\t");
}

const char *utf8_quote(const char *s, char buffer[UTF8_QUOTE_SIZE]) {
    static const char more[] = "…";
    size_t n = strlen(s), end = 0, length;

    if (n < UTF8_QUOTE_SIZE)
        return strcpy(buffer, s);
    for (; end + sizeof(more) <= UTF8_QUOTE_SIZE; end += length)
        length = MAX(utf8_valid(s + end, n - end), (size_t) 1);
    end -= length;
    memcpy(buffer, s, end);
    memcpy(buffer + end, more, sizeof(more));
    return buffer;
}
