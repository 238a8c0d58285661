/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/excerpt.h"

#define LINE_MAX_BYTES 200
#define DECIDING_LINES 3
#define HEX_DIGITS "0123456789abcdef"
#define ADDRESS_DIGITS 16

/* An address of the kernel as printk() writes it: 16 digits, of which the first are f. Who reads the
 * ledger may not be allowed to read the kernel's log (kernel.dmesg_restrict). */
static void hide_addresses(char *line) {
    for (char *s = line; (s = strstr(s, "ffff")); s++) {
        size_t n = strspn(s, HEX_DIGITS);

        if (n >= ADDRESS_DIGITS)
            memset(s, 'x', n);
    }
}

void excerpt_add(struct excerpt *e, const char *line, bool decides) {
    size_t n = strnlen(line, LINE_MAX_BYTES);
    size_t room = EXCERPT_MAX - (decides ? 0 : DECIDING_LINES * (LINE_MAX_BYTES + 1));

    if (e->size + n + 1 > room)
        return;
    memcpy(e->text + e->size, line, n);
    e->size += n;
    e->text[e->size++] = '\n';
    e->text[e->size] = '\0';
    hide_addresses(e->text + e->size - n - 1);
}
