/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "config/ini.h"

#define BLANKS " \t"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* A byte that is not allowed in a line. */
struct bad_byte {
    unsigned line;
    size_t column; /* from 1; 0: none */
    unsigned char byte;
};

struct reader {
    const struct ini_table *table;
    const char *path;
    const char *next, *end; /* the rest of the text */
    unsigned lines;         /* number of lines read so far */
    unsigned line;          /* number of the first line of the current text */
    char *text;             /* the current line with its continuations; has room for the whole
                             * file */
    size_t length;
    struct bad_byte bad; /* the first one in the current line */
    enum { NOWHERE, INSIDE, REFUSED } place;
    const char *section; /* as the table spells it */
    void *target;
    const struct ini_key *key; /* key of the current line; NULL: unknown in this section */
    bool harmless;             /* whether its faults are only warnings */
    uint64_t seen;   /* keys seen in this section, by their index in the table */
    char **sections; /* sections seen, as written in the file */
    size_t n_sections;
    void *userdata;
    int fault; /* the first fault */
    struct error one; /* the current fault */
    struct error *e;  /* all faults; NULL: the caller does not need them */
    size_t n_faults, n_warnings;
};

/* Where to describe a fault, or NULL if the caller does not need the description. */
static struct error *description(struct reader *r) {
    if (r->harmless)
        return r->n_warnings < ERROR_FAULTS_MAX ? &r->one : NULL;
    return r->e && r->n_faults < ERROR_FAULTS_MAX ? &r->one : NULL;
}

static void name_place(struct reader *r, int fault) {
    (void) error_prefix(&r->one, fault, "%s:%u", r->path, r->line);
}

/* Passes the current fault to the caller as a warning. */
static void warn(struct reader *r, int fault) {
    if (r->n_warnings++ >= ERROR_FAULTS_MAX)
        return;
    name_place(r, fault);
    (void) error_hint(&r->one, fault, "the line is ignored");
    r->table->warn(r->userdata, fault, &r->one);
    error_done(&r->one);
}

/* Adds a fault, with its place, to those found. The first one gives the return value. */
static void note(struct reader *r, int fault) {
    if (fault >= 0)
        return;
    if (r->harmless && fault != -ENOMEM) {
        warn(r, fault);
        return;
    }
    if (r->fault >= 0)
        r->fault = fault;
    if (description(r)) {
        name_place(r, fault);
        (void) error_collect(r->e, fault, &r->one);
    }
    r->n_faults++;
}

#define REFUSE(r, ...) note(r, error_set(description(r), -EBADMSG, EXIT_STATUS_CONFIG, __VA_ARGS__))

static const struct ini_key *find_section(const struct ini_table *t, const char *name) {
    for (const struct ini_key *k = t->keys; k < t->keys + t->n_keys; k++)
        if (endswith(k->section, ":") ? startswith(name, k->section) : streq(name, k->section))
            return k;
    return NULL;
}

/* If section is NULL, searches all sections. */
static const struct ini_key *find_key(const struct ini_table *t, const char *section,
                                      const char *name) {
    for (const struct ini_key *k = t->keys; k < t->keys + t->n_keys; k++)
        if ((!section || streq(k->section, section)) && streq(k->name, name))
            return k;
    return NULL;
}

static void refuse_unknown_section(struct reader *r, const char *name) {
    /* The table has section names without their argument. */
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
        REFUSE(r, "duplicate section [%s]", name);
        return;
    }
    if (strv_extend(&r->sections, name) < 0) {
        note(r, -ENOMEM);
        return;
    }
    r->n_sections++;

    length = strlen(k->section);
    r->seen = 0;
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

static void assign(struct reader *r, const char *value) {
    const struct ini_key *k = r->key;
    uint64_t bit = UINT64_C(1) << (k - r->table->keys);
    int q;

    if (r->seen & bit && !k->repeats) {
        REFUSE(r, "duplicate key %s=", k->name);
        return;
    }
    r->seen |= bit;
    if (!*value)
        value = k->fallback;
    q = k->parse(k, value, (char *) r->target + k->offset, description(r));
    if (q >= 0 && r->table->assigned)
        q = r->table->assigned(r->userdata, k, value, r->path, r->line, description(r));
    note(r, q);
}

static bool check_characters(struct reader *r, const struct bad_byte *bad) {
    unsigned line = r->line;

    if (bad->column == 0)
        return true;
    r->line = bad->line;
    if (!bad->byte)
        REFUSE(r, "a NUL byte at column %zu", bad->column);
    else
        REFUSE(r, "byte 0x%02x at column %zu is a control character or not UTF-8", bad->byte,
               bad->column);
    r->line = line;
    return false;
}

static bool check_length(struct reader *r) {
    if (r->length <= INI_LINE_MAX)
        return true;
    REFUSE(r, "the line has %zu bytes, and the maximum is %zu", r->length, INI_LINE_MAX);
    return false;
}

/* [Section] must be alone on its line. */
static bool check_section(struct reader *r) {
    char quote[UTF8_QUOTE_SIZE];
    const char *line = utf8_quote(r->text, quote);
    size_t n = strcspn(r->text, "]");

    if (!r->text[n])
        REFUSE(r, "'%s' lacks its ']'", line);
    else if (r->text[n + 1])
        REFUSE(r, "text after the ']' of '%s'", line);
    else if (n == 1 || strcspn(r->text, BLANKS) < n)
        REFUSE(r, "'%s' is not a section name", line);
    else
        return true;
    return false;
}

static void take_section(struct reader *r) {
    /* Until the section proves valid, lines after it must not be added to the previous section. */
    r->place = REFUSED;
    if (!check_characters(r, &r->bad) || !check_length(r) || !check_section(r))
        return;
    r->text[r->length - 1] = '\0';
    begin_section(r, r->text + 1);
}

/* The length of the key of a KEY=VALUE line; sets *ret to the position where its '=' should be. */
static size_t measure_key(const char *line, size_t *ret) {
    static const char key[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t n = strspn(line, key);

    *ret = n + strspn(line + n, BLANKS);
    return n;
}

/* An escaped backslash at the end is text: systemd.syntax(7). */
static bool is_continued(const char *line, size_t n) {
    size_t backslashes = 0;

    while (backslashes < n && line[n - 1 - backslashes] == '\\')
        backslashes++;
    return backslashes % 2 == 1;
}

/* KEY=VALUE; KEY: VALUE is not allowed. */
static bool check_assignment(struct reader *r) {
    size_t equals = strcspn(r->text, "="), n, end;
    char quote[UTF8_QUOTE_SIZE];

    n = measure_key(r->text, &end);
    if (r->text[equals] && n > 0 && end == equals) {
        /* If the value is written to another file without the trailing blanks, its backslash would
         * continue the next line there. */
        if (!is_continued(r->text, r->length))
            return true;
        REFUSE(r, "blanks follow the backslash at the end of the line");
    } else if (!r->text[equals])
        REFUSE(r, "'%s' is neither a [Section], KEY=VALUE nor a comment", utf8_quote(r->text, quote));
    else if (equals == 0)
        REFUSE(r, "no key in front of '='");
    else {
        r->text[equals] = '\0';
        REFUSE(r, "'%s' is not a key name", utf8_quote(r->text, quote));
    }
    return false;
}

static const struct ini_key *find_key_of_line(const struct reader *r, const char *line) {
    size_t end, n = measure_key(line, &end);
    _cleanup_free_ char *name = n > 0 && line[end] == '=' ? strndup(line, n) : NULL;

    return name && r->place == INSIDE ? find_key(r->table, r->section, name) : NULL;
}

static void take_assignment(struct reader *r) {
    size_t n, equals;
    char *value;

    r->key = find_key_of_line(r, r->text);
    r->harmless = r->table->warn && r->key && r->key->for_people;
    if (!check_characters(r, &r->bad) || !check_length(r) || !check_assignment(r) || r->place == REFUSED)
        return;
    n = measure_key(r->text, &equals);
    value = r->text + equals + 1;
    value += strspn(value, BLANKS);
    r->text[n] = '\0';
    if (r->place == NOWHERE)
        REFUSE(r, "%s= comes before the first [Section]", r->text);
    else if (!r->key)
        refuse_unknown_key(r, r->text);
    else
        assign(r, value);
}

/* One line of the file, without its line break. */
static const char *next_line(struct reader *r, size_t *ret) {
    const char *line = r->next;
    const char *newline = memchr(line, '\n', (size_t) (r->end - line));
    size_t n = (size_t) ((newline ? newline : r->end) - line);

    r->next = newline ? newline + 1 : r->end;
    r->lines++;
    *ret = n > 0 && line[n - 1] == '\r' ? n - 1 : n;
    return line;
}

/* Only the first one is reported. */
static void find_bad_byte(const struct reader *r, const char *line, size_t n, struct bad_byte *bad) {
    for (size_t i = 0, length; i < n && bad->column == 0; i += length) {
        length = line[i] == '\t' ? 1 : utf8_valid(line + i, n - i);
        if (length == 0)
            *bad = (struct bad_byte){ r->lines, i + 1, (unsigned char) line[i] };
    }
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_comment(const char *line, size_t n) {
    for (; n > 0 && is_blank(*line); n--)
        line++;
    return n > 0 && (*line == '#' || *line == ';');
}

/* A backslash at the end of a line, as in C:\, makes the next line part of the value. That is
 * refused if the next line has an effect of its own. */
static void refuse_swallowed(struct reader *r, const char *line) {
    const struct ini_key *k;

    line += strspn(line, BLANKS);
    k = *line == '[' ? NULL : find_key_of_line(r, line);
    if (*line == '[' || (k && !k->for_people))
        REFUSE(r, "the line ends in a backslash, so line %u would be part of it", r->lines);
}

static void check_comment(struct reader *r, const char *line, size_t n) {
    struct bad_byte bad = { 0 };

    find_bad_byte(r, line, n, &bad);
    r->harmless = r->table->warn;
    (void) check_characters(r, &bad);
    r->harmless = false;
}

static void strip(struct reader *r) {
    size_t blanks;

    while (r->length > 0 && is_blank(r->text[r->length - 1]))
        r->length--;
    r->text[r->length] = '\0';
    blanks = strspn(r->text, BLANKS);
    r->length -= blanks;
    memmove(r->text, r->text + blanks, r->length + 1);
}

/* Reads the next line with its continuations: systemd.syntax(7). Comments and blank lines give an
 * empty text. */
static void read_line(struct reader *r) {
    bool continued = false;

    r->bad = (struct bad_byte){ 0 };
    r->harmless = false;
    r->key = NULL;
    r->length = 0;
    while (r->next < r->end) {
        size_t n;
        const char *line = next_line(r, &n);

        if (is_comment(line, n)) {
            check_comment(r, line, n);
            continue;
        }
        if (!continued)
            r->line = r->lines;
        find_bad_byte(r, line, n, &r->bad);
        memcpy(r->text + r->length, line, n);
        r->text[r->length + n] = '\0';
        if (continued)
            refuse_swallowed(r, r->text + r->length);
        r->length += n;
        continued = is_continued(line, n);
        if (!continued)
            break;
        r->text[r->length - 1] = ' ';
    }
    strip(r);
}

int ini_read(const struct ini_table *t, const char *path, const char *data, size_t size,
             void *userdata, struct error *e) {
    struct reader r = {
        .table = t, .path = path, .next = data, .end = data + size, .userdata = userdata,
        .one = ERROR_NULL, .e = e,
    };
    const size_t mark = STRLEN(BYTE_ORDER_MARK);

    r.text = malloc(size + 1);
    if (!r.text)
        return -ENOMEM;
    if (size >= mark && memcmp(data, BYTE_ORDER_MARK, mark) == 0)
        r.next += mark;
    while (r.next < r.end) {
        read_line(&r);
        if (*r.text == '[')
            take_section(&r);
        else if (r.length > 0)
            take_assignment(&r);
    }
    strv_free(r.sections);
    free(r.text);
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
