/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "base/json-file.h"
#include "base/strv.h"
#include "config/name.h"
#include "state/results.h"

/* A reason can quote a line of a manifest, which may be that long. */
#define TEXT_SIZE_MAX ((size_t) 16 * 1024)

/* No result of a patch has this name, because it lacks ".json". */
#define LAST_LOAD RESULTS_DIRECTORY "/last-load"

/* The strings of a result and their names in the file. */
static const struct json_field strings[] = {
    { "name", offsetof(struct result, name) },
    { "action", offsetof(struct result, action) },
    { "state", offsetof(struct result, state) },
    { "reason", offsetof(struct result, reason) },
    { "hint", offsetof(struct result, hint) },
    { "cause", offsetof(struct result, cause) },
    { "stage", offsetof(struct result, stage) },
    { "earlyReason", offsetof(struct result, early_reason) },
    { "unguarded", offsetof(struct result, unguarded) },
    { "lateReason", offsetof(struct result, late_reason) },
    { "modulePath", offsetof(struct result, module_path) },
    { "moduleName", offsetof(struct result, module_name) },
    { "sha256", offsetof(struct result, sha256) },
    { "buildId", offsetof(struct result, build_id) },
    { "manifestSha256", offsetof(struct result, manifest_sha256) },
    { "verdict", offsetof(struct result, verdict) },
    { "way", offsetof(struct result, way) },
    { "signer", offsetof(struct result, signer) },
    { "keyId", offsetof(struct result, key_id) },
    { "keyring", offsetof(struct result, keyring) },
    { "hash", offsetof(struct result, hash) },
    { "expired", offsetof(struct result, expired) },
};

const char *result_failed_state(int r, enum exit_status exit_status) {
    if (exit_status == EXIT_STATUS_QUARANTINED)
        return "quarantined";
    return exit_status == EXIT_STATUS_REFUSED && r != -ENOEXEC ? "refused" : "failed";
}

bool result_has_failed(const struct result *r) {
    const char *state = strempty(r->state);

    return streq(state, "failed") || streq(state, "refused") || streq(state, "quarantined");
}

void result_done(struct result *r) {
    json_file_free_fields(strings, ELEMENTSOF(strings), r);
    strv_free(r->replaces);
    *r = (struct result){};
}

void result_list_done(struct result_list *l) {
    for (size_t i = 0; i < l->n_results; i++)
        result_done(l->results + i);
    free(l->results);
    *l = (struct result_list){};
}

int result_copy_signature(const struct result *from, struct result *to) {
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(strings) && r >= 0; i++)
        if (strings[i].offset >= offsetof(struct result, verdict) &&
            strings[i].offset <= offsetof(struct result, expired))
            r = string_set(json_field_of(to, strings + i), *json_field_of(from, strings + i));
    return r;
}

/* Shortens a member that is too long, at a character boundary. */
static void shorten(json_object *o, const char *key, const char *text) {
    size_t n = TEXT_SIZE_MAX;

    if (strlen(strempty(text)) <= n)
        return;
    while (n > 0 && ((unsigned char) text[n] & 0xc0) == 0x80)
        n--;
    json_object_object_add(o, key, json_object_new_string_len(text, (int) n));
}

static json_object *result_to_json(const struct result *r) {
    json_object *o = json_object_new_object(), *replaces = json_object_new_array();

    json_file_add_fields(o, strings, ELEMENTSOF(strings), r);
    shorten(o, "reason", r->reason);
    shorten(o, "hint", r->hint);
    STRV_FOREACH(name, r->replaces)
        json_object_array_add(replaces, json_object_new_string(*name));
    json_object_object_add(o, "replaces", replaces);
    json_object_object_add(o, "loaded", json_object_new_boolean(r->loaded));
    json_object_object_add(o, "fromFile", json_object_new_boolean(r->from_file));
    json_object_object_add(o, "complete", json_object_new_boolean(r->complete));
    json_object_object_add(o, "exitStatus", json_object_new_int(r->exit_status));
    json_object_object_add(o, "since", json_object_new_uint64(r->since_usec));
    json_object_object_add(o, "monotonic", json_object_new_uint64(r->monotonic_usec));
    json_object_object_add(o, "transitionUsec", json_object_new_uint64(r->transition_usec));
    return o;
}

static int result_path(const char *name, char **ret) {
    if (!patch_name_is_valid(name))
        return -EINVAL;
    return asprintf(ret, RESULTS_DIRECTORY "/%s.json", name) < 0 ? -ENOMEM : 0;
}

int result_write(const struct host *h, const struct result *r) {
    _cleanup_(json_object_putp) json_object *o = NULL;
    _cleanup_free_ char *path = NULL;
    int k;

    k = result_path(r->name, &path);
    if (k < 0)
        return k;
    o = result_to_json(r);
    return json_file_write_volatile(h, path, o);
}

static int over_from_json(json_object *o, struct result *r) {
    json_object *replaces;
    int k;

    if (!json_object_object_get_ex(o, "replaces", &replaces) ||
        !json_object_is_type(replaces, json_type_array))
        return 0;
    for (size_t i = 0; i < json_object_array_length(replaces); i++) {
        json_object *item = json_object_array_get_idx(replaces, i);
        const char *name = json_object_get_string(item);

        if (!json_object_is_type(item, json_type_string) || !patch_name_is_valid(name))
            return -EBADMSG;
        k = strv_extend(&r->replaces, name);
        if (k < 0)
            return k;
    }
    return 0;
}

static uint64_t number_from_json(json_object *o, const char *key) {
    json_object *value;

    return json_object_object_get_ex(o, key, &value) ? json_object_get_uint64(value) : 0;
}

/* It becomes the exit status of a program, which may only be a documented one. */
static enum exit_status exit_status_from_json(json_object *o) {
    json_object *value = json_object_object_get(o, "exitStatus");
    int64_t n = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;

    switch (n) {
    case EXIT_STATUS_DONE:
    case EXIT_STATUS_NO_PATCH ... EXIT_STATUS_REQUIRED:
    case EXIT_STATUS_USAGE:
    case EXIT_STATUS_CONFIG:
        return (enum exit_status) n;
    default:
        return EXIT_STATUS_FAILED;
    }
}

static int result_from_json(json_object *o, const char *name, struct result *ret) {
    _cleanup_(result_done) struct result r = {};
    int k;

    k = json_file_take_fields(o, strings, ELEMENTSOF(strings), &r);
    if (k < 0)
        return k;
    if (!r.name || !streq(r.name, name))
        return -EBADMSG;
    k = over_from_json(o, &r);
    if (k < 0)
        return k;
    r.loaded = json_object_get_boolean(json_object_object_get(o, "loaded"));
    r.from_file = json_object_get_boolean(json_object_object_get(o, "fromFile"));
    r.complete = json_object_get_boolean(json_object_object_get(o, "complete"));
    r.exit_status = exit_status_from_json(o);
    r.since_usec = number_from_json(o, "since");
    r.monotonic_usec = number_from_json(o, "monotonic");
    r.transition_usec = number_from_json(o, "transitionUsec");
    *ret = TAKE_STRUCT(r);
    return 0;
}

int result_read(const struct host *h, const char *name, struct result *ret) {
    _cleanup_(json_object_putp) json_object *o = NULL;
    _cleanup_free_ char *path = NULL;
    int r;

    r = result_path(name, &path);
    if (r >= 0)
        r = json_file_read(h, path, &o);
    return r < 0 ? r : result_from_json(o, name, ret);
}

int result_write_last(const struct host *h, const char *name) {
    return file_write_volatile(h, LAST_LOAD, name, strlen(name), 0644);
}

int result_read_last(const struct host *h, struct result *ret) {
    _cleanup_free_ char *name = NULL;
    int r = file_read_line(h, LAST_LOAD, &name);

    return r < 0 ? r : result_read(h, name, ret);
}

int result_remove(const struct host *h, const char *name) {
    _cleanup_free_ char *path = NULL, *last = NULL;
    int r;

    if (file_read_line(h, LAST_LOAD, &last) >= 0 && streq(last, name))
        (void) file_unlink(h, LAST_LOAD);
    r = result_path(name, &path);
    if (r >= 0)
        r = file_unlink(h, path);
    return r == -ENOENT ? 0 : r;
}

int result_list_names(const struct host *h, char ***ret) {
    _cleanup_strv_free_ char **files = NULL, **names = NULL;
    int r;

    r = file_list(h, RESULTS_DIRECTORY, &files);
    /* Nothing else at that path must make a boot fail. */
    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        return r;
    STRV_FOREACH(file, files) {
        char *name;

        if (!endswith(*file, ".json"))
            continue;
        name = strndup(*file, strlen(*file) - STRLEN(".json"));
        r = name ? strv_consume(&names, name) : -ENOMEM;
        if (r < 0)
            return r;
    }
    *ret = TAKE_PTR(names);
    return 0;
}

int result_list_read(const struct host *h, struct result_list *ret) {
    _cleanup_(result_list_done) struct result_list l = {};
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = result_list_names(h, &names);
    if (r < 0)
        return r;
    l.results = calloc(strv_length(names) + 1, sizeof(*l.results));
    if (!l.results)
        return -ENOMEM;
    STRV_FOREACH(name, names) {
        r = result_read(h, *name, l.results + l.n_results);
        if (r == -ENOMEM)
            return r;
        if (r >= 0)
            l.n_results++;
    }
    *ret = TAKE_STRUCT(l);
    return 0;
}

const struct result *result_list_find(const struct result_list *l, const char *name) {
    for (size_t i = 0; i < l->n_results; i++)
        if (patch_name_equal(l->results[i].name, name))
            return l->results + i;
    return NULL;
}

static struct result *find_exactly(struct result_list *l, const char *name) {
    for (size_t i = 0; i < l->n_results; i++)
        if (streq(l->results[i].name, name))
            return l->results + i;
    return NULL;
}

int result_list_put(struct result_list *l, struct result *r) {
    struct result *old = find_exactly(l, r->name), *grown;

    if (!old) {
        grown = reallocarray(l->results, l->n_results + 1, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        l->results = grown;
        old = grown + l->n_results++;
        *old = (struct result){};
    }
    result_done(old);
    *old = TAKE_STRUCT(*r);
    return 0;
}

void result_list_drop(struct result_list *l, const char *name) {
    struct result *old = find_exactly(l, name);

    if (!old)
        return;
    result_done(old);
    memmove(old, old + 1, (size_t) (l->results + --l->n_results - old) * sizeof(*old));
}

const struct result *result_list_find_module(const struct result_list *l, const char *module) {
    const struct result *found = NULL;

    for (size_t i = 0; i < l->n_results; i++) {
        const struct result *r = l->results + i;

        if (patch_name_equal(r->module_name ?: r->name, module) &&
            (!found || (r->loaded && !found->loaded)))
            found = r;
    }
    return found;
}

int result_find(const struct host *h, const char *name, struct result *ret) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = result_read(h, name, ret);
    if (r >= 0 || r == -ENOMEM)
        return r;
    r = result_list_names(h, &names);
    if (r < 0)
        return r;
    STRV_FOREACH(other, names) {
        r = patch_name_equal(*other, name) ? result_read(h, *other, ret) : -ENOENT;
        if (r >= 0 || r == -ENOMEM)
            return r;
    }
    return -ENOENT;
}

int result_find_module(const struct host *h, const char *module, struct result *ret) {
    _cleanup_(result_list_done) struct result_list l = {};
    _cleanup_(result_done) struct result r = {};
    const struct result *found;
    int k;

    /* Most modules have the name of their patch, so usually only one file is read. */
    k = result_find(h, module, &r);
    if (k == -ENOMEM)
        return k;
    if (k >= 0 && r.loaded && patch_name_equal(r.module_name ?: r.name, module)) {
        *ret = TAKE_STRUCT(r);
        return 0;
    }
    k = result_list_read(h, &l);
    if (k < 0)
        return k;
    found = result_list_find_module(&l, module);
    if (!found)
        return -ENOENT;
    *ret = TAKE_STRUCT(l.results[found - l.results]);
    return 0;
}

bool result_is_over(const struct result *r, const char *module, const struct result *other) {
    if (other && other->monotonic_usec > r->monotonic_usec)
        return false;
    STRV_FOREACH(name, r->replaces)
        if (patch_name_equal(*name, module))
            return true;
    return false;
}
