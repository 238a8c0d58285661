/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For any text: each word of an assigned value is in the text, at its line or later, and in the
 * section of that line. The beginning of each message leads to the line. */
#include "base/strv.h"
#include "config/ini.h"

struct sink {
    const char *data;
    size_t size;
    bool kernel; /* in [Kernel:…] */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The start of that line. */
static const char *find_line(const struct sink *s, unsigned line) {
    const char *from = s->data, *end = s->data + s->size, *newline;

    for (; line > 1; line--) {
        newline = memchr(from, '\n', (size_t) (end - from));
        if (!newline)
            abort();
        from = newline + 1;
    }
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
    _cleanup_strv_free_ char **words = NULL;
    struct sink *s = userdata;
    const char *text = find_line(s, line);
    size_t n = (size_t) (s->data + s->size - text);

    if (s->kernel != endswith(k->section, ":"))
        abort();
    if (!memmem(text, n, k->name, strlen(k->name)))
        abort();
    if (streq(value, k->fallback) || strv_extend_split(&words, value, " \t") < 0)
        return 0;
    STRV_FOREACH(word, words)
        if (!memmem(text, n, *word, strlen(*word)))
            abort();
    return 0;
}

/* Counts as a fault, and changes none. */
static void warn(void *userdata, int fault, struct error *one) {
    if (fault >= 0 || !one->message || !startswith(one->message, "F:"))
        abort();
}

static int accept(const struct ini_key *k _unused_, const char *value, void *field _unused_,
                  struct error *e _unused_) {
    size_t n = strlen(value), backslashes = 0;

    while (backslashes < n && value[n - 1 - backslashes] == '\\')
        backslashes++;
    if (strpbrk(value, "\n\r") || backslashes % 2)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct ini_key keys[] = {
        { "Patch", "Description", "none", accept, .for_people = true },
        { "Patch", "After", "", accept, .repeats = true },
        { "Kernel:", "Module", "", accept },
    };
    static const struct ini_table table = { keys, ELEMENTSOF(keys), begin, assigned, warn };
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
