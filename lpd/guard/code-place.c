/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "guard/code-place.h"

#define HEX "0123456789abcdefABCDEF"

static const char *take_hex(const char *s) {
    size_t n;

    if (!startswith(s, "0x"))
        return NULL;
    n = strspn(s + 2, HEX);
    return n > 0 ? s + 2 + n : NULL;
}

/* " [MODULE]" or " [MODULE BUILDID]". Anything else in brackets is no part of the place. */
static const char *take_module(const char *s, struct code_place *p) {
    const char *name = s + 2, *end, *id;

    if (!startswith(s, " ["))
        return s;
    end = name;
    while (isalnum((unsigned char) *end) || *end == '_' || *end == '-')
        end++;
    id = *end == ' ' ? end + 1 : NULL;
    if (end == name || (id ? id[strspn(id, HEX)] != ']' : *end != ']'))
        return s;
    p->module = name;
    p->module_size = (size_t) (end - name);
    if (id) {
        p->build_id = id;
        p->build_id_size = strspn(id, HEX);
        end = id + p->build_id_size;
    }
    return end + 1;
}

const char *code_place_parse(const char *s, struct code_place *ret) {
    size_t n = strcspn(s, "+ \t");
    const char *end;

    *ret = (struct code_place){ .function = s, .function_size = n };
    if (s[n] != '+') /* an address without a symbol */
        return take_hex(s);
    end = n > 0 ? take_hex(s + n + 1) : NULL;
    if (!end || *end != '/')
        return NULL;
    end = take_hex(end + 1);
    return end ? take_module(end, ret) : NULL;
}

/* Nothing, or arm64's flags: dump_backtrace_entry(), arch/arm64/kernel/stacktrace.c. */
static bool is_end_of_frame(const char *s) {
    s += strspn(s, " ");
    if (*s == '(') {
        s += 1 + strspn(s + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (*s++ != ')')
            return false;
    }
    return s[strspn(s, " ")] == '\0';
}

bool code_place_parse_frame(const char *s, struct code_place *ret, bool *ret_stale) {
    const char *end;

    s += strspn(s, " ");
    *ret_stale = startswith(s, "? ");
    if (*ret_stale)
        s += 2;
    end = code_place_parse(s, ret);
    return end && is_end_of_frame(end);
}

bool code_place_in(const struct code_place *p, const char *module) {
    if (!p->module || strlen(module) != p->module_size)
        return false;
    for (size_t i = 0; i < p->module_size; i++)
        if ((p->module[i] == '-' ? '_' : p->module[i]) != (module[i] == '-' ? '_' : module[i]))
            return false;
    return true;
}
