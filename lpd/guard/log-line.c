/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdio.h>

#include "guard/log-line.h"

#define PRIORITY_DIGITS_MAX 4

static bool is_digit(char c) {
    return isdigit((unsigned char) c);
}

/* "<4>": the kernel prints the number without leading zeros. Returns what follows. */
static const char *take_priority(const char *s, struct log_prefix *prefix) {
    size_t n = *s == '<' ? strspn(s + 1, "0123456789") : 0;
    unsigned priority = 0;

    if (n == 0 || n > PRIORITY_DIGITS_MAX || s[1 + n] != '>' || (n > 1 && s[1] == '0'))
        return s;
    for (size_t i = 1; i <= n; i++)
        priority = priority * 10 + (unsigned) (s[i] - '0');
    prefix->origin = priority < 8 ? LOG_KERNEL : LOG_USER;
    prefix->level = (int) (priority & 7);
    return s + n + 2;
}

/* Copies what stands in brackets, without the blanks that pad it, if it has the form of a time or
 * of a caller. Returns what follows. */
static const char *take_bracket(const char *s, bool caller, char *ret, size_t size) {
    const char *start = s + 1, *end;
    size_t n;

    if (*s != '[')
        return s;
    start += strspn(start, " ");
    end = start + (caller && (*start == 'T' || *start == 'C') ? 1 : 0);
    if (caller && end == start)
        return s;
    end += strspn(end, caller ? "0123456789" : "0123456789.");
    n = (size_t) (end - start);
    if (*end != ']' || n == 0 || n >= size || !is_digit(end[-1]))
        return s;
    memcpy(ret, start, n);
    ret[n] = '\0';
    return end + 1;
}

/* "Panic#1 Part2", pstore_dump() in fs/pstore/platform.c. */
static void take_header(struct log_line *line) {
    static const char *const reasons[] = {
        "Panic", "Oops", "Emergency", "Shutdown", "Unknown", "Restart", "Halt", "Poweroff",
    };

    for (size_t i = 0; i < ELEMENTSOF(reasons); i++) {
        size_t n = strlen(reasons[i]), digits;

        if (!startswith(line->text, reasons[i]) || line->text[n] != '#')
            continue;
        digits = strspn(line->text + n + 1, "0123456789");
        n += 1 + digits;
        if (digits == 0 || n >= sizeof(line->dump) || !startswith(line->text + n, " Part") ||
            line->text[n + STRLEN(" Part") + strspn(line->text + n + STRLEN(" Part"),
                                                    "0123456789")] != '\0')
            return;
        memcpy(line->dump, line->text, n);
        line->dump[n] = '\0';
        return;
    }
}

static void copy_text(char *to, const char *from, size_t size) {
    for (size_t i = 0; i < size; i++)
        to[i] = from[i] == '\t' || (from[i] >= ' ' && from[i] <= '~') ? from[i] : '?';
    to[size] = '\0';
}

/* "[time][caller]"; some kernels print a blank between them. */
static const char *take_prefix(const char *s, struct log_prefix *prefix) {
    const char *caller;

    s = take_priority(s, prefix);
    s = take_bracket(s, false, prefix->stamp, sizeof(prefix->stamp));
    caller = *prefix->stamp && *s == ' ' ? s + 1 : s;
    caller = take_bracket(caller, true, prefix->caller, sizeof(prefix->caller));
    if (*prefix->caller)
        s = caller;
    return *s == ' ' && (*prefix->stamp || *prefix->caller) ? s + 1 : s;
}

int log_line_next(const char **data, size_t *size, struct log_line *ret) {
    const char *start = *data, *newline, *end;

    if (*size == 0)
        return 0;
    newline = memchr(start, '\n', *size);
    end = newline ? newline : start + *size;
    *size -= (size_t) (end - start) + (newline ? 1 : 0);
    *data = newline ? newline + 1 : end;

    /* A ring buffer in memory may be padded with NULs, and a serial console ends lines with CR. */
    while (start < end && *start == '\0')
        start++;
    while (start < end && (end[-1] == '\r' || end[-1] == '\0'))
        end--;
    ret->prefix = (struct log_prefix){ .level = -1 };
    ret->dump[0] = '\0';
    copy_text(ret->buffer, start, MIN((size_t) (end - start), (size_t) LOG_LINE_MAX));
    ret->text = take_prefix(ret->buffer, &ret->prefix);
    if (ret->text == ret->buffer)
        take_header(ret);
    return 1;
}

uint64_t log_stamp_usec(const char *stamp) {
    unsigned long long seconds = 0, usec = 0;

    (void) sscanf(stamp, "%llu.%llu", &seconds, &usec);
    return seconds < UINT64_MAX / USEC_PER_SEC / 2 ? seconds * USEC_PER_SEC + MIN(usec, 999999ULL) : 0;
}
