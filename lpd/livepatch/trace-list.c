/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livepatch/trace-list.h"

/* Longer lines are cut; the longest ones name several trampolines. */
#define LINE_MAX_SIZE 4096

static int next_line(const char **text, size_t *size, char ret[static LINE_MAX_SIZE]) {
    const char *end = *size > 0 ? memchr(*text, '\n', *size) : NULL;
    size_t length = end ? (size_t) (end - *text) : *size;
    size_t kept = MIN(length, (size_t) LINE_MAX_SIZE - 1);

    if (*size == 0)
        return 0;
    for (size_t i = 0; i < kept; i++)
        ret[i] = (*text)[i] ? (*text)[i] : '?';
    ret[kept] = '\0';
    length += end != NULL;
    *text += length;
    *size -= length;
    return 1;
}

static void copy_word(char *to, size_t room, const char *from, size_t length) {
    length = MIN(length, room - 1);
    memcpy(to, from, length);
    to[length] = '\0';
}

/* "[nf_tables]" */
static bool take_module(const char **p, char to[static TRACE_MODULE_MAX]) {
    const char *start = *p + strspn(*p, " ");
    size_t length = *start == '[' ? strcspn(start + 1, "] \t") : 0;

    if (length == 0 || start[1 + length] != ']')
        return false;
    copy_word(to, TRACE_MODULE_MAX, start + 1, length);
    *p = start + length + 2;
    return true;
}

static void take_letters(const char *p, struct traced_function *f) {
    for (; *p && *p != '\t'; p++) {
        f->regs |= *p == 'R';
        f->ipmodify |= *p == 'I';
        f->direct |= *p == 'D';
        f->call_ops |= *p == 'O';
        f->modified |= *p == 'M';
    }
}

static bool take_function(const char *line, struct traced_function *ret) {
    size_t length = strcspn(line, " \t(");
    const char *p = line + length;
    struct traced_function f = {};
    char *end;

    if (length == 0)
        return false;
    copy_word(f.name, sizeof(f.name), line, length);
    (void) take_module(&p, f.module);
    p += strspn(p, " ");
    if (*p++ != '(' || *p < '0' || *p > '9')
        return false;
    f.count = strtoul(p, &end, 10);
    if (*end != ')')
        return false;
    take_letters(end + 1, &f);
    *ret = f;
    return true;
}

/* The second line of a function with a direct call. */
static void take_target(const char *line, struct traced_function *f) {
    static const char arrow[] = "direct-->";
    const char *start = strstr(line, arrow);

    if (!start)
        return;
    start += strlen(arrow);
    copy_word(f->target, sizeof(f->target), start, strcspn(start, "+ \t"));
}

int traced_function_next(const char **text, size_t *size, struct traced_function *ret) {
    struct traced_function f = {};
    char line[LINE_MAX_SIZE];
    bool found = false;

    while (!found && next_line(text, size, line) > 0)
        found = take_function(line, &f);
    /* What belongs to the function is on lines that begin with a tab. */
    while (found && *size > 0 && **text == '\t' && next_line(text, size, line) > 0)
        take_target(line, &f);
    if (!found)
        return 0;
    *ret = f;
    return 1;
}

static bool take_probe(const char *line, struct kernel_probe *ret) {
    size_t length = strcspn(line, " \t");
    const char *p = line + length;
    struct kernel_probe probe = {};
    char *end;

    p += strspn(p, " \t");
    if (length == 0 || (*p != 'k' && *p != 'r') || (p[1] != ' ' && p[1] != '\t'))
        return false;
    probe.on_return = *p++ == 'r';
    p += strspn(p, " \t");
    length = strcspn(p, "+ \t");
    if (length == 0 || p[length] != '+')
        return false;
    copy_word(probe.name, sizeof(probe.name), p, length);
    p += length + 1;
    probe.offset = strtoul(p, &end, 16);
    if (end == p)
        return false;
    probe.disabled = strstr(end, "[DISABLED]") || strstr(end, "[GONE]");
    probe.ftrace = strstr(end, "[FTRACE]") != NULL;
    /* The kernel writes the module without brackets, and a size after the offset if it has no
     * name. */
    p = end + strcspn(end, " \t");
    p += strspn(p, " \t");
    if (*p != '[')
        copy_word(probe.module, sizeof(probe.module), p, strcspn(p, " \t"));
    *ret = probe;
    return true;
}

int kernel_probe_next(const char **text, size_t *size, struct kernel_probe *ret) {
    char line[LINE_MAX_SIZE];

    while (next_line(text, size, line) > 0)
        if (take_probe(line, ret))
            return 1;
    return 0;
}
