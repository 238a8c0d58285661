/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lock/forecast/index-check.h"

/* libkmod/libkmod-index.h: a tree of nodes, each with its part of the key, its children by the
 * next character, and its values. The numbers are big-endian; the offset that leads to a node
 * contains its flags. */
#define INDEX_MAGIC 0xB007F457u
#define INDEX_VERSION_MAJOR 2
#define NODE_PREFIX 0x80000000u
#define NODE_VALUES 0x40000000u
#define NODE_CHILDREN 0x20000000u
#define NODE_OFFSET 0x0fffffffu
#define CHARACTERS 128
/* Deeper than the longest alias. */
#define DEPTH_MAX 1024
/* A tree has no more nodes than its file has bytes. This also stops a file in which many offsets
 * lead to the same node. */

struct reader {
    const uint8_t *data;
    size_t size, position;
    size_t nodes_left;
};

static bool read_byte(struct reader *r, uint8_t *ret) {
    if (r->position >= r->size)
        return false;
    *ret = r->data[r->position++];
    return true;
}

static bool read_number(struct reader *r, uint32_t *ret) {
    uint8_t byte;

    *ret = 0;
    for (size_t i = 0; i < sizeof(*ret); i++) {
        if (!read_byte(r, &byte))
            return false;
        *ret = *ret << 8 | byte;
    }
    return true;
}

static bool skip_string(struct reader *r) {
    size_t left = r->size - MIN(r->position, r->size);
    const uint8_t *end = left > 0 ? memchr(r->data + r->position, 0, left) : NULL;

    if (!end)
        return false;
    r->position = (size_t) (end - r->data) + 1;
    return true;
}

static bool skip_values(struct reader *r) {
    uint32_t n, priority;

    if (!read_number(r, &n))
        return false;
    for (; n > 0; n--)
        if (!read_number(r, &priority) || !skip_string(r))
            return false;
    return true;
}

static bool check_node(struct reader *r, uint32_t node, unsigned depth);

/* Children may precede or follow their parent, depending on the version of depmod. A cycle ends at
 * the maximum depth. */
static bool check_children(struct reader *r, size_t children, unsigned n, unsigned depth) {
    for (unsigned i = 0; i < n; i++) {
        struct reader at = { r->data, r->size, children + i * sizeof(uint32_t), 0 };
        uint32_t child;

        if (!read_number(&at, &child))
            return false;
        if ((child & NODE_OFFSET) == 0)
            continue;
        if (!check_node(r, child, depth + 1))
            return false;
    }
    return true;
}

static bool check_node(struct reader *r, uint32_t node, unsigned depth) {
    size_t children = 0;
    uint8_t first = 0, last = 0;
    unsigned n = 0;

    if (depth > DEPTH_MAX || r->nodes_left-- == 0)
        return false;
    r->position = node & NODE_OFFSET;
    if (node & NODE_PREFIX && !skip_string(r))
        return false;
    if (node & NODE_CHILDREN) {
        if (!read_byte(r, &first) || !read_byte(r, &last) || last >= CHARACTERS || first > last)
            return false;
        n = (unsigned) (last - first) + 1;
        children = r->position;
        r->position += n * sizeof(uint32_t);
    }
    if (node & NODE_VALUES && !skip_values(r))
        return false;
    return r->position <= r->size && check_children(r, children, n, depth);
}

int index_check(const void *data, size_t size) {
    struct reader r = { .data = data, .size = size, .nodes_left = size };
    uint32_t magic, version, root;

    if (!read_number(&r, &magic) || !read_number(&r, &version) || !read_number(&r, &root))
        return -EBADMSG;
    if (magic != INDEX_MAGIC || version >> 16 != INDEX_VERSION_MAJOR)
        return -EBADMSG;
    if ((root & NODE_OFFSET) == 0)
        return 0;
    return check_node(&r, root, 0) ? 0 : -EBADMSG;
}
