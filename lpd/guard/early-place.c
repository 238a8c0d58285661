/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strv.h"
#include "guard/early-place.h"

#define MOUNTS_SIZE_MAX ((size_t) 4 * 1024 * 1024)

/* What udev makes links for, so that this needs no libblkid: /dev/disk/by-*. */
static const struct {
    const char *tag, *directory;
} tags[] = {
    { "LABEL=", "/dev/disk/by-label" },
    { "UUID=", "/dev/disk/by-uuid" },
    { "PARTUUID=", "/dev/disk/by-partuuid" },
    { "PARTLABEL=", "/dev/disk/by-partlabel" },
};

/* File systems that the image has drivers for, as of store/volume.c. The links of a journal that was
 * not replayed mean nothing, so this mount replays it. */
static const struct {
    const char *type, *options;
} types[] = {
    { "ext4", "" },
    { "vfat", "fmask=0133,dmask=0022" },
};

static bool is_our_type(const char *type) {
    for (size_t i = 0; i < ELEMENTSOF(types); i++)
        if (streq(types[i].type, type))
            return true;
    return false;
}

/* Where a link of udev leads: "vda1". NULL if there is none, or if memory runs out. */
static char *read_device_link(const struct host *h, const char *path) {
    _cleanup_close_ int fd = -EBADF;
    char target[256];
    const char *name;
    ssize_t n;

    fd = file_open_parent(h, path, &name);
    n = fd < 0 ? -1 : readlinkat(fd, name, target, sizeof(target) - 1);
    if (n <= 0)
        return NULL;
    target[n] = '\0';
    return strdup(path_basename(target));
}

/* As udev writes a label as a file name: udev_util_encode_string() of libudev. */
static char *encode(const char *value) {
    char *text = calloc(4, strlen(value) + 1), *end = text;

    for (; text && *value; value++) {
        bool plain = strchr("#+-.:=@_", *value) || (*value >= '0' && *value <= '9') ||
                     (*value >= 'a' && *value <= 'z') || (*value >= 'A' && *value <= 'Z') ||
                     (unsigned char) *value >= 0x80;

        end += plain ? sprintf(end, "%c", *value) : sprintf(end, "\\x%02x", (unsigned char) *value);
    }
    return text;
}

static char *find_node(const struct host *h, const char *place) {
    for (size_t i = 0; i < ELEMENTSOF(tags); i++) {
        _cleanup_free_ char *path = NULL, *name = NULL, *value = NULL;
        char *node;

        if (!startswith(place, tags[i].tag))
            continue;
        value = encode(place + strlen(tags[i].tag));
        if (!value || asprintf(&path, "%s/%s", tags[i].directory, value) < 0)
            return NULL;
        name = read_device_link(h, path);
        return name && asprintf(&node, "/dev/%s", name) >= 0 ? node : NULL;
    }
    return NULL;
}

/* One line of mountinfo, see proc(5). */
struct mount {
    char *root, *directory, *options, *type, *source;
};

static bool parse_mount(char *line, struct mount *ret) {
    char *rest = NULL, *word = strtok_r(line, " ", &rest);
    struct mount m = {};

    for (unsigned i = 0; word && !streq(word, "-"); i++) {
        m.root = i == 3 ? word : m.root;
        m.directory = i == 4 ? word : m.directory;
        m.options = i == 5 ? word : m.options;
        word = strtok_r(NULL, " ", &rest);
    }
    m.type = word ? strtok_r(NULL, " ", &rest) : NULL;
    m.source = m.type ? strtok_r(NULL, " ", &rest) : NULL;
    if (!m.source || !m.options || !streq(m.root, "/"))
        return false;
    *ret = m;
    return startswith(m.options, "rw");
}

/* Where a device is mounted; of several mounts the last one, which covers what was there before. NULL:
 * nowhere. */
static int find_mount(const struct host *h, const char *node, char **ret) {
    _cleanup_free_ char *text = NULL, *found = NULL;
    char *rest = NULL;
    struct mount m;
    int r;

    r = file_read(h, "/proc/self/mountinfo", MOUNTS_SIZE_MAX, &text, NULL);
    if (r == -ENOMEM)
        return r;
    for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (parse_mount(line, &m) && streq(m.source, node) && is_our_type(m.type) &&
            string_set(&found, m.directory) < 0)
            return -ENOMEM;
    *ret = TAKE_PTR(found);
    return 0;
}

static int mount_volume(struct host *h, const char *node, const char *type,
                        struct early_place *ret) {
    int r = -ENODEV;

    for (size_t i = 0; i < ELEMENTSOF(types) && r < 0; i++)
        if (!type || streq(type, types[i].type))
            r = h->ops->mount(h, node, types[i].type, types[i].options, /* writable= */ true);
    if (r < 0)
        return r;
    ret->own = (struct host){ .root_fd = r, .ops = h->ops };
    ret->directory = strdup("");
    return ret->directory ? 0 : -ENOMEM;
}

/* A file system that is mounted already is used where it is. */
static int open_on_host(struct host *h, const char *place, struct early_place *ret) {
    _cleanup_free_ char *node = find_node(h, place), *directory = NULL;
    int r;

    if (!node)
        return -ENODEV;
    r = find_mount(h, node, &directory);
    if (r < 0)
        return r;
    if (!directory)
        return mount_volume(h, node, NULL, ret);
    ret->host = h;
    ret->directory = TAKE_PTR(directory);
    return 0;
}

static int open_in_initramfs(struct host *h, struct early_place *ret) {
    _cleanup_(early_volume_done) struct early_volume v = {};
    int r;

    r = early_volume_read(h, &v);
    if (r < 0)
        return r == -ENOENT ? -ENODEV : r;
    return mount_volume(h, v.node, v.type, ret);
}

int early_place_open(struct host *h, const char *place, struct early_place *ret) {
    _cleanup_(early_place_close) struct early_place p = EARLY_PLACE_NULL;
    int r;

    if (streq(place, EARLY_EFI))
        r = efi_variables_open(h, /* writable= */ true, &p.variables);
    else
        r = h->initrd ? open_in_initramfs(h, &p) : open_on_host(h, place, &p);
    if (r < 0)
        return r;
    *ret = p;
    p = EARLY_PLACE_NULL;
    return 0;
}
