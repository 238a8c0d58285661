/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ini.h>
#include <stdio.h>

#include "base/strv.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "config/ini.h"

/* Stands for ';' while a line is in inih's hands, which would take " ;" for a comment. No line may
 * hold this character itself. */
#define HIDDEN_SEMICOLON '\1'

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct reader {
    const struct ini_table *table;
    const char *path;
    const char *next, *end; /* the lines still to be read */
    unsigned line;
    enum { NOWHERE, INSIDE, REFUSED } place;
    const char *section; /* as the table calls it */
    void *target;
    uint64_t seen;   /* keys of this section, by their place in the table */
    char *joined[INI_KEYS_MAX]; /* what those that may repeat have so far, likewise */
    char **sections; /* as they are written */
    size_t n_sections;
    void *userdata;
    int fault; /* the first one */
    struct error one; /* the fault at hand */
    struct error *e;  /* all of them; NULL: nobody asks */
    size_t n_faults;
};

/* Where a fault is described; NULL if nobody will read it. */
static struct error *description(struct reader *r) {
    return r->e && r->n_faults < ERROR_FAULTS_MAX ? &r->one : NULL;
}

/* Keeps a fault and names its place. The first one decides. */
static void note(struct reader *r, int fault) {
    if (fault >= 0)
        return;
    if (r->fault >= 0)
        r->fault = fault;
    if (description(r))
        (void) error_collect(r->e, error_prefix(&r->one, fault, "%s:%u", r->path, r->line), &r->one);
    r->n_faults++;
}

#define REFUSE(r, ...) note(r, error_set(description(r), -EBADMSG, EXIT_STATUS_CONFIG, __VA_ARGS__))

static const struct ini_key *find_section(const struct ini_table *t, const char *name) {
    for (const struct ini_key *k = t->keys; k < t->keys + t->n_keys; k++)
        if (endswith(k->section, ":") ? startswith(name, k->section) : streq(name, k->section))
            return k;
    return NULL;
}

/* With section NULL: a key of any section. */
static const struct ini_key *find_key(const struct ini_table *t, const char *section,
                                      const char *name) {
    for (const struct ini_key *k = t->keys; k < t->keys + t->n_keys; k++)
        if ((!section || streq(k->section, section)) && streq(k->name, name))
            return k;
    return NULL;
}

static void refuse_unknown_section(struct reader *r, const char *name) {
    /* Less its argument, as in the table. */
    _cleanup_free_ char *word = strndup(name, strcspn(name, ":") + 1);
    const char *candidates[INI_KEYS_MAX] = { NULL }, *near;

    for (size_t i = 0; i < r->table->n_keys; i++)
        candidates[i] = r->table->keys[i].section;
    near = description(r) && word ? suggest(word, candidates, r->table->n_keys) : NULL;
    if (near)
        REFUSE(r, "unknown section [%s] (did you mean [%s%s]?)", name, near,
               endswith(near, ":") ? "…" : "");
    else
        REFUSE(r, "unknown section [%s]", name);
}

static void refuse_unknown_key(struct reader *r, const char *name) {
    const struct ini_key *elsewhere = find_key(r->table, NULL, name);
    const char *candidates[INI_KEYS_MAX] = { NULL }, *near;
    size_t n = 0;

    for (size_t i = 0; i < r->table->n_keys; i++)
        if (streq(r->table->keys[i].section, r->section))
            candidates[n++] = r->table->keys[i].name;
    near = description(r) ? suggest(name, candidates, n) : NULL;
    if (elsewhere)
        REFUSE(r, "%s= belongs in [%s%s]", name, elsewhere->section,
               endswith(elsewhere->section, ":") ? "…" : "");
    else if (near)
        REFUSE(r, "unknown key '%s' (did you mean '%s'?)", name, near);
    else
        REFUSE(r, "unknown key '%s'", name);
}

static void forget_joined(struct reader *r) {
    for (size_t i = 0; i < ELEMENTSOF(r->joined); i++) {
        free(r->joined[i]);
        r->joined[i] = NULL;
    }
}

static void begin_section(struct reader *r, const char *name) {
    const struct ini_key *k = find_section(r->table, name);
    size_t length;

    if (!k) {
        refuse_unknown_section(r, name);
        return;
    }
    if (r->n_sections >= INI_SECTIONS_MAX) {
        REFUSE(r, "more than %d sections", INI_SECTIONS_MAX);
        return;
    }
    if (strv_contains(r->sections, name)) {
        REFUSE(r, "section [%s] stands here a second time", name);
        return;
    }
    if (strv_extend(&r->sections, name) < 0) {
        note(r, -ENOMEM);
        return;
    }
    r->n_sections++;

    length = strlen(k->section);
    r->seen = 0;
    forget_joined(r);
    r->section = k->section;
    r->target = r->userdata;
    if (r->table->begin) {
        int q = r->table->begin(r->userdata, endswith(k->section, ":") ? name + length : NULL,
                                &r->target, description(r));
        if (q < 0) {
            note(r, q);
            return;
        }
    }
    r->place = INSIDE;
}

/* Adds a value to what the key had in this section. NULL when out of memory. */
static const char *join(struct reader *r, const struct ini_key *k, const char *value) {
    char **joined = r->joined + (k - r->table->keys), *text;

    if (!*value || !*joined || !**joined)
        text = strdup(value);
    else if (asprintf(&text, "%s %s", *joined, value) < 0)
        text = NULL;
    free(*joined);
    *joined = text;
    return text;
}

static void assign(struct reader *r, const char *name, const char *value) {
    const struct ini_key *k = find_key(r->table, r->section, name);
    uint64_t bit;
    int q;

    if (!k) {
        refuse_unknown_key(r, name);
        return;
    }
    bit = UINT64_C(1) << (k - r->table->keys);
    if (r->seen & bit && !k->repeats) {
        REFUSE(r, "%s= stands here a second time", name);
        return;
    }
    r->seen |= bit;
    if (k->repeats) {
        value = join(r, k, value);
        if (!value) {
            note(r, -ENOMEM);
            return;
        }
    }
    if (!*value)
        value = k->fallback;
    q = k->parse(k, value, (char *) r->target + k->offset, description(r));
    if (q >= 0 && r->table->assigned)
        q = r->table->assigned(r->userdata, k, value, r->path, r->line, description(r));
    note(r, q);
}

/* inih calls this for each KEY=VALUE line. Its idea of the section is cut at 49 bytes, ours is not.
 * Builds that announce sections too do so without a name. */
static int take_assignment(void *userdata, const char *section _unused_, const char *name,
                           const char *value) {
    struct reader *r = userdata;
    _cleanup_free_ char *text = NULL;

    if (!name || r->place == REFUSED)
        return 1;
    if (r->place == NOWHERE) {
        REFUSE(r, "%s= stands before the first [Section]", name);
        return 1;
    }
    text = strdup(value);
    if (!text) {
        note(r, -ENOMEM);
        return 1;
    }
    for (char *c = text; (c = strchr(c, HIDDEN_SEMICOLON));)
        *c = ';';
    assign(r, name, text);
    return 1;
}

static bool check_characters(struct reader *r, const char *line, size_t n) {
    for (size_t i = 0, length; i < n; i += length) {
        length = line[i] == '\t' ? 1 : utf8_valid(line + i, n - i);
        if (length > 0)
            continue;
        if (!line[i])
            REFUSE(r, "a NUL byte at column %zu", i + 1);
        else
            REFUSE(r, "byte 0x%02x at column %zu is a control character or not UTF-8",
                   (unsigned char) line[i], i + 1);
        return false;
    }
    return true;
}

/* [Section], and nothing else on the line. */
static bool check_section(struct reader *r, const char *line) {
    size_t n = strcspn(line, "]");

    if (!line[n])
        REFUSE(r, "'%s' lacks its ']'", line);
    else if (line[n + 1])
        REFUSE(r, "text after the ']' of '%s'", line);
    else if (n == 1 || strcspn(line, " \t") < n)
        REFUSE(r, "'%s' is not a section name", line);
    else
        return true;
    return false;
}

/* KEY=VALUE, not KEY: VALUE, and not continued. */
static bool check_assignment(struct reader *r, const char *line) {
    static const char key[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t n = strspn(line, key), equals = strcspn(line, "=");

    if (!line[equals])
        REFUSE(r, "'%s' is neither a [Section], KEY=VALUE nor a comment", line);
    else if (equals == 0)
        REFUSE(r, "no key in front of '='");
    else if (n == 0 || n + strspn(line + n, " \t") != equals)
        REFUSE(r, "'%.*s' is not a key name", (int) equals, line);
    else if (endswith(line, "\\"))
        REFUSE(r, "the line ends in a backslash, but lines cannot be continued");
    else
        return true;
    return false;
}

/* Whether a line is for inih: not empty, no comment, and certain to be understood as it is meant.
 * str has room for max bytes, as inih has. */
static bool admit(struct reader *r, const char *line, size_t n, char *str, size_t max) {
    if (n > 0 && line[n - 1] == '\r')
        n--;
    if (!check_characters(r, line, n))
        return false;
    for (; n > 0 && (*line == ' ' || *line == '\t'); n--)
        line++;
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
        n--;
    if (n == 0 || *line == '#' || *line == ';')
        return false;
    if (n >= max) {
        REFUSE(r, "the line has %zu bytes, more than the %zu that a line can have", n, max - 1);
        return false;
    }
    memcpy(str, line, n);
    str[n] = '\0';
    if (*str == '[') {
        /* Unless it proves good, what follows is nowhere, not in the section before. */
        r->place = REFUSED;
        if (!check_section(r, str))
            return false;
        str[n - 1] = '\0';
        begin_section(r, str + 1);
        str[n - 1] = ']';
        return true;
    }
    if (!check_assignment(r, str))
        return false;
    for (char *c = str; (c = strchr(c, ';'));)
        *c = HIDDEN_SEMICOLON;
    return true;
}

/* fgets(3) for inih, which takes what does not fit into its buffer for the next line, knows no line
 * numbers, and keeps no byte sacred: so each line is checked here before it gets it. */
static char *read_line(char *str, int num, void *stream) {
    struct reader *r = stream;

    while (r->next < r->end) {
        const char *line = r->next;
        const char *newline = memchr(line, '\n', (size_t) (r->end - line));
        size_t n = (size_t) ((newline ? newline : r->end) - line);

        r->next = newline ? newline + 1 : r->end;
        r->line++;
        if (admit(r, line, n, str, (size_t) num))
            return str;
    }
    return NULL;
}

int ini_read(const struct ini_table *t, const char *path, const char *data, size_t size,
             void *userdata, struct error *e) {
    struct reader r = {
        .table = t, .path = path, .next = data, .end = data + size, .userdata = userdata,
        .one = ERROR_NULL, .e = e,
    };

    const size_t mark = STRLEN(BYTE_ORDER_MARK);

    if (size >= mark && memcmp(data, BYTE_ORDER_MARK, mark) == 0)
        r.next += mark;
    (void) ini_parse_stream(read_line, &r, take_assignment, &r);
    strv_free(r.sections);
    forget_joined(&r);
    return r.fault;
}

int ini_defaults(const struct ini_table *t, const char *section, void *target) {
    int r;

    for (const struct ini_key *k = t->keys; k < t->keys + t->n_keys; k++) {
        if (!streq(k->section, section))
            continue;
        r = k->parse(k, k->fallback, (char *) target + k->offset, NULL);
        if (r < 0)
            return r;
    }
    return 0;
}
