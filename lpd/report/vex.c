/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <time.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/strv.h"
#include "report/cves.h"
#include "report/vex.h"

#define OS_RELEASE_MAX ((size_t) 65536)

/* The words of a variable in os-release(5), which are letters that need no quotes. */
static int take_words(const char *text, const char *key, char ***ret) {
    size_t length = strlen(key);

    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        _cleanup_free_ char *value = NULL;

        if (strncmp(line, key, length) != 0 || line[length] != '=')
            continue;
        value = strndup(line + length + 1, strcspn(line + length + 1, "\n"));
        return value ? strv_extend_split(ret, value, " \t\"'") : -ENOMEM;
    }
    return 0;
}

static int read_os(const struct host *h, char ***ids, char ***like) {
    static const char *const paths[] = { "/etc/os-release", "/usr/lib/os-release" };
    _cleanup_free_ char *text = NULL;
    int r = -ENOENT;

    for (size_t i = 0; i < ELEMENTSOF(paths) && r < 0 && r != -ENOMEM; i++)
        r = file_read(h, paths[i], OS_RELEASE_MAX, &text, NULL);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    r = take_words(text, "ID", ids);
    if (r >= 0)
        r = take_words(text, "ID_LIKE", like);
    return r;
}

static bool is_any(char *const *ids, char *const *like, const char *const *names) {
    for (; *names; names++)
        if (strv_contains(ids, *names) || strv_contains(like, *names))
            return true;
    return false;
}

/* Percent-encodes what is not allowed in a part of a package URL, so that a release stays one part. */
static char *encode(const char *s) {
    char *encoded = malloc(3 * strlen(s) + 1), *p = encoded;

    for (; p && *s; s++)
        if (strchr("-._~", *s) || (*s >= '0' && *s <= '9') || ((*s | 0x20) >= 'a' && (*s | 0x20) <= 'z'))
            *p++ = *s;
        else
            p += sprintf(p, "%%%02X", (unsigned char) *s);
    if (p)
        *p = '\0';
    return encoded;
}

/* Debian has the release in the package's name; RPM-based distributions have it in the version, where it
 * ends with the architecture. */
static int make_purl(char *const *ids, char *const *like, const char *release, char **ret) {
    static const char *const deb[] = { "debian", "ubuntu", NULL };
    static const char *const rpm[] = { "fedora", "rhel", "centos", "suse", "opensuse", NULL };
    _cleanup_free_ char *encoded = encode(release), *id = ids ? encode(ids[0]) : NULL;
    int r;

    if (!encoded || (ids && !id))
        return -ENOMEM;
    if (id && is_any(ids, like, deb))
        r = asprintf(ret, "pkg:deb/%s/linux-image-%s", id, encoded);
    else if (id && is_any(ids, like, rpm))
        r = asprintf(ret, "pkg:rpm/%s/%s@%s", id, strstr(id, "suse") || strv_contains(like, "suse") ? "kernel-default"
                                                                                                 : "kernel-core", encoded);
    else
        r = asprintf(ret, "pkg:generic/linux-kernel@%s", encoded);
    if (r >= 0)
        return 0;
    *ret = NULL;
    return -ENOMEM;
}

int vex_kernel_make(const struct host *h, const char *release, const char *build_id, uint64_t usec,
                    struct vex_kernel *ret) {
    _cleanup_strv_free_ char **ids = NULL, **like = NULL;
    int r = read_os(h, &ids, &like);

    *ret = (struct vex_kernel){ .release = release, .build_id = build_id, .usec = usec };
    return r < 0 ? r : make_purl(ids, like, release, &ret->purl);
}

void vex_kernel_done(struct vex_kernel *k) {
    free(k->purl);
    *k = (struct vex_kernel){};
}

/* RFC 3339 */
static void add_timestamp(json_object *o, const char *key, uint64_t usec) {
    time_t t = (time_t) (usec / USEC_PER_SEC);
    char text[64] = "";
    struct tm tm;

    if (gmtime_r(&t, &tm))
        (void) strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    json_add_string(o, key, text);
}

/* The build id tells the kernels of one package apart: a product of its own, so that tools that look for
 * either find it. */
static json_object *products(const struct vex_kernel *k) {
    json_object *array = json_object_new_array(), *o = json_object_new_object(), *identifiers = json_object_new_object();
    _cleanup_free_ char *encoded = encode(k->release), *generic = NULL;

    json_add_string(o, "@id", k->purl);
    json_add_string(identifiers, "purl", k->purl);
    json_object_object_add(o, "identifiers", identifiers);
    json_object_array_add(array, o);
    if (!k->build_id || !encoded ||
        asprintf(&generic, "pkg:generic/linux-kernel@%s?build_id=%s", encoded, k->build_id) < 0)
        return array;
    o = json_object_new_object();
    json_add_string(o, "@id", generic);
    json_object_array_add(array, o);
    return array;
}

static const char *action_of(const char *state) {
    return streq(state, cve_state_name(CVE_PENDING))
               ? "Wait for the transition to end; lpctl blocking lists the tasks that block it."
           : streq(state, cve_state_name(CVE_OVERRIDDEN))
               ? "Stop the program that overrides the patched function; lpctl status names it."
               : "Load the patch, or boot a fixed kernel; lpctl why says why it is not loaded.";
}

/* What no patch here is known to fix may be fixed in the kernel itself. */
static json_object *statement(const struct vex_kernel *k, json_object *cve) {
    const char *state = value_get(cve, "state"), *patch = value_get(cve, "patch"), *reason = value_get(cve, "reason");
    bool effective = state && streq(state, cve_state_name(CVE_EFFECTIVE));
    json_object *o = json_object_new_object(), *vulnerability = json_object_new_object();
    _cleanup_free_ char *notes = NULL;

    json_add_string(vulnerability, "name", value_get(cve, "id"));
    json_object_object_add(o, "vulnerability", vulnerability);
    json_object_object_add(o, "products", products(k));
    json_add_string(o, "status", !state ? "under_investigation" : effective ? "fixed" : "affected");
    if (!state)
        notes = strdup(strempty(reason));
    else if (asprintf(&notes, "live patch %s: %s%s%s", strempty(patch), state, reason ? ": " : "", strempty(reason)) < 0)
        notes = NULL;
    json_add_string(o, "status_notes", strempty(notes));
    if (state && !effective)
        json_add_string(o, "action_statement", action_of(state));
    return o;
}

json_object *vex_build_openvex(const struct vex_kernel *kernel, json_object *cves) {
    json_object *o = json_object_new_object(), *statements = json_object_new_array();
    char hash[SHA256_HEX_SIZE], id[sizeof("urn:lpd:openvex:") + SHA256_HEX_SIZE];
    const char *text;

    json_add_string(o, "@context", "https://openvex.dev/ns/v0.2.0");
    json_add_string(o, "@id", "");
    json_add_string(o, "author", "lpd");
    add_timestamp(o, "timestamp", kernel->usec);
    json_add_number(o, "version", 1);
    json_add_string(o, "tooling", "lpctl cves");
    for (size_t i = 0; i < json_object_array_length(cves); i++)
        json_object_array_add(statements, statement(kernel, json_object_array_get_idx(cves, i)));
    json_object_object_add(o, "statements", statements);
    text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
    sha256_take_hex(text, strlen(text), hash);
    (void) snprintf(id, sizeof(id), "urn:lpd:openvex:%s", hash);
    json_add_string(o, "@id", id);
    return o;
}
