/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/device.h"
#include "store/volume.h"

/* The file systems of a volume. vfat has no owners, so its masks set those that safe-file.h
 * requires. */
static const struct {
    const char *type, *options, *options_read_only;
} types[] = {
    { "ext4", "", "noload" },
    { "vfat", "fmask=0133,dmask=0022", "fmask=0133,dmask=0022" },
};

void volume_close(struct volume *v) {
    host_close(&v->host);
    free(v->node);
    free(v->type);
    *v = VOLUME_NULL;
}

static int refuse_type(const struct device *d, const char *tag, struct error *e) {
    (void) error_set(e, -EMEDIUMTYPE, EXIT_STATUS_FAILED, "%s (%s) contains %s, not ext4 or vfat",
                     d->node,
                     tag, d->type ?: "no known file system");
    return error_hint(e, -EMEDIUMTYPE, "create one of these on it, or name another volume in "
                                       "lpd.conf");
}

static int refuse_mount(const struct device *d, const char *tag, bool writable, int r,
                        struct error *e) {
    (void) error_set(e, r, r == -EPERM ? EXIT_STATUS_PRIVILEGE : EXIT_STATUS_FAILED,
                     "%s (%s) cannot be mounted as %s: %s", d->node, tag, d->type, strerror(-r));
    if (r == -ENODEV)
        return error_hint(e, r, "this needs the kernel module %s", d->type);
    if (r == -EBUSY)
        return error_hint(e, r, "it is mounted %s elsewhere: remount or unmount it",
                          writable ? "read-only" : "writable");
    return error_hint(e, r, "see the kernel's log; fsck.%s %s may repair it", d->type, d->node);
}

int volume_open(struct host *h, const char *tag, uint64_t wait_usec, bool writable,
                struct volume *ret,
                struct error *e) {
    _cleanup_(device_done) struct device d = {};
    size_t i = 0;
    int fd, r;

    r = device_find(h, tag, wait_usec, &d, e);
    if (r < 0)
        return r;
    while (i < ELEMENTSOF(types) && !streq(strempty(d.type), types[i].type))
        i++;
    if (i == ELEMENTSOF(types))
        return refuse_type(&d, tag, e);
    fd = h->ops->mount(h, d.node, d.type, writable ? types[i].options : types[i].options_read_only,
                       writable);
    if (fd < 0)
        return refuse_mount(&d, tag, writable, fd, e);
    *ret = (struct volume){
        .host = { .root_fd = fd, .ops = h->ops, .userdata = h->userdata },
        .node = TAKE_PTR(d.node),
        .type = TAKE_PTR(d.type),
    };
    return 0;
}
