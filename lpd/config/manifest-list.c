/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "config/adopted.h"
#include "config/conf-files.h"
#include "config/manifest.h"
#include "config/name.h"

#define SUBDIR "patches.d"

static void entry_done(struct manifest_entry *entry) {
    free(entry->name);
    free(entry->path);
    error_done(&entry->error);
    manifest_done(&entry->manifest);
}

void manifest_list_done(struct manifest_list *l) {
    for (size_t i = 0; i < l->n_entries; i++)
        entry_done(l->entries + i);
    free(l->entries);
    free(l->by_name);
    *l = (struct manifest_list){ 0 };
}

/* What is there to be read. */
struct listing {
    const struct host *host;
    struct conf_names names;
    struct adopted_list adopted;
    struct safe_directories known;
    bool keep_sources;
};

static void listing_done(struct listing *l) {
    conf_names_done(&l->names);
    adopted_list_done(&l->adopted);
    safe_directories_done(&l->known);
}

static struct conf_name *find_name(const struct conf_names *names, const char *name) {
    for (size_t i = 0; i < names->n_names; i++)
        if (patch_name_equal(names->names[i].name, name))
            return names->names + i;
    return NULL;
}

static int add_name(struct conf_names *names, const char *name) {
    struct conf_name *grown = reallocarray(names->names, names->n_names + 1, sizeof(*grown));
    char *copy = strdup(name);

    if (grown)
        names->names = grown;
    if (!grown || !copy) {
        free(copy);
        return -ENOMEM;
    }
    names->names[names->n_names++] = (struct conf_name){ .name = copy };
    return 0;
}

/* Without a policy that was read already, its Adopt= is read here. Whoever loads something reports the
 * faults of the policy. */
static int read_adopted(const struct host *h, const struct policy *p, struct adopted_list *ret) {
    _cleanup_(policy_done) struct policy own = {};

    if (!p && policy_load(h, &own, NULL) == -ENOMEM)
        return -ENOMEM;
    return adopted_list_read(h, p ? p->store_adopt : own.store_adopt, ret);
}

/* An adopted module has a name as a manifest has; it may have both. */
static int listing_read(const struct host *h, const struct policy *p, struct listing *l, struct error *e) {
    int r;

    l->host = h;
    r = conf_names_list(h, CONF_ALL_DIRS, SUBDIR, &l->names, e);
    if (r >= 0)
        r = read_adopted(h, p, &l->adopted);
    for (size_t i = 0; i < l->adopted.n_modules && r >= 0; i++)
        if (!find_name(&l->names, l->adopted.modules[i].name))
            r = add_name(&l->names, l->adopted.modules[i].name);
    return r;
}

static const struct adopted_module *find_adopted(const struct listing *l, const char *name) {
    for (size_t i = 0; i < l->adopted.n_modules; i++)
        if (patch_name_equal(l->adopted.modules[i].name, name))
            return l->adopted.modules + i;
    return NULL;
}

/* Drop-ins without a manifest and without a module are no patch. */
static bool is_patch(const struct listing *l, const struct conf_name *n) {
    return n->files || find_adopted(l, n->name);
}

/* A drop-in that is tried: it takes the place of the one of its name. */
struct draft {
    const char *path, *text;
    bool merged;
};

struct merging {
    struct manifest *manifest;
    struct draft *draft; /* or NULL */
};

static int merge_text(struct manifest *m, const char *path, const char *data, size_t size, struct error *e) {
    int r;

    r = strv_extend(&m->dropins, path);
    if (r >= 0)
        r = manifest_add_source(m, path, data, size);
    return r < 0 ? r : manifest_merge(m, path, data, size, e);
}

static int merge_draft(struct merging *merging, struct error *e) {
    struct draft *d = merging->draft;

    if (!d || d->merged)
        return 0;
    d->merged = true;
    return merge_text(merging->manifest, d->path, d->text, strlen(d->text), e);
}

/* Drop-ins come in the order of their names. */
static int merge_dropin(void *userdata, const char *path, const char *data, size_t size,
                        struct error *e) {
    struct merging *merging = userdata;
    int order = merging->draft ? strcmp(path_basename(path), path_basename(merging->draft->path)) : -1, r;

    r = order >= 0 ? merge_draft(merging, e) : 0;
    if (order != 0)
        (void) RET_GATHER(r, merge_text(merging->manifest, path, data, size, e));
    return r;
}

static int merge_dropins(const struct host *h, const struct conf_name *n, struct safe_directories *known,
                         struct draft *draft, struct manifest *m, struct error *e) {
    struct merging merging = { m, draft };
    _cleanup_free_ char *dropins = NULL;
    int r = 0;

    if (asprintf(&dropins, SUBDIR "/%s" CONF_SUFFIX ".d", n->name) < 0)
        return -ENOMEM;
    if (n->dropins)
        r = conf_read_dropins(h, n->dropins, dropins, known, merge_dropin, &merging, e);
    (void) RET_GATHER(r, merge_draft(&merging, e));
    return r;
}

/* Collects the faults of the drop-ins too if the manifest itself has one, so that all can be
 * corrected at once. */
static int add_faults_of_dropins(const struct host *h, const struct conf_name *n, const char *path,
                                 struct safe_directories *known, struct draft *draft, int fault,
                                 struct error *e) {
    _cleanup_(manifest_done) struct manifest empty = { 0 };
    int r;

    r = fault == -EBADMSG ? manifest_parse(n->name, path, "", 0, &empty, NULL) : fault;
    if (r >= 0)
        r = merge_dropins(h, n, known, draft, &empty, e);
    return r == -ENOMEM ? r : fault;
}

/* Gives the manifest the adopted modules of its name; the first one of a release counts. */
static int take_adopted(const struct listing *l, struct manifest *m) {
    for (size_t i = 0; i < l->adopted.n_modules; i++) {
        const struct adopted_module *from = l->adopted.modules + i;
        struct adopted_module copy, *grown;

        if (!patch_name_equal(from->name, m->name) || manifest_adopted_module(m, from->release))
            continue;
        grown = reallocarray(m->adopted, m->n_adopted + 1, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        m->adopted = grown;
        copy = (struct adopted_module){ strdup(from->name), strdup(from->release), strdup(from->path) };
        m->adopted[m->n_adopted++] = copy;
        if (!copy.name || !copy.release || !copy.path)
            return -ENOMEM;
    }
    return 0;
}

/* Reads the manifest's file; without one, the defaults are the manifest. 1, or 0 if it is masked. */
static int read_file(struct listing *l, const struct conf_name *n, const char *path, struct draft *draft,
                     struct manifest *m, struct error *e) {
    _cleanup_free_ char *data = NULL;
    size_t size;
    int r;

    if (!n->files) {
        r = manifest_parse(n->name, path, "", 0, m, e);
        m->by_default = true;
        return r < 0 ? r : 1;
    }
    r = conf_read(l->host, path, &l->known, &data, &size, e);
    if (r <= 0)
        return r == -ENOENT ? 0 : r;
    r = manifest_parse(n->name, path, data, size, m, e);
    if (r < 0)
        return add_faults_of_dropins(l->host, n, path, &l->known, draft, r, e);
    r = manifest_add_source(m, path, data, size);
    return r < 0 ? r : 1;
}

/* Reads one manifest with its drop-ins. 1, or 0 if it is masked. */
static int read_manifest(struct listing *l, const struct conf_name *n, const char *path, struct draft *draft,
                         struct manifest *ret, struct error *e) {
    _cleanup_(manifest_done) struct manifest m = { 0 };
    int r;

    r = read_file(l, n, path, draft, &m, e);
    if (r <= 0)
        return r;
    r = merge_dropins(l->host, n, &l->known, draft, &m, e);
    if (r >= 0)
        r = take_adopted(l, &m);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(m);
    return 1;
}

/* Of the manifest, or of a module that has none. NULL if memory runs out. */
static char *find_path(const struct listing *l, const struct conf_name *n) {
    const struct adopted_module *adopted = n->files ? NULL : find_adopted(l, n->name);

    return adopted ? strdup(adopted->path) : conf_path(n->files, SUBDIR, n->name, CONF_SUFFIX);
}

/* Fills an entry. 1; 0 if the manifest is masked; negative only if memory runs out. */
static int load_entry(struct listing *l, const struct conf_name *n, struct manifest_entry *ret) {
    _cleanup_(entry_done) struct manifest_entry entry = { .error = ERROR_NULL };
    int r;

    entry.name = strdup(n->name);
    entry.path = find_path(l, n);
    if (!entry.name || !entry.path)
        return -ENOMEM;
    if (patch_name_is_valid(n->name))
        r = read_manifest(l, n, entry.path, /* draft= */ NULL, &entry.manifest, &entry.error);
    else {
        /* The name is untrusted and is shown in messages and tables. */
        utf8_make_printable(entry.name);
        utf8_make_printable(entry.path);
        r = error_set(&entry.error, -EBADMSG, EXIT_STATUS_CONFIG,
                      "%s: '%s' is not a valid patch name: at most %d letters, digits, '-', '_' "
                      "and '.', neither '-' nor '.' in front",
                      entry.path, entry.name, PATCH_NAME_MAX);
    }
    if (r == 0 || r == -ENOMEM)
        return r;
    entry.error_number = MIN(r, 0);
    *ret = TAKE_STRUCT(entry);
    return 1;
}

/* Of several names that the kernel cannot tell apart, the first one counts. */
static void refuse_twin(struct manifest_entry *entry, const struct manifest_entry *first) {
    manifest_done(&entry->manifest);
    entry->error_number =
        error_set(&entry->error, -EBADMSG, EXIT_STATUS_CONFIG,
                  "%s: '%s' is the same name to the kernel as '%s' of %s", entry->path, entry->name,
                  first->name, first->path);
    (void) error_hint(&entry->error, 0, "remove one of the two: '-' and '_' are alike");
}

/* Entries with the same name keep their order. */
static int compare_entries(const void *a, const void *b) {
    const struct manifest_entry *x = *(struct manifest_entry *const *) a;
    const struct manifest_entry *y = *(struct manifest_entry *const *) b;
    int r = patch_name_compare(x->name, y->name);

    return r ? r : (x > y) - (x < y);
}

static int index_entries(struct manifest_list *l) {
    l->by_name = calloc(l->n_entries + 1, sizeof(*l->by_name));
    if (!l->by_name)
        return -ENOMEM;
    for (size_t i = 0; i < l->n_entries; i++)
        l->by_name[i] = l->entries + i;
    qsort(l->by_name, l->n_entries, sizeof(*l->by_name), compare_entries);

    for (size_t i = 0, first = 0; i < l->n_entries; i++)
        if (!patch_name_equal(l->by_name[i]->name, l->by_name[first]->name))
            first = i;
        else if (i > first)
            refuse_twin(l->by_name[i], l->by_name[first]);
    return 0;
}

static int compare_version(const void *a, const void *b) {
    return strverscmp(((const struct conf_name *) a)->name, ((const struct conf_name *) b)->name);
}

static int compare_entry_versions(const void *a, const void *b) {
    return strverscmp(((const struct manifest_entry *) a)->name,
                      ((const struct manifest_entry *) b)->name);
}

static int add_entry(struct listing *from, const struct conf_name *n, struct manifest_list *l) {
    struct manifest_entry *entry = l->entries + l->n_entries;
    int r;

    r = load_entry(from, n, entry);
    if (r > 0 && !from->keep_sources)
        manifest_forget_sources(&entry->manifest);
    if (r > 0)
        l->n_entries++;
    return r;
}

/* A newer module of the line takes the place of an older one. */
static int add_line(const struct listing *from, const char *name, char ***names) {
    int r = 0;

    for (size_t i = 0; i < from->adopted.n_modules && r >= 0; i++) {
        const char *other = from->adopted.modules[i].name;

        if (adopted_is_same_line(other, name) && !strv_contains(*names, other))
            r = strv_extend(names, other);
    }
    return r;
}

/* Reads the manifests of that name. Removes their names from the list, so that none is read
 * twice. */
static int add_named(struct listing *from, const char *name, struct manifest_list *l) {
    for (size_t i = 0; i < from->names.n_names; i++) {
        struct conf_name *n = from->names.names + i;
        int r;

        if (!*n->name || !patch_name_equal(n->name, name) || !is_patch(from, n))
            continue;
        r = add_entry(from, n, l);
        if (r < 0)
            return r;
        *n->name = '\0';
    }
    return 0;
}

int manifest_list_load_some(const struct host *h, const struct policy *p, char ***names,
                            manifest_follower follow, void *userdata, struct manifest_list *ret,
                            struct error *e) {
    _cleanup_(listing_done) struct listing from = { .keep_sources = p->signed_manifests };
    _cleanup_(manifest_list_done) struct manifest_list l = { 0 };
    size_t shown = 0;
    int r;

    r = listing_read(h, p, &from, e);
    if (r < 0)
        return r;
    l.entries = calloc(from.names.n_names + 1, sizeof(*l.entries));
    if (!l.entries)
        return -ENOMEM;
    for (size_t i = 0; *names && (*names)[i] && r >= 0; i++) {
        r = add_named(&from, (*names)[i], &l);
        for (; shown < l.n_entries && r >= 0; shown++)
            r = follow(userdata, l.entries + shown, names);
        if (r >= 0)
            r = add_line(&from, (*names)[i], names);
    }
    if (r < 0)
        return r;
    qsort(l.entries, l.n_entries, sizeof(*l.entries), compare_entry_versions);
    r = index_entries(&l);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(l);
    return 0;
}

/* Reads every manifest, or only those of that name. */
static int load_list(const struct host *h, const struct policy *p, const char *name, bool keep_sources,
                     struct manifest_list *ret, struct error *e) {
    _cleanup_(listing_done) struct listing from = { .keep_sources = keep_sources };
    _cleanup_(manifest_list_done) struct manifest_list l = { 0 };
    int r;

    r = listing_read(h, p, &from, e);
    if (r < 0)
        return r;
    if (from.names.n_names > 0)
        qsort(from.names.names, from.names.n_names, sizeof(*from.names.names), compare_version);
    l.entries = calloc(from.names.n_names + 1, sizeof(*l.entries));
    if (!l.entries)
        return -ENOMEM;
    for (size_t i = 0; i < from.names.n_names; i++) {
        const struct conf_name *n = from.names.names + i;

        if ((name && !patch_name_equal(n->name, name)) || !is_patch(&from, n))
            continue;
        r = add_entry(&from, n, &l);
        if (r < 0)
            return r;
    }
    r = index_entries(&l);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(l);
    return 0;
}

int manifest_list_load(const struct host *h, const struct policy *p, struct manifest_list *ret,
                       struct error *e) {
    return load_list(h, p, NULL, p && p->signed_manifests, ret, e);
}

int manifest_list_load_one(const struct host *h, const char *name, struct manifest_list *ret,
                           struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list l = { 0 };
    int r;

    r = load_list(h, NULL, name, /* keep_sources= */ true, &l, e);
    if (r < 0)
        return r;
    if (l.n_entries == 0)
        return error_set(e, -ENOENT, EXIT_STATUS_NO_PATCH, "no manifest is named '%s'", name);
    *ret = TAKE_STRUCT(l);
    return 0;
}

const struct manifest_entry *manifest_list_find(const struct manifest_list *l, const char *name) {
    size_t low = 0, high = l->n_entries;

    if (!l->by_name) {
        for (size_t i = 0; i < l->n_entries; i++)
            if (patch_name_equal(l->entries[i].name, name))
                return l->entries + i;
        return NULL;
    }
    /* Finds the first entry that is not less than the name, so that equal names are found in their
     * order. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (patch_name_compare(l->by_name[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == l->n_entries || !patch_name_equal(l->by_name[low]->name, name))
        return NULL;
    return l->by_name[low];
}

int manifest_load(const struct host *h, const char *name, struct manifest *ret, struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list l = { 0 };
    struct manifest_entry *entry;
    int r;

    r = manifest_list_load_one(h, name, &l, e);
    if (r < 0)
        return r;
    entry = l.entries;
    if (entry->error_number < 0) {
        if (e) {
            error_done(e);
            *e = TAKE_STRUCT(entry->error);
        }
        return entry->error_number;
    }
    *ret = TAKE_STRUCT(entry->manifest);
    return 0;
}

int manifest_try_dropin(const struct host *h, const char *name, const char *path, const char *text,
                        struct error *e) {
    _cleanup_(listing_done) struct listing from = {};
    _cleanup_(manifest_done) struct manifest m = { 0 };
    struct draft draft = { path, text };
    int r;

    r = listing_read(h, NULL, &from, e);
    for (size_t i = 0; i < from.names.n_names && r >= 0; i++) {
        const struct conf_name *n = from.names.names + i;
        _cleanup_free_ char *manifest = NULL;

        if (!streq(n->name, name) || !is_patch(&from, n))
            continue;
        manifest = find_path(&from, n);
        return manifest ? read_manifest(&from, n, manifest, &draft, &m, e) : -ENOMEM;
    }
    return r;
}
