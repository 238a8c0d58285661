/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "livepatch/sysfs.h"
#include "livepatch/view.h"
#include "module/info.h"

void livepatch_done(struct livepatch *p) {
    free(p->name);
    free(p->taint);
    free(p->build_id);
    strv_free(p->objects);
    strv_free(p->patched);
    strv_free(p->unpatched);
    strv_free(p->functions);
    *p = (struct livepatch){ 0 };
}

void livepatch_list_done(struct livepatch_list *l) {
    for (size_t i = 0; i < l->n_patches; i++)
        livepatch_done(&l->patches[i]);
    free(l->patches);
    *l = (struct livepatch_list){ 0 };
}

static char *module_attribute_read(const struct host *h, const char *name, const char *attribute) {
    _cleanup_free_ char *path = NULL;
    char *value;

    if (module_path(name, attribute, &path) < 0)
        return NULL;
    return file_read_line(h, path, &value) < 0 ? NULL : value;
}

static char *module_build_id_read(const struct host *h, const char *name) {
    _cleanup_free_ char *path = NULL, *notes = NULL;
    char *build_id;
    size_t size;

    if (module_path(name, "notes/.note.gnu.build-id", &path) < 0 ||
        file_read(h, path, 64 * 1024, &notes, &size) < 0)
        return NULL;
    return build_id_from_notes(notes, size, &build_id) < 0 ? NULL : build_id;
}

static int parse_count(const char *s) {
    char *end;
    long n;

    errno = 0;
    n = s ? strtol(s, &end, 10) : -1;
    return s && errno == 0 && end != s && !*end && n >= 0 && n <= INT_MAX ? (int) n : -1;
}

/* A built-in module has a directory too, but no initstate; a module that is being loaded or
 * removed has another state. */
static void module_read(const struct host *h, struct livepatch *p) {
    _cleanup_free_ char *state = module_attribute_read(h, p->name, "initstate");
    _cleanup_free_ char *count = NULL;

    p->module_loaded = state && streq(state, "live");
    p->refcount = -1;
    if (!p->module_loaded)
        return;
    count = module_attribute_read(h, p->name, "refcnt");
    p->refcount = parse_count(count);
    p->taint = module_attribute_read(h, p->name, "taint");
    p->build_id = module_build_id_read(h, p->name);
}

static int patched_read(const struct host *h, const char *object, struct livepatch *p) {
    _cleanup_free_ char *attribute = NULL;
    int flag;

    if (asprintf(&attribute, "%s/patched", object) < 0)
        return -ENOMEM;
    flag = livepatch_flag_read(h, p->name, attribute);
    return flag < 0 ? 0 : strv_extend(flag > 0 ? &p->patched : &p->unpatched, object);
}

/* The directories of functions are named FUNCTION,SYMPOS; an object's attributes have no comma. */
static int functions_read(const struct host *h, const char *directory, const char *object,
                          struct livepatch *p) {
    _cleanup_free_ char *path = NULL;
    _cleanup_strv_free_ char **names = NULL;
    char *function;
    int r;

    if (asprintf(&path, "%s/%s", directory, object) < 0)
        return -ENOMEM;
    r = file_list(h, path, &names);
    if (r < 0)
        return r;
    r = strv_extend(&p->objects, object);
    if (r >= 0)
        r = patched_read(h, object, p);
    STRV_FOREACH(name, names) {
        if (r < 0)
            break;
        if (!strchr(*name, ','))
            continue;
        r = asprintf(&function, "%s/%s", object, *name) < 0 ? -ENOMEM
                                                            : strv_consume(&p->functions, function);
    }
    return r;
}

/* In a patch's directory only its objects are directories. Those that disappear meanwhile are
 * skipped. */
static int objects_read(const struct host *h, struct livepatch *p) {
    _cleanup_free_ char *directory = NULL;
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = livepatch_path(p->name, "", &directory);
    if (r < 0)
        return r;
    r = file_list(h, directory, &names);
    STRV_FOREACH(name, names) {
        r = functions_read(h, directory, *name, p);
        if (r == -ENOMEM)
            break;
    }
    return r == -ENOMEM ? r : 0;
}

int livepatch_read(const struct host *h, const char *name, struct livepatch *ret) {
    _cleanup_(livepatch_done) struct livepatch p = { 0 };
    int enabled, r;

    p.name = patch_name_to_module(name);
    if (!p.name)
        return -ENOMEM;
    module_read(h, &p);
    enabled = livepatch_flag_read(h, p.name, "enabled");
    p.registered = enabled >= 0;
    if (!p.registered && !p.module_loaded)
        return -ENOENT;
    p.enabled = enabled > 0;
    /* An unknown state does not prove that it has finished. */
    p.transition = p.registered && livepatch_flag_read(h, p.name, "transition") != 0;
    p.replace = livepatch_flag_read(h, p.name, "replace");
    if (p.registered) {
        r = objects_read(h, &p);
        if (r < 0)
            return r;
    }
    *ret = TAKE_STRUCT(p);
    return 0;
}

bool livepatch_is_plain_module(const struct livepatch *p) {
    return !p->registered && p->taint && !strchr(p->taint, 'K');
}

static int list_add(const struct host *h, const char *name, struct livepatch_list *l) {
    struct livepatch *grown;
    int r;

    grown = reallocarray(l->patches, l->n_patches + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    l->patches = grown;
    r = livepatch_read(h, name, &l->patches[l->n_patches]);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    if (livepatch_is_plain_module(&l->patches[l->n_patches]))
        livepatch_done(&l->patches[l->n_patches]);
    else
        l->n_patches++;
    return 0;
}

static int list_add_all(const struct host *h, char *const *names, struct livepatch_list *l) {
    int r = 0;

    STRV_FOREACH(name, names)
        if (r >= 0 && !livepatch_list_find(l, *name))
            r = list_add(h, *name, l);
    return r;
}

int livepatch_list_read_some(const struct host *h, char *const *names, struct livepatch_list *ret) {
    _cleanup_(livepatch_list_done) struct livepatch_list l = { 0 };
    int r;

    r = list_add_all(h, names, &l);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(l);
    return 0;
}

int livepatch_list_read(const struct host *h, char *const *also, struct livepatch_list *ret) {
    _cleanup_(livepatch_list_done) struct livepatch_list l = { 0 };
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = file_list(h, LIVEPATCH_DIRECTORY, &names);
    if (r < 0 && r != -ENOENT)
        return r;
    STRV_FOREACH(name, names) {
        r = list_add(h, *name, &l);
        if (r < 0)
            return r;
    }
    r = list_add_all(h, also, &l);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(l);
    return 0;
}

const struct livepatch *livepatch_list_find(const struct livepatch_list *l, const char *name) {
    for (size_t i = 0; i < l->n_patches; i++)
        if (patch_name_equal(l->patches[i].name, name))
            return &l->patches[i];
    return NULL;
}

const struct livepatch *livepatch_list_transition(const struct livepatch_list *l) {
    for (size_t i = 0; i < l->n_patches; i++)
        if (l->patches[i].transition)
            return &l->patches[i];
    return NULL;
}
