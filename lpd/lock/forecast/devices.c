/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "lock/forecast/search.h"

/* Devices announce the module that can drive them: MODALIAS in uevents, modalias in sysfs
 * (Documentation/ABI/testing/sysfs-bus-*). */

#define MODALIAS_MAX ((size_t) 4096)
#define DEVICES_MAX 20000u

static int look_at(struct search *s, const char *directory) {
    _cleanup_free_ char *path = NULL, *driver = NULL, *modalias = NULL;
    struct stat st;
    int r;

    if (asprintf(&path, "%s/modalias", directory) < 0 ||
        asprintf(&driver, "%s/driver", directory) < 0)
        return -ENOMEM;
    r = file_read(s->host, path, MODALIAS_MAX, &modalias, NULL);
    /* Many have none, and a device may disappear meanwhile. */
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    /* A device with a driver needs no other one, even if others match. */
    if (file_lstat(s->host, driver, &st) >= 0)
        return 0;
    modalias[strcspn(modalias, "\n")] = '\0';
    return search_modalias(s, modalias, directory);
}

/* TOP/GROUP/SUBDIRECTORY/DEVICE for every group. */
static int look_below(struct search *s, const char *top, const char *subdirectory,
                      unsigned *n_devices) {
    _cleanup_strv_free_ char **groups = NULL;
    int r;

    r = search_list(s, top, &groups);
    STRV_FOREACH(group, groups) {
        _cleanup_strv_free_ char **devices = NULL;
        _cleanup_free_ char *directory = NULL;

        if (r < 0)
            return r;
        if (asprintf(&directory, "%s/%s%s", top, *group, subdirectory) < 0)
            return -ENOMEM;
        r = file_list(s->host, directory, &devices);
        if (r < 0 && r != -ENOMEM)
            r = 0;
        STRV_FOREACH(device, devices) {
            _cleanup_free_ char *path = NULL;

            if (r < 0)
                return r;
            if (++*n_devices > DEVICES_MAX)
                return search_note_unread(s, directory, -E2BIG);
            if (asprintf(&path, "%s/%s", directory, *device) < 0)
                return -ENOMEM;
            r = look_at(s, path);
        }
    }
    return r;
}

/* In a class, only devices without a bus have a modalias: the machine itself (dmi), input
 * devices. */
int search_devices(struct search *s) {
    unsigned n_devices = 0;
    int r;

    r = look_at(s, "/sys/devices/system/cpu");
    if (r >= 0)
        r = look_below(s, "/sys/bus", "/devices", &n_devices);
    return r < 0 ? r : look_below(s, "/sys/class", "", &n_devices);
}
