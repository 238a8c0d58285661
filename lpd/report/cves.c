/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>

#include "base/strv.h"
#include "base/utf8.h"
#include "report/cves.h"

#define IDS_MAX 10000
#define ID_MAX 256
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* of UTF-8, as programs of Windows write it */
#define BLANKS " \t\r\n"

static const char *const names[] = {
    [CVE_EFFECTIVE] = "effective",
    [CVE_PENDING] = "pending",
    [CVE_OVERRIDDEN] = "overridden",
    [CVE_INSTALLED] = "installed",
};

const char *cve_state_name(enum cve_state s) {
    return names[s];
}

static bool flag(json_object *o, const char *key) {
    return json_object_get_boolean(json_object_object_get(o, key));
}

/* Known to be false; null means unknown. */
static bool is_false(json_object *o, const char *key) {
    json_object *value = json_object_object_get(o, key);

    return value && !json_object_get_boolean(value);
}

enum cve_state cve_state_of(json_object *patch, const char **ret_reason) {
    json_object *kernel = json_object_object_get(patch, "kernelState");
    const char *state = strempty(value_get(patch, "state"));

    *ret_reason = value_get(patch, "reason");
    if (!flag(kernel, "loaded") || !flag(kernel, "enabled")) {
        *ret_reason = *ret_reason ?: streq(state, "absent") ? "it is not loaded" : state;
        return CVE_INSTALLED;
    }
    if (is_false(kernel, "installed")) {
        *ret_reason = "another build of the patch is loaded";
        return CVE_INSTALLED;
    }
    if (flag(kernel, "transition")) {
        *ret_reason = *ret_reason ?: "some tasks still run the old code";
        return CVE_PENDING;
    }
    if (streq(strempty(value_get(patch, "reasonCode")), "forced"))
        return CVE_PENDING;
    if (value_get(patch, "overridden"))
        return CVE_OVERRIDDEN;
    *ret_reason = NULL;
    return CVE_EFFECTIVE;
}

static enum cve_state state_of_entry(json_object *entry) {
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (streq(strempty(value_get(entry, "state")), names[i]))
            return (enum cve_state) i;
    return CVE_INSTALLED;
}

static void fill(json_object *entry, json_object *patch, enum cve_state state, const char *reason) {
    json_add_string(entry, "state", names[state]);
    json_add_string(entry, "patch", value_get(patch, "name"));
    json_add_string(entry, "reason", reason);
    json_object_object_add(entry, "since", state == CVE_INSTALLED
                                               ? NULL : json_object_get(json_object_object_get(patch, "since")));
}

void cves_add(json_object *by_id, json_object *patch, char *const *fixes, enum cve_state state, const char *reason) {
    STRV_FOREACH(id, fixes) {
        json_object *entry;

        if (!json_object_object_get_ex(by_id, *id, &entry)) {
            entry = json_object_new_object();
            json_add_string(entry, "id", *id);
            json_object_object_add(by_id, *id, entry);
        } else if (state_of_entry(entry) <= state)
            continue;
        fill(entry, patch, state, reason);
    }
}

static int compare(const void *a, const void *b) {
    return strverscmp(strempty(value_get(*(json_object *const *) a, "id")),
                      strempty(value_get(*(json_object *const *) b, "id")));
}

void cves_list(json_object *by_id, json_object *cves) {
    json_object_object_foreach(by_id, id, entry) {
        (void) id;
        json_object_array_add(cves, json_object_get(entry));
    }
    json_object_array_sort(cves, compare);
}

json_object *cves_find(json_object *cves, const char *id) {
    _cleanup_json_ json_object *key = json_object_new_object();

    json_add_string(key, "id", id);
    return json_object_array_bsearch(key, cves, compare);
}

/* A file that is being read: each entry that it has must name something, as "all are effective" would else
 * be said of what nobody has looked for. */
struct list {
    const char *path;
    char **ids;
};

static int add_id(struct list *l, const char *id, struct error *e) {
    char quote[UTF8_QUOTE_SIZE];

    if (!*id || strlen(id) > ID_MAX || !ascii_is_word(id))
        return error_set(e, -EBADMSG, EXIT_STATUS_USAGE, "%s: '%s' is not an identifier", l->path, utf8_quote(id, quote));
    if (strv_contains(l->ids, id))
        return 0;
    if (strv_length(l->ids) >= IDS_MAX)
        return error_set(e, -E2BIG, EXIT_STATUS_USAGE, "%s: more than %d identifiers", l->path, IDS_MAX);
    return strv_extend(&l->ids, id);
}

static int parse_lines(struct list *l, const char *text, struct error *e) {
    _cleanup_free_ char *copy = strdup(text);
    char *rest;
    int r = copy ? 0 : -ENOMEM;

    for (char *line = r < 0 ? NULL : strtok_r(copy, "\r\n", &rest); line && r >= 0; line = strtok_r(NULL, "\r\n", &rest)) {
        line += strspn(line, " \t");
        line[strcspn(line, " \t#")] = '\0';
        r = *line ? add_id(l, line, e) : 0;
    }
    return r;
}

/* Returns 1 if o[key] is a string, which is added, and 0 if not. */
static int add_member(struct list *l, json_object *o, const char *key, struct error *e) {
    json_object *value = json_object_object_get(o, key);
    int r;

    if (!json_object_is_type(value, json_type_string))
        return 0;
    /* A NUL would cut it off. */
    if (strlen(json_object_get_string(value)) != (size_t) json_object_get_string_len(value))
        return error_set(e, -EBADMSG, EXIT_STATUS_USAGE, "%s: an identifier has a NUL in it", l->path);
    r = add_id(l, json_object_get_string(value), e);
    return r < 0 ? r : 1;
}

/* OpenVEX: statements[].vulnerability, an object with a name, or in 0.0.x the name itself. */
static int parse_statement(struct list *l, json_object *statement, struct error *e) {
    json_object *v = json_object_object_get(statement, "vulnerability");

    return json_object_is_type(v, json_type_object) ? add_member(l, v, "name", e)
                                                    : add_member(l, statement, "vulnerability", e);
}

/* CSAF 2.0 has vulnerabilities[].cve, or .ids[].text where it is no CVE, and CycloneDX .id. */
static int parse_vulnerability(struct list *l, json_object *v, struct error *e) {
    json_object *others;
    int n = 0, r;

    for (const char *const *key = (const char *const[]){ "cve", "id", NULL }; *key; key++) {
        r = add_member(l, v, *key, e);
        if (r < 0)
            return r;
        n += r;
    }
    if (!json_object_object_get_ex(v, "ids", &others) || !json_object_is_type(others, json_type_array))
        return n;
    for (size_t i = 0; i < json_object_array_length(others); i++) {
        r = add_member(l, json_object_array_get_idx(others, i), "text", e);
        if (r < 0)
            return r;
        n += r;
    }
    return n;
}

/* The whole text must be one value. */
static json_object *parse_json(const char *text) {
    json_tokener *tokener = json_tokener_new();
    _cleanup_json_ json_object *o = NULL;
    size_t size = strlen(text);

    if (!tokener)
        return NULL;
    o = size < INT_MAX ? json_tokener_parse_ex(tokener, text, (int) size) : NULL;
    if (o && text[json_tokener_get_parse_end(tokener) + strspn(text + json_tokener_get_parse_end(tokener), BLANKS)] != '\0') {
        json_object_put(o);
        o = NULL;
    }
    json_tokener_free(tokener);
    return TAKE_PTR(o);
}

static int parse_document(struct list *l, const char *text, struct error *e) {
    static const struct {
        const char *key, *entry;
        int (*parse)(struct list *l, json_object *entry, struct error *e);
    } kinds[] = {
        { "statements", "statement", parse_statement },
        { "vulnerabilities", "vulnerability", parse_vulnerability },
    };
    _cleanup_json_ json_object *o = parse_json(text);

    if (!o)
        return error_set(e, -EBADMSG, EXIT_STATUS_USAGE, "%s: not valid JSON", l->path);
    for (size_t k = 0; k < ELEMENTSOF(kinds); k++) {
        json_object *list = json_object_object_get(o, kinds[k].key);

        if (!json_object_is_type(list, json_type_array))
            continue;
        for (size_t i = 0; i < json_object_array_length(list); i++) {
            json_object *entry = json_object_array_get_idx(list, i);
            int r = json_object_is_type(entry, json_type_object) ? kinds[k].parse(l, entry, e) : 0;

            if (r == 0)
                return error_set(e, -EBADMSG, EXIT_STATUS_USAGE, "%s: %s %zu has no identifier", l->path, kinds[k].entry, i + 1);
            if (r < 0)
                return r;
        }
        return 0;
    }
    return error_set(e, -EBADMSG, EXIT_STATUS_USAGE, "%s: JSON, but no OpenVEX, CSAF or CycloneDX document", l->path);
}

int cves_parse_list(const char *path, const char *text, size_t size, char ***ret, struct error *e) {
    struct list l = { .path = path };
    char first;
    int r;

    if (strlen(text) != size)
        return error_set(e, -EBADMSG, EXIT_STATUS_USAGE, "%s: not a text file", path);
    text = startswith(text, BYTE_ORDER_MARK) ? text + STRLEN(BYTE_ORDER_MARK) : text;
    first = text[strspn(text, BLANKS)];
    r = first == '{' || first == '[' ? parse_document(&l, text, e) : parse_lines(&l, text, e);
    if (r >= 0 && !l.ids)
        r = error_set(e, -EBADMSG, EXIT_STATUS_USAGE, "%s: it names nothing to check", path);
    if (r >= 0)
        *ret = TAKE_PTR(l.ids);
    strv_free(l.ids);
    return r;
}
