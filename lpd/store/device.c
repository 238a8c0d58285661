/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <blkid/blkid.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>

#include "base/file.h"
#include "base/strv.h"
#include "store/device.h"

#define BLOCK_DEVICES "/sys/class/block"
#define SCAN_USEC (100 * USEC_PER_MSEC)

DEFINE_TRIVIAL_CLEANUP_FUNC(blkid_probe, blkid_free_probe)

/* The names of the tags in libblkid's low-level probing: its superblocks.c and partitions.c. */
static const struct {
    const char *tag, *value;
    bool any_case; /* a number, which other tools spell differently */
} tags[] = {
    { "LABEL=", "LABEL", false },
    { "UUID=", "UUID", true },
    { "PARTUUID=", "PART_ENTRY_UUID", true },
    { "PARTLABEL=", "PART_ENTRY_NAME", false },
};

void device_done(struct device *d) {
    free(d->node);
    free(d->type);
    *d = (struct device){};
}

static bool attribute_is(const struct host *h, const char *name, const char *attribute,
                         const char *value) {
    _cleanup_free_ char *path = NULL, *line = NULL;

    return asprintf(&path, BLOCK_DEVICES "/%s/%s", name, attribute) >= 0 &&
           file_read_line(h, path, &line) >= 0 && streq(line, value);
}

static bool has_holders(const struct host *h, const char *name) {
    _cleanup_strv_free_ char **holders = NULL;
    _cleanup_free_ char *path = NULL;

    return asprintf(&path, BLOCK_DEVICES "/%s/holders", name) >= 0 &&
           file_list(h, path, &holders) >= 0 && strv_length(holders) > 0;
}

/* Floppy and CD drives take seconds to open, with or without a medium. */
static bool is_candidate(const struct host *h, const char *name) {
    return !startswith(name, "fd") && !startswith(name, "sr") &&
        !attribute_is(h, name, "size", "0") &&
           !has_holders(h, name);
}

/* The node of a device whose name in sysfs has '!' for '/'. */
static char *node_of(const char *name) {
    char *node;

    if (asprintf(&node, "/dev/%s", name) < 0)
        return NULL;
    for (char *c = node; *c; c++)
        if (*c == '!')
            *c = '/';
    return node;
}

static bool value_is(blkid_probe probe, const char *tag) {
    const char *value;

    for (size_t i = 0; i < ELEMENTSOF(tags); i++) {
        const char *wanted = tag + strlen(tags[i].tag);

        if (startswith(tag, tags[i].tag))
            return blkid_probe_lookup_value(probe, tags[i].value, &value, NULL) == 0 &&
                   (tags[i].any_case ? strcasecmp(value, wanted) == 0 : streq(value, wanted));
    }
    return false;
}

/* 1 with the type (NULL: none) if that device has the tag. A device that cannot be read has no
 * tag. */
static int probe_device(const struct host *h, const char *node, const char *tag, char **ret_type) {
    _cleanup_(blkid_free_probep) blkid_probe probe = NULL;
    _cleanup_close_ int fd = -EBADF;
    const char *type;

    fd = file_open(h, node, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return 0;
    probe = blkid_new_probe();
    if (!probe)
        return -ENOMEM;
    if (blkid_probe_set_device(probe, fd, 0, 0) < 0)
        return 0;
    (void) blkid_probe_enable_superblocks(probe, 1);
    (void) blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID |
                                                        BLKID_SUBLKS_TYPE);
    (void) blkid_probe_enable_partitions(probe, 1);
    (void) blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
    /* Any other result: there is no signature, or there are several kinds, none of which can be
     * trusted. */
    if (blkid_do_safeprobe(probe) != 0 || !value_is(probe, tag))
        return 0;
    if (blkid_probe_lookup_value(probe, "TYPE", &type, NULL) < 0)
        type = NULL;
    return string_set(ret_type, type) < 0 ? -ENOMEM : 1;
}

/* Adds the nodes that have the tag; the type is that of the last one. */
static int scan(const struct host *h, const char *tag, char ***nodes, char **type) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = file_list(h, BLOCK_DEVICES, &names);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    STRV_FOREACH(name, names) {
        _cleanup_free_ char *node = NULL;

        if (!is_candidate(h, *name))
            continue;
        node = node_of(*name);
        r = node ? probe_device(h, node, tag, type) : -ENOMEM;
        if (r > 0)
            r = strv_consume(nodes, TAKE_PTR(node));
        if (r < 0)
            return r;
    }
    return 0;
}

static int refuse_none(const char *tag, uint64_t wait_usec, struct error *e) {
    char after[64] = "";

    if (wait_usec > 0)
        (void) snprintf(after, sizeof(after), ", and none appeared within %g s",
                        (double) wait_usec / (double) USEC_PER_SEC);
    (void) error_set(e, -ENODEV, EXIT_STATUS_FAILED, "no block device has %s%s", tag, after);
    return error_hint(e, -ENODEV, "attach it, or correct Device= of [Store] in lpd.conf; see "
                                  "lsblk --fs");
}

static int refuse_several(const char *tag, char **nodes, struct error *e) {
    _cleanup_free_ char *joined = strv_join(nodes, ", ");

    (void) error_set(e, -ENOTUNIQ, EXIT_STATUS_FAILED, "several block devices have %s: %s", tag,
                     strempty(joined));
    return error_hint(e, -ENOTUNIQ,
                      "relabel or detach all but one, or name it by UUID= in lpd.conf");
}

int device_find(struct host *h, const char *tag, uint64_t wait_usec, struct device *ret,
                struct error *e) {
    uint64_t began = h->ops->now(h), last = began;

    for (;;) {
        _cleanup_strv_free_ char **nodes = NULL;
        _cleanup_free_ char *type = NULL;
        int r;

        r = scan(h, tag, &nodes, &type);
        if (r < 0)
            return error_set(e, r, EXIT_STATUS_FAILED, BLOCK_DEVICES ": %s", strerror(-r));
        if (strv_length(nodes) > 1)
            return refuse_several(tag, nodes, e);
        if (nodes) {
            *ret = (struct device){ .node = strdup(nodes[0]), .type = TAKE_PTR(type) };
            return ret->node ? 0 : -ENOMEM;
        }
        /* Does not start another round if it would end too late, assuming that it takes as long as
         * this one. */
        uint64_t now = h->ops->now(h), waited = now - began;

        if (waited + SCAN_USEC + (now - last) > wait_usec)
            return refuse_none(tag, wait_usec, e);
        h->ops->sleep(h, SCAN_USEC);
        last = now + SCAN_USEC;
    }
}
