/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "report/cves.h"

#define IDS_MAX 10000

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

json_object *cves_find(json_object *cves, const char *id) {
    for (size_t i = 0; i < json_object_array_length(cves); i++) {
        json_object *o = json_object_array_get_idx(cves, i);

        if (streq(strempty(value_get(o, "id")), id))
            return o;
    }
    return NULL;
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

void cves_add(json_object *cves, json_object *patch, char *const *fixes, enum cve_state state, const char *reason) {
    STRV_FOREACH(id, fixes) {
        json_object *entry = cves_find(cves, *id);

        if (!entry) {
            entry = json_object_new_object();
            json_add_string(entry, "id", *id);
            json_object_array_add(cves, entry);
        } else if (state_of_entry(entry) <= state)
            continue;
        fill(entry, patch, state, reason);
    }
}

static int compare(const void *a, const void *b) {
    return strverscmp(strempty(value_get(*(json_object *const *) a, "id")),
                      strempty(value_get(*(json_object *const *) b, "id")));
}

void cves_sort(json_object *cves) {
    json_object_array_sort(cves, compare);
}

static int add_id(const char *id, char ***ids) {
    if (!id || !*id || strv_contains(*ids, id))
        return 0;
    return strv_length(*ids) >= IDS_MAX ? -E2BIG : strv_extend(ids, id);
}

static int parse_lines(const char *text, char ***ids) {
    _cleanup_free_ char *copy = strdup(text);
    char *rest;
    int r = copy ? 0 : -ENOMEM;

    for (char *line = r < 0 ? NULL : strtok_r(copy, "\r\n", &rest); line && r >= 0; line = strtok_r(NULL, "\r\n", &rest)) {
        line += strspn(line, " \t");
        line[strcspn(line, " \t#")] = '\0';
        r = add_id(line, ids);
    }
    return r;
}

/* OpenVEX: statements[].vulnerability, an object with a name, or in 0.0.x the name itself. */
static int parse_openvex(json_object *statements, char ***ids) {
    int r = 0;

    for (size_t i = 0; i < json_object_array_length(statements) && r >= 0; i++) {
        json_object *v = json_object_object_get(json_object_array_get_idx(statements, i), "vulnerability");

        r = add_id(json_object_is_type(v, json_type_object)   ? value_get(v, "name")
                   : json_object_is_type(v, json_type_string) ? json_object_get_string(v)
                                                              : NULL,
                   ids);
    }
    return r;
}

/* CSAF 2.0 has vulnerabilities[].cve, or .ids[].text where it is no CVE, and CycloneDX .id. */
static int parse_vulnerability(json_object *v, char ***ids) {
    json_object *others;
    int r;

    r = add_id(value_get(v, "cve"), ids);
    if (r >= 0)
        r = add_id(value_get(v, "id"), ids);
    if (r < 0 || !json_object_object_get_ex(v, "ids", &others) || !json_object_is_type(others, json_type_array))
        return r;
    for (size_t i = 0; i < json_object_array_length(others) && r >= 0; i++)
        r = add_id(value_get(json_object_array_get_idx(others, i), "text"), ids);
    return r;
}

static int parse_vulnerabilities(json_object *vulnerabilities, char ***ids) {
    int r = 0;

    for (size_t i = 0; i < json_object_array_length(vulnerabilities) && r >= 0; i++)
        r = parse_vulnerability(json_object_array_get_idx(vulnerabilities, i), ids);
    return r;
}

static int parse_document(const char *path, const char *text, char ***ids, struct error *e) {
    _cleanup_json_ json_object *o = json_tokener_parse(text);
    json_object *list;

    if (!json_object_is_type(o, json_type_object))
        return error_set(e, -EBADMSG, EXIT_STATUS_USAGE, "%s: not valid JSON", path);
    if (json_object_object_get_ex(o, "statements", &list) && json_object_is_type(list, json_type_array))
        return parse_openvex(list, ids);
    if (json_object_object_get_ex(o, "vulnerabilities", &list) && json_object_is_type(list, json_type_array))
        return parse_vulnerabilities(list, ids);
    return error_set(e, -EBADMSG, EXIT_STATUS_USAGE, "%s: JSON, but no OpenVEX, CSAF or CycloneDX document", path);
}

int cves_parse_list(const char *path, const char *text, char ***ret, struct error *e) {
    _cleanup_strv_free_ char **ids = NULL;
    int r;

    r = text[strspn(text, " \t\r\n")] == '{' ? parse_document(path, text, &ids, e) : parse_lines(text, &ids);
    if (r == -E2BIG)
        return error_set(e, r, EXIT_STATUS_USAGE, "%s: more than %d identifiers", path, IDS_MAX);
    if (r >= 0)
        *ret = TAKE_PTR(ids);
    return r;
}
