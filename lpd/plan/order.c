/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "plan/order.h"

/* How many members of a cycle are named; the rest are counted. */
#define CIRCLE_NAMES_MAX 10

/* The order by index: the followers of i are followers[first[i]] to followers[first[i + 1] -
 * 1]. */
struct graph {
    const struct manifest_list *list;
    size_t n;
    size_t *first;
    size_t *followers;
};

static void graph_done(struct graph *g) {
    free(g->first);
    free(g->followers);
}

void order_done(struct order *o) {
    free(o->sequence);
    strv_free(o->circles);
    free(o->circle_of);
    *o = (struct order){};
}

static void *new_array(size_t n, size_t size) {
    return calloc(MAX(n, (size_t) 1), size);
}

/* Calls visit for each pair whose second patch must wait for the first. */
static void for_each_relation(struct graph *g, void (*visit)(struct graph *g, size_t i, size_t j)) {
    for (size_t j = 0; j < g->n; j++) {
        const struct manifest_entry *entry = g->list->entries + j;
        char *const *const lists[] = { entry->manifest.after, entry->manifest.requires };

        for (size_t k = 0; entry->error_number == 0 && k < ELEMENTSOF(lists); k++)
            STRV_FOREACH(name, lists[k]) {
                const struct manifest_entry *other = manifest_list_find(g->list, *name);

                if (other && other != entry)
                    visit(g, (size_t) (other - g->list->entries), j);
            }
    }
}

static void count_follower(struct graph *g, size_t i, size_t j _unused_) {
    g->first[i]++;
}

/* Fills each part from its end to its front, so that first[i] points to the front at last. */
static void add_follower(struct graph *g, size_t i, size_t j) {
    g->followers[--g->first[i]] = j;
}

static int graph_make(const struct manifest_list *l, struct graph *ret) {
    _cleanup_(graph_done) struct graph g = { .list = l, .n = l->n_entries };

    g.first = new_array(g.n + 1, sizeof(*g.first));
    if (!g.first)
        return -ENOMEM;
    for_each_relation(&g, count_follower);
    for (size_t i = 0; i < g.n; i++)
        g.first[i + 1] += g.first[i];
    g.followers = new_array(g.first[g.n], sizeof(*g.followers));
    if (!g.followers)
        return -ENOMEM;
    for_each_relation(&g, add_follower);
    *ret = TAKE_STRUCT(g);
    return 0;
}

/* Tarjan's search for strongly connected components, without recursion, because a chain of
 * manifests may be longer than the stack is deep. */
struct search {
    const struct graph *graph;
    struct order *order;
    struct node {
        size_t number; /* in the order of discovery, from 1; 0: not yet seen */
        size_t low;    /* the first index that is reachable from here */
        size_t next;   /* of its followers */
        bool open;     /* its component is not complete */
    } *nodes;
    size_t *path; /* from the start of the search to the current index */
    size_t path_length;
    size_t *open; /* the members of incomplete components, in the order of discovery */
    size_t n_open;
    size_t counter;
};

static void search_done(struct search *s) {
    free(s->nodes);
    free(s->path);
    free(s->open);
}

static int compare_indexes(const void *a, const void *b) {
    size_t x = *(const size_t *) a, y = *(const size_t *) b;

    return (x > y) - (x < y);
}

/* Joins as in "a, b and c". */
static char *names_join(const struct manifest_list *l, const size_t *members, size_t n) {
    size_t shown = n <= CIRCLE_NAMES_MAX ? n : CIRCLE_NAMES_MAX, size;
    char *text;
    FILE *f;

    f = open_memstream(&text, &size);
    if (!f)
        return NULL;
    for (size_t i = 0; i < shown; i++)
        fprintf(f, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " and ", l->entries[members[i]].name);
    if (shown < n)
        fprintf(f, " and %zu more", n - shown);
    if (fclose(f) == 0)
        return text;
    free(text);
    return NULL;
}

static int record_circle(struct search *s, size_t *members, size_t n) {
    struct order *o = s->order;
    char *names;
    int r;

    qsort(members, n, sizeof(*members), compare_indexes);
    names = names_join(s->graph->list, members, n);
    if (!names)
        return -ENOMEM;
    r = strv_consume(&o->circles, names);
    for (size_t i = 0; i < n && r >= 0; i++)
        o->circle_of[members[i]] = names;
    return r;
}

static void enter(struct search *s, size_t i) {
    s->counter++;
    s->nodes[i] = (struct node){
        .number = s->counter,
        .low = s->counter,
        .next = s->graph->first[i],
        .open = true,
    };
    s->path[s->path_length++] = i;
    s->open[s->n_open++] = i;
}

/* Everything reachable from i has been visited. i and what was opened after it are a component. */
static int leave(struct search *s, size_t i) {
    size_t end = s->n_open;

    s->path_length--;
    if (s->path_length > 0) {
        struct node *parent = s->nodes + s->path[s->path_length - 1];

        parent->low = MIN(parent->low, s->nodes[i].low);
    }
    if (s->nodes[i].low != s->nodes[i].number)
        return 0;
    do
        s->nodes[s->open[--s->n_open]].open = false;
    while (s->open[s->n_open] != i);
    return end - s->n_open > 1 ? record_circle(s, s->open + s->n_open, end - s->n_open) : 0;
}

static int search_from(struct search *s, size_t start) {
    int r = 0;

    for (enter(s, start); s->path_length > 0 && r >= 0;) {
        size_t i = s->path[s->path_length - 1];
        struct node *node = s->nodes + i;
        size_t to;

        if (node->next == s->graph->first[i + 1]) {
            r = leave(s, i);
            continue;
        }
        to = s->graph->followers[node->next++];
        if (s->nodes[to].number == 0)
            enter(s, to);
        else if (s->nodes[to].open)
            node->low = MIN(node->low, s->nodes[to].number);
    }
    return r;
}

static int find_circles(const struct graph *g, struct order *o) {
    _cleanup_(search_done) struct search s = {
        .graph = g,
        .order = o,
        .nodes = new_array(g->n, sizeof(*s.nodes)),
        .path = new_array(g->n, sizeof(*s.path)),
        .open = new_array(g->n, sizeof(*s.open)),
    };
    int r = 0;

    o->circle_of = new_array(g->n, sizeof(*o->circle_of));
    if (!s.nodes || !s.path || !s.open || !o->circle_of)
        return -ENOMEM;
    for (size_t i = 0; i < g->n && r >= 0; i++)
        if (s.nodes[i].number == 0)
            r = search_from(&s, i);
    return r;
}

/* Members of a cycle do not wait for each other. */
static bool waits(const struct order *o, size_t i, size_t follower) {
    return !o->circle_of[i] || o->circle_of[i] != o->circle_of[follower];
}

/* Whether two names differ only in their version: lp-9 and lp-10. */
static bool is_same_family(const char *a, const char *b) {
    static const char version[] = "0123456789.-_";
    size_t n = strlen(a), m = strlen(b);

    while (n > 0 && strchr(version, a[n - 1]))
        n--;
    while (m > 0 && strchr(version, b[m - 1]))
        m--;
    return n > 0 && n == m && strncmp(a, b, n) == 0;
}

/* The required patches and those that precede them: the ones that they name, and older versions of
 * the same patch. The names are sorted; sequence is any order that keeps the relations. */
static void find_urgent(const struct graph *g, const struct order *o, const size_t *sequence, bool *urgent) {
    const struct manifest_entry *entries = g->list->entries;

    for (size_t i = 0; i < g->n; i++)
        urgent[i] = entries[i].error_number == 0 && entries[i].manifest.required;
    for (size_t i = g->n; i-- > 1;)
        if (urgent[i] && is_same_family(entries[i - 1].name, entries[i].name))
            urgent[i - 1] = true;
    for (size_t n = g->n; n-- > 0;) {
        size_t i = sequence[n];

        for (size_t k = g->first[i]; k < g->first[i + 1]; k++)
            if (waits(o, i, g->followers[k]))
                urgent[i] |= urgent[g->followers[k]];
    }
}

/* Of the patches that wait for no other, always takes the first by name, and urgent ones before
 * others. */
static int put_in_sequence(const struct graph *g, struct order *o, const bool *urgent) {
    _cleanup_free_ size_t *waits_for = new_array(g->n, sizeof(*waits_for));
    _cleanup_free_ char *ready = new_array(2 * g->n, 1); /* the urgent ones, then the others */
    size_t n = 0, from = 0;

    if (!waits_for || !ready)
        return -ENOMEM;
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = g->first[i]; k < g->first[i + 1]; k++)
            waits_for[g->followers[k]] += waits(o, i, g->followers[k]);
    for (size_t i = 0; i < g->n; i++)
        ready[urgent[i] ? i : g->n + i] = waits_for[i] == 0;

    while (n < g->n) {
        size_t place = (size_t) ((char *) memchr(ready + from, true, 2 * g->n - from) - ready);
        size_t i = place % g->n;

        ready[place] = false;
        from = place;
        o->sequence[n++] = i;
        for (size_t k = g->first[i]; k < g->first[i + 1]; k++) {
            size_t follower = g->followers[k];

            if (!waits(o, i, follower) || --waits_for[follower] > 0)
                continue;
            place = urgent[follower] ? follower : g->n + follower;
            ready[place] = true;
            from = MIN(from, place);
        }
    }
    return 0;
}

/* Sorts by names and relations first; that sequence shows which patches the urgent ones need. */
static int make_sequence(const struct graph *g, struct order *o) {
    _cleanup_free_ bool *urgent = new_array(g->n, sizeof(*urgent));
    int r;

    o->sequence = new_array(g->n, sizeof(*o->sequence));
    if (!urgent || !o->sequence)
        return -ENOMEM;
    r = put_in_sequence(g, o, urgent);
    if (r < 0)
        return r;
    find_urgent(g, o, o->sequence, urgent);
    return put_in_sequence(g, o, urgent);
}

int order_make(const struct manifest_list *l, struct order *ret) {
    _cleanup_(graph_done) struct graph g = {};
    _cleanup_(order_done) struct order o = {};
    int r;

    r = graph_make(l, &g);
    if (r >= 0)
        r = find_circles(&g, &o);
    if (r >= 0)
        r = make_sequence(&g, &o);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(o);
    return 0;
}
