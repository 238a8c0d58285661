/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "config/manifest.h"
#include "config/name.h"
#include "config/value.h"

/* value_word() writes an unsigned. */
_Static_assert(sizeof(enum patch_stage) == sizeof(unsigned) &&
                   sizeof(enum patch_wait) == sizeof(unsigned) &&
                   sizeof(enum on_stall) == sizeof(unsigned),
               "enums are unsigned");

static const char *const stage_words[] = { [STAGE_SYSTEM] = "system", [STAGE_INITRD] = "initrd" };
static const char *const wait_words[] = { [WAIT_FOR_LOADED] = "loaded",
                                          [WAIT_FOR_PATCHED] = "patched" };
static const char *const on_stall_words[] = { [ON_STALL_WAIT] = "wait",
                                              [ON_STALL_REVERT] = "revert",
                                              [ON_STALL_FORCE] = "force" };

#define PATCH(key, text, parser, field, ...)                                                       \
    { .section = "Patch", .name = key, .fallback = text, .parse = value_##parser,                  \
      .offset = offsetof(struct manifest, field), __VA_ARGS__ }
#define KERNEL(key, parser, field, ...)                                                            \
    { .section = "Kernel:", .name = key, .fallback = "", .parse = value_##parser,                  \
      .offset = offsetof(struct manifest_kernel, field), __VA_ARGS__ }
#define WORDS(list) .words = list, .n_words = ELEMENTSOF(list)

const struct ini_key manifest_keys[] = {
    PATCH("Description", "", string, description, .for_people = true),
    PATCH("Fixes", "", list, fixes, .repeats = true, .for_people = true),
    PATCH("Effective", "", string, effective, .for_people = true),
    PATCH("Enabled", "yes", boolean, enabled),
    PATCH("Stage", "system", word, stage, WORDS(stage_words)),
    PATCH("Required", "no", boolean, required),
    PATCH("After", "", names, after, .repeats = true),
    PATCH("Requires", "", names, requires, .repeats = true),
    PATCH("Conflicts", "", names, conflicts, .repeats = true),
    PATCH("Parameters", "", string, parameters),
    PATCH("WaitFor", "loaded", word, wait_for, WORDS(wait_words)),
    PATCH("TimeoutSec", "60s", timespan, timeout_usec, .min = 1),
    PATCH("OnStall", "wait", word, on_stall, WORDS(on_stall_words)),
    PATCH("Probe", "", program, probe),
    PATCH("Rollout", "100%", waves, rollout),
    PATCH("RolloutTags", "", list, rollout_tags, .repeats = true),
    KERNEL("Module", file, module),
    KERNEL("SHA256", hex_list, sha256, .min = 64, .max = 64, .takes = "64 hexadecimal digits"),
    KERNEL("BuildID", hex, build_id, .min = 2, .max = 128,
           .takes = "an even number of hexadecimal digits"),
};
const size_t n_manifest_keys = ELEMENTSOF(manifest_keys);
_Static_assert(ELEMENTSOF(manifest_keys) <= INI_KEYS_MAX, "too many keys");

static void kernel_done(struct manifest_kernel *k) {
    free(k->release);
    free(k->module);
    free(k->sha256);
    free(k->build_id);
}

void manifest_forget_sources(struct manifest *m) {
    for (size_t i = 0; i < m->n_sources; i++) {
        free(m->sources[i].path);
        free(m->sources[i].data);
    }
    free(m->sources);
    m->sources = NULL;
    m->n_sources = 0;
}

int manifest_add_source(struct manifest *m, const char *path, const char *data, size_t size) {
    _cleanup_free_ char *p = strdup(path), *copy = malloc(size);
    struct manifest_source *grown;

    grown = reallocarray(m->sources, m->n_sources + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    m->sources = grown;
    if (!p || !copy)
        return -ENOMEM;
    memcpy(copy, data, size);
    m->sources[m->n_sources++] =
        (struct manifest_source){ .path = TAKE_PTR(p), .data = TAKE_PTR(copy), .size = size };
    return 0;
}

void manifest_done(struct manifest *m) {
    manifest_forget_sources(m);
    for (size_t i = 0; i < m->n_kernels; i++)
        kernel_done(m->kernels + i);
    free(m->kernels);
    for (size_t i = 0; i < m->n_adopted; i++)
        adopted_module_done(m->adopted + i);
    free(m->adopted);
    free(m->name);
    free(m->path);
    strv_free(m->dropins);
    free(m->description);
    strv_free(m->fixes);
    free(m->effective);
    strv_free(m->after);
    strv_free(m->requires);
    strv_free(m->conflicts);
    free(m->parameters);
    free(m->probe);
    waves_done(&m->rollout);
    strv_free(m->rollout_tags);
    error_done(&m->warnings);
    *m = (struct manifest){ 0 };
}

/* Appends a section for that release. */
static int add_kernel(struct manifest *m, const char *release, struct manifest_kernel **ret) {
    struct manifest_kernel *grown;
    char *copy;

    grown = reallocarray(m->kernels, m->n_kernels + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    m->kernels = grown;
    copy = strdup(release);
    if (!copy)
        return -ENOMEM;
    *ret = m->kernels + m->n_kernels++;
    **ret = (struct manifest_kernel){ .release = copy };
    return 0;
}

/* A section of a drop-in continues the same section of an earlier file. */
static int begin_section(void *userdata, const char *argument, void **ret_target, struct error *e) {
    struct manifest *m = userdata;
    struct manifest_kernel *k;
    int r;

    if (!argument) {
        *ret_target = m;
        return 0;
    }
    if (!kernel_release_is_valid(argument))
        return error_set(e, -EBADMSG, EXIT_STATUS_CONFIG,
                         "[Kernel:…] takes the release of a kernel (uname -r), not '%s'", argument);
    k = (struct manifest_kernel *) manifest_kernel_for(m, argument);
    if (!k) {
        if (m->n_kernels >= INI_SECTIONS_MAX)
            return error_set(e, -EBADMSG, EXIT_STATUS_CONFIG, "more than %d [Kernel:…] sections",
                             INI_SECTIONS_MAX);
        r = add_kernel(m, argument, &k);
        if (r < 0)
            return r;
    }
    *ret_target = k;
    return 0;
}

static int refuse_itself(void *userdata, const struct ini_key *k, const char *value _unused_,
                         const char *path _unused_, unsigned line _unused_, struct error *e) {
    struct manifest *m = userdata;
    char *const *lists[] = { m->after, m->requires, m->conflicts };

    for (size_t i = 0; i < ELEMENTSOF(lists); i++)
        STRV_FOREACH(name, lists[i])
            if (patch_name_equal(*name, m->name))
                return error_set(e, -EBADMSG, EXIT_STATUS_CONFIG, "%s= names the patch itself",
                                 k->name);
    return 0;
}

static void warn(void *userdata, int fault, struct error *one) {
    struct manifest *m = userdata;

    (void) error_collect(&m->warnings, fault, one);
}

static const struct ini_table manifest_table = {
    .keys = manifest_keys,
    .n_keys = ELEMENTSOF(manifest_keys),
    .begin = begin_section,
    .assigned = refuse_itself,
    .warn = warn,
};

int manifest_merge(struct manifest *m, const char *path, const char *data, size_t size,
                   struct error *e) {
    return ini_read(&manifest_table, path, data, size, m, e);
}

/* Also shows the warnings, so that both can be fixed at once. */
static void add_warnings(struct manifest *m, struct error *e) {
    struct error *next;

    if (!m->warnings.message)
        return;
    for (struct error *more = m->warnings.more; more; more = next) {
        next = more->more;
        more->more = NULL;
        (void) error_collect(e, -EBADMSG, more);
        free(more);
    }
    m->warnings.more = NULL;
    (void) error_collect(e, -EBADMSG, &m->warnings);
}

int manifest_parse(const char *name, const char *path, const char *data, size_t size,
                   struct manifest *ret, struct error *e) {
    _cleanup_(manifest_done) struct manifest m = { 0 };
    int r;

    if (!patch_name_is_valid(name))
        return error_set(e, -EBADMSG, EXIT_STATUS_CONFIG, "%s: '%s' is not a valid patch name",
                         path, name);
    m.name = strdup(name);
    m.path = strdup(path);
    if (!m.name || !m.path)
        return -ENOMEM;
    r = ini_defaults(&manifest_table, "Patch", &m);
    if (r < 0)
        return r;
    r = manifest_merge(&m, path, data, size, e);
    if (r < 0) {
        add_warnings(&m, e);
        return r;
    }
    *ret = TAKE_STRUCT(m);
    return 0;
}

const char *manifest_adopted_module(const struct manifest *m, const char *release) {
    for (size_t i = 0; i < m->n_adopted; i++)
        if (streq(m->adopted[i].release, release))
            return m->adopted[i].path;
    return NULL;
}

const struct manifest_kernel *manifest_kernel_for(const struct manifest *m, const char *release) {
    for (size_t i = 0; i < m->n_kernels; i++)
        if (streq(m->kernels[i].release, release))
            return m->kernels + i;
    return NULL;
}

bool manifest_kernel_allows(const struct manifest_kernel *k, const char *sha256) {
    return !k->sha256 || strstr(k->sha256, sha256);
}

bool manifest_covers(const struct manifest *m, const char *release) {
    return m->n_kernels == 0 || manifest_kernel_for(m, release);
}

const char *patch_stage_to_string(enum patch_stage s) {
    return stage_words[s];
}

const char *patch_wait_to_string(enum patch_wait w) {
    return wait_words[w];
}

const char *on_stall_to_string(enum on_stall s) {
    return on_stall_words[s];
}
