/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/json-file.h"
#include "base/strv.h"
#include "state/early-volume.h"

/* No result of a patch has this name, because it lacks ".json". */
#define EARLY_VOLUME RESULTS_DIRECTORY "/early-volume"

void early_mark_volume(const struct host *h) {
    if (!file_exists(h, EARLY_ON_VOLUME) && file_mkdir_p(h, RESULTS_DIRECTORY) >= 0)
        (void) file_write_volatile(h, EARLY_ON_VOLUME, "", 0, 0644);
}

static const struct json_field volume_fields[] = {
    { "node", offsetof(struct early_volume, node) },
    { "type", offsetof(struct early_volume, type) },
};

void early_volume_done(struct early_volume *v) {
    json_file_free_fields(volume_fields, ELEMENTSOF(volume_fields), v);
}

int early_volume_write(const struct host *h, const struct early_volume *v) {
    _cleanup_(json_object_putp) json_object *o = json_object_new_object();

    json_file_add_fields(o, volume_fields, ELEMENTSOF(volume_fields), v);
    return json_file_write_volatile(h, EARLY_VOLUME, o);
}

int early_volume_read(const struct host *h, struct early_volume *ret) {
    _cleanup_(early_volume_done) struct early_volume v = {};
    _cleanup_(json_object_putp) json_object *o = NULL;
    int r;

    r = json_file_read(h, EARLY_VOLUME, &o);
    if (r >= 0)
        r = json_file_take_fields(o, volume_fields, ELEMENTSOF(volume_fields), &v);
    if (r < 0)
        return r;
    if (!v.node || !v.type)
        return -EBADMSG;
    *ret = TAKE_STRUCT(v);
    return 0;
}
