/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "report/layers.h"

#define ADVICE "a cumulative patch that replaces them keeps it clear which code runs"

/* With when lpd loaded the patch, unless another program has. */
static struct layer make_layer(const struct snapshot *s, const struct livepatch *p, const char *function) {
    const struct result *r = result_list_find_module(&s->results, p->name);

    return r && r->loaded ? (struct layer){ function, p, r->monotonic_usec, r->since_usec }
                          : (struct layer){ function, p, 0, 0 };
}

static int compare(const void *a, const void *b) {
    const struct layer *x = a, *y = b;
    int order = strcmp(x->function, y->function);

    return order ?: (x->loaded_usec > y->loaded_usec) - (x->loaded_usec < y->loaded_usec);
}

void layer_list_done(struct layer_list *l) {
    free(l->layers);
    *l = (struct layer_list){ 0 };
}

int layer_list_make(const struct snapshot *s, struct layer_list *ret) {
    struct layer_list l = { 0 };
    size_t n = 0;

    for (size_t i = 0; i < s->loaded.n_patches; i++)
        n += livepatch_is_enabled(s->loaded.patches + i) ? strv_length(s->loaded.patches[i].functions) : 0;
    l.layers = calloc(n + 1, sizeof(*l.layers));
    if (!l.layers)
        return -ENOMEM;
    for (size_t i = 0; i < s->loaded.n_patches; i++) {
        const struct livepatch *p = s->loaded.patches + i;

        STRV_FOREACH(function, livepatch_is_enabled(p) ? p->functions : NULL)
            l.layers[l.n++] = make_layer(s, p, *function);
    }
    qsort(l.layers, l.n, sizeof(*l.layers), compare);
    *ret = l;
    return 0;
}

/* The layers from i on that are of the same function. */
static size_t count_same(const struct layer_list *l, size_t i) {
    size_t n = 1;

    while (i + n < l->n && streq(l->layers[i + n].function, l->layers[i].function))
        n++;
    return n;
}

static int compare_function(const void *key, const void *layer) {
    return strcmp(key, ((const struct layer *) layer)->function);
}

/* The layers of a function, the lowest first; *ret_n is 0 if there are none. */
static const struct layer *layers_of(const struct layer_list *l, const char *function, size_t *ret_n) {
    const struct layer *found = bsearch(function, l->layers, l->n, sizeof(*l->layers), compare_function);

    *ret_n = 0;
    if (!found)
        return NULL;
    while (found > l->layers && streq(found[-1].function, function))
        found--;
    *ret_n = count_same(l, (size_t) (found - l->layers));
    return found;
}

/* The object of OBJECT/FUNCTION,POSITION, if it is a module that is not loaded. */
static char *waits_for(const struct livepatch *in, const char *function) {
    size_t n = strcspn(function, "/");

    STRV_FOREACH(object, in->unpatched)
        if (livepatch_is_enabled(in) && strlen(*object) == n && strncmp(*object, function, n) == 0)
            return *object;
    return NULL;
}

json_object *layers_build(const struct layer_list *l, const struct livepatch *in) {
    json_object *functions = json_object_new_array();

    STRV_FOREACH(function, in ? in->functions : NULL) {
        size_t n;
        const struct layer *first = layers_of(l, *function, &n);
        bool known = n == 1 || (n > 1 && first->loaded_usec > 0);
        json_object *o = json_object_new_object();

        json_add_string(o, "function", *function);
        json_add_number(o, "patches", (int64_t) n);
        json_add_string(o, "top", known ? first[n - 1].patch->name : NULL);
        json_add_time(o, "since", known ? first[n - 1].since_usec : 0);
        json_add_string(o, "waitsFor", waits_for(in, *function));
        json_object_array_add(functions, o);
    }
    return functions;
}

json_object *layers_warning(const struct snapshot *s, const struct layer_list *l) {
    _cleanup_free_ char *message = NULL;
    size_t patches = 0, most = 0, at = 0;
    json_object *o;
    int r;

    /* A policy with an error has no limits. */
    if (s->policy_error < 0)
        return NULL;
    for (size_t i = 0; i < s->loaded.n_patches; i++)
        patches += livepatch_is_enabled(s->loaded.patches + i);
    for (size_t i = 0, n; i < l->n; i += n) {
        n = count_same(l, i);
        if (n > most) {
            most = n;
            at = i;
        }
    }
    if (most > s->policy.max_layers)
        r = asprintf(&message, "%zu patches change %s, more than MaxLayers=%u: " ADVICE, most, l->layers[at].function,
                     s->policy.max_layers);
    else if (patches > s->policy.max_patches)
        r = asprintf(&message, "%zu patches are loaded, more than MaxPatches=%u: " ADVICE, patches, s->policy.max_patches);
    else
        return NULL;
    o = json_object_new_object();
    json_add_string(o, "message", r < 0 ? NULL : message);
    json_add_string(o, "function", most > 0 ? l->layers[at].function : NULL);
    json_add_number(o, "layers", (int64_t) most);
    json_add_number(o, "patches", (int64_t) patches);
    return o;
}
