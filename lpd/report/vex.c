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

/* The build id tells the kernels of one package apart: a product of its own, so that tools that look for
 * either find it. */
static int make_build_purl(const char *release, const char *build_id, char **ret) {
    _cleanup_free_ char *encoded = encode(release);

    if (build_id && encoded && asprintf(ret, "pkg:generic/linux-kernel@%s?build_id=%s", encoded, build_id) >= 0)
        return 0;
    *ret = NULL;
    return build_id ? -ENOMEM : 0;
}

int vex_kernel_make(const struct host *h, const char *release, const char *build_id, uint64_t usec,
                    struct vex_kernel *ret) {
    _cleanup_(vex_kernel_done) struct vex_kernel k = { .release = release };
    _cleanup_strv_free_ char **ids = NULL, **like = NULL;
    time_t t = (time_t) (usec / USEC_PER_SEC);
    struct tm tm;
    int r;

    r = read_os(h, &ids, &like);
    if (r >= 0)
        r = make_purl(ids, like, release, &k.purls[0]);
    if (r >= 0)
        r = make_build_purl(release, build_id, &k.purls[1]);
    if (r < 0)
        return r;
    if (gmtime_r(&t, &tm))
        (void) strftime(k.timestamp, sizeof(k.timestamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
    *ret = TAKE_STRUCT(k);
    return 0;
}

void vex_kernel_done(struct vex_kernel *k) {
    for (size_t i = 0; i < ELEMENTSOF(k->purls); i++)
        free(k->purls[i]);
    *k = (struct vex_kernel){};
}

static const char *action_of(const char *state) {
    return streq(state, cve_state_name(CVE_PENDING))
               ? "Wait for the transition to end; lpctl blocking lists the tasks that block it."
           : streq(state, cve_state_name(CVE_OVERRIDDEN))
               ? "Stop the program that overrides the patched function; lpctl status names it."
               : "Load the patch, or boot a fixed kernel; lpctl why says why it is not loaded.";
}

/* What no patch here is known to fix may be fixed in the kernel itself. */
static int claim_make(json_object *cve, struct vex_claim *c) {
    const char *state = value_get(cve, "state"), *patch = value_get(cve, "patch"), *reason = value_get(cve, "reason");
    int r;

    c->id = value_get(cve, "id");
    if (state)
        c->status = streq(state, cve_state_name(CVE_EFFECTIVE)) ? VEX_FIXED : VEX_AFFECTED;
    if (c->status == VEX_AFFECTED)
        c->action = action_of(state);
    if (state)
        r = asprintf(&c->notes, "live patch %s: %s%s%s", strempty(patch), state, reason ? ": " : "", strempty(reason));
    else
        r = asprintf(&c->notes, "%s", strempty(reason));
    if (r >= 0)
        return 0;
    c->notes = NULL;
    return -ENOMEM;
}

static void claims_free(struct vex_claim *claims, size_t n) {
    for (size_t i = 0; claims && i < n; i++)
        free(claims[i].notes);
    free(claims);
}

void vex_digest(json_object *document, char ret[static SHA256_HEX_SIZE]) {
    const char *text = json_object_to_json_string_ext(document, JSON_C_TO_STRING_PLAIN);

    sha256_take_hex(strempty(text), strlen(strempty(text)), ret);
}

static const char *const format_names[] = {
    [VEX_OPENVEX] = "openvex",
    [VEX_CSAF] = "csaf",
    [VEX_CYCLONEDX] = "cyclonedx",
};

int vex_format_from_string(const char *s) {
    for (size_t i = 0; i < ELEMENTSOF(format_names); i++)
        if (streq(s, format_names[i]))
            return (int) i;
    return -EINVAL;
}

json_object *vex_build(enum vex_format format, const struct vex_kernel *kernel, json_object *cves) {
    static json_object *(*const builders[])(const struct vex_kernel *, const struct vex_claim *, size_t) = {
        [VEX_OPENVEX] = openvex_build,
        [VEX_CSAF] = csaf_build,
        [VEX_CYCLONEDX] = cyclonedx_build,
    };
    size_t n = json_object_array_length(cves);
    struct vex_claim *claims = calloc(n + 1, sizeof(*claims));
    json_object *o = NULL;
    int r = claims ? 0 : -ENOMEM;

    for (size_t i = 0; i < n && r >= 0; i++)
        r = claim_make(json_object_array_get_idx(cves, i), claims + i);
    if (r >= 0)
        o = builders[format](kernel, claims, n);
    claims_free(claims, n);
    return o;
}
