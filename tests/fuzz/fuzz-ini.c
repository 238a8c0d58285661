/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever the text: each value that arrives stands in it as a line of its own, and in the section
 * that the line stands in. The first byte of a fault's message leads to its line. */
#include "config/ini.h"

struct sink {
    const char *data;
    size_t size;
    bool kernel; /* in [Kernel:…] */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The start of that line, and its length. */
static const char *find_line(const struct sink *s, unsigned line, size_t *ret) {
    const char *from = s->data, *end = s->data + s->size, *newline;

    for (; line > 1; line--) {
        newline = memchr(from, '\n', (size_t) (end - from));
        if (!newline)
            abort();
        from = newline + 1;
    }
    newline = memchr(from, '\n', (size_t) (end - from));
    *ret = (size_t) ((newline ? newline : end) - from);
    return from;
}

static int begin(void *userdata, const char *argument, void **ret_target, struct error *e) {
    struct sink *s = userdata;

    s->kernel = argument != NULL;
    *ret_target = s;
    return 0;
}

static int assigned(void *userdata, const struct ini_key *k, const char *value, const char *path,
                    unsigned line, struct error *e) {
    struct sink *s = userdata;
    const char *text;
    size_t n;

    text = find_line(s, line, &n);
    if (s->kernel != endswith(k->section, ":"))
        abort();
    if (!memmem(text, n, k->name, strlen(k->name)))
        abort();
    if (!streq(value, k->fallback) && !memmem(text, n, value, strlen(value)))
        abort();
    return 0;
}

static int accept(const struct ini_key *k _unused_, const char *value, void *field _unused_,
                  struct error *e _unused_) {
    if (strpbrk(value, "\n\r\1"))
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct ini_key keys[] = {
        { "Patch", "Description", "none", accept },
        { "Patch", "After", "", accept },
        { "Kernel:", "Module", "", accept },
    };
    static const struct ini_table table = { keys, ELEMENTSOF(keys), begin, assigned };
    struct sink s = { .data = (const char *) data, .size = size };
    struct error e = ERROR_NULL;
    int r, again;

    r = ini_read(&table, "F", s.data, size, &s, &e);
    if (r < 0 && (!e.message || !startswith(e.message, "F:")))
        abort();
    error_done(&e);
    again = ini_read(&table, "F", s.data, size, &s, NULL);
    if (again != r)
        abort();
    return 0;
}
