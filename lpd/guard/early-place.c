/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strv.h"
#include "guard/early-place.h"
#include "state/early-volume.h"

#define MOUNTS_SIZE_MAX ((size_t) 4 * 1024 * 1024)

/* What udev makes links for, so that this needs no libblkid: /dev/disk/by-*. */
#define BY_UUID "/dev/disk/by-uuid"
static const struct {
    const char *tag, *directory;
} tags[] = {
    { "LABEL=", "/dev/disk/by-label" },
    { "UUID=", BY_UUID },
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
    char *directory, *options, *type, *source;
};

static bool parse_mount(char *line, struct mount *ret) {
    char *rest = NULL, *word = strtok_r(line, " ", &rest);
    struct mount m = {};
    char *root = NULL;

    for (unsigned i = 0; word && !streq(word, "-"); i++) {
        root = i == 3 ? word : root;
        m.directory = i == 4 ? word : m.directory;
        m.options = i == 5 ? word : m.options;
        word = strtok_r(NULL, " ", &rest);
    }
    m.type = word ? strtok_r(NULL, " ", &rest) : NULL;
    m.source = m.type ? strtok_r(NULL, " ", &rest) : NULL;
    if (!m.source || !m.options || !streq(root, "/") || !is_our_type(m.type))
        return false;
    *ret = m;
    return true;
}

/* Of the mounts of a device, or at a directory, the last one, which covers what was there before. Either
 * may be NULL: any. Without a directory in *ret there is none; *ret_text has its texts. */
static int find_mount(const struct host *h, const char *node, const char *directory, bool writable,
                      struct mount *ret, char **ret_text) {
    _cleanup_free_ char *text = NULL;
    struct mount found = {}, m;
    char *rest = NULL;
    int r;

    r = file_read(h, "/proc/self/mountinfo", MOUNTS_SIZE_MAX, &text, NULL);
    if (r == -ENOMEM)
        return r;
    for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (parse_mount(line, &m) && (!node || streq(m.source, node)) &&
            (!directory || streq(m.directory, directory)) && (!writable || startswith(m.options, "rw")))
            found = m;
    *ret = found;
    *ret_text = TAKE_PTR(text);
    return 0;
}

static int mount_volume(struct host *h, const char *node, const char *type, bool writable,
                        struct early_place *ret) {
    int r = -ENODEV;

    for (size_t i = 0; i < ELEMENTSOF(types) && r < 0; i++)
        if (!type || streq(type, types[i].type))
            r = h->ops->mount(h, node, types[i].type, types[i].options, writable);
    if (r < 0)
        return r;
    ret->own = (struct host){ .root_fd = r, .ops = h->ops };
    ret->directory = strdup("");
    return ret->directory ? 0 : -ENOMEM;
}

/* A file system that is mounted already is used where it is. */
static int open_on_host(struct host *h, const char *place, bool writable, struct early_place *ret) {
    _cleanup_free_ char *node = find_node(h, place), *text = NULL;
    struct mount m;
    int r;

    if (!node)
        return -ENODEV;
    r = find_mount(h, node, NULL, writable, &m, &text);
    if (r < 0)
        return r;
    if (!m.directory)
        return mount_volume(h, node, NULL, writable, ret);
    ret->host = h;
    ret->directory = strdup(m.directory);
    return ret->directory ? 0 : -ENOMEM;
}

static int open_in_initramfs(struct host *h, bool writable, struct early_place *ret) {
    _cleanup_(early_volume_done) struct early_volume v = {};
    int r;

    r = early_volume_read(h, &v);
    if (r < 0)
        return r == -ENOENT ? -ENODEV : r;
    return mount_volume(h, v.node, v.type, writable, ret);
}

int early_place_open(struct host *h, const char *place, bool writable, struct early_place *ret) {
    _cleanup_(early_place_close) struct early_place p = EARLY_PLACE_NULL;
    int r;

    if (streq(place, EARLY_EFI))
        r = efi_variables_open(h, writable, &p.variables);
    else
        r = h->initrd ? open_in_initramfs(h, writable, &p) : open_on_host(h, place, writable, &p);
    if (r < 0)
        return r;
    *ret = p;
    p = EARLY_PLACE_NULL;
    return 0;
}

/* The name in by-uuid that leads to that device; an UUID has no characters that udev writes otherwise. */
static int find_uuid(const struct host *h, const char *node, char **ret) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = file_list(h, BY_UUID, &names);
    if (r == -ENOMEM)
        return r;
    STRV_FOREACH(name, names) {
        _cleanup_free_ char *path = NULL, *target = NULL;

        if (asprintf(&path, BY_UUID "/%s", *name) < 0)
            return -ENOMEM;
        target = read_device_link(h, path);
        if (target && startswith(node, "/dev/") && streq(node + STRLEN("/dev/"), target))
            return asprintf(ret, "UUID=%s", *name) < 0 ? -ENOMEM : 0;
    }
    return 0;
}

int early_place_of_mount(const struct host *h, const char *directory, char **ret) {
    _cleanup_free_ char *text = NULL;
    struct mount m;
    int r;

    *ret = NULL;
    r = find_mount(h, NULL, directory, /* writable= */ true, &m, &text);
    return r < 0 || !m.source ? r : find_uuid(h, m.source, ret);
}
