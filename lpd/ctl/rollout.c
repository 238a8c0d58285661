/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <search.h>
#include <stdio.h>

#include "base/realtime.h"
#include "base/strv.h"
#include "config/machine-id.h"
#include "config/manifest.h"
#include "ctl/ctl.h"
#include "plan/rollout.h"
#include "report/table.h"

/* lpctl rollout: which machines a rollout takes in, and when; for planning, so any machine can answer for all
 * of them. Tags and kernels of other machines are not known here. */

#define MACHINES_MAX 100000

struct rollout {
    const struct manifest *manifest;
    uint64_t now_usec;
    json_object *machines;
    void *ids; /* those seen: tsearch(3) */
    size_t n_included, n_repeated;
};

static int compare_ids(const void *a, const void *b) {
    return strcmp(a, b);
}

/* id is valid. */
static int add_machine(struct rollout *ro, const char *id) {
    json_object *o;
    const struct wave *wave;
    uint32_t position;
    bool included;
    int r;

    r = rollout_position(id, ro->manifest->name, &position);
    if (r < 0)
        return r;
    wave = rollout_wave(&ro->manifest->rollout, position);
    included = wave && wave->since_usec <= ro->now_usec;
    ro->n_included += included;
    o = json_object_new_object();
    json_add_string(o, "machineId", id);
    json_object_object_add(o, "positionPercent", json_object_new_double(rollout_percent(position)));
    json_object_object_add(o, "wavePercent", wave ? json_object_new_double(wave->share / 100.0) : NULL);
    json_add_time(o, "joins", wave ? wave->since_usec : 0);
    json_add_bool(o, "included", included);
    json_object_array_add(ro->machines, o);
    return 0;
}

/* A cloned machine has the id of another one, so both are in the same waves. */
static int add_line(struct rollout *ro, const char *path, unsigned number, char *line, struct error *e) {
    char **seen, *copy;

    line += strspn(line, " \t");
    line[strcspn(line, " \t\r\n")] = '\0';
    if (!*line || *line == '#')
        return 0;
    if (!machine_id_is_valid(line))
        return error_set(e, -EBADMSG, EXIT_STATUS_USAGE, "%s:%u: not a machine id, which has 32 hexadecimal digits", path,
                         number);
    if (json_object_array_length(ro->machines) >= MACHINES_MAX)
        return error_set(e, -E2BIG, EXIT_STATUS_USAGE, "%s: more than %d machine ids; divide the file", path, MACHINES_MAX);
    copy = strdup(line);
    seen = copy ? tsearch(copy, &ro->ids, compare_ids) : NULL;
    if (!seen) {
        free(copy);
        return -ENOMEM;
    }
    if (*seen == copy)
        return add_machine(ro, line);
    free(copy);
    ro->n_repeated++;
    return 0;
}

static void stream_close(FILE **f) {
    if (*f)
        (void) fclose(*f);
}

static int add_file(struct rollout *ro, const char *path, struct error *e) {
    _cleanup_(stream_close) FILE *f = fopen(path, "re");
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    int r = 0;

    if (!f)
        return error_set(e, -errno, EXIT_STATUS_USAGE, "%s: cannot be read: %m", path);
    for (unsigned number = 1; r >= 0 && getline(&line, &size, f) >= 0; number++)
        r = add_line(ro, path, number, line, e);
    if (r >= 0 && ferror(f))
        r = error_set(e, -EIO, EXIT_STATUS_FAILED, "%s: cannot be read", path);
    return r;
}

static int add_this(struct ctl *c, struct rollout *ro, struct error *e) {
    _cleanup_free_ char *id = NULL;
    int r;

    r = machine_id_find(&c->host, &id);
    if (r == -ENOENT)
        return error_hint(e, error_set(e, r, EXIT_STATUS_FAILED, "this machine has no valid machine id, so it takes part "
                                                                  "in Rollout=100%% only"),
                          "make one: systemd-machine-id-setup; or name another machine: --machine-id=");
    return r < 0 ? r : add_machine(ro, id);
}

static int add_machines(struct ctl *c, struct rollout *ro, struct error *e) {
    if (c->file)
        return add_file(ro, c->file, e);
    if (!c->machine_id)
        return add_this(c, ro, e);
    if (!machine_id_is_valid(c->machine_id))
        return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "--machine-id= takes 32 hexadecimal digits, not '%s'", c->machine_id);
    return add_machine(ro, c->machine_id);
}

int ctl_rollout(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_free_ char *name = NULL;
    struct rollout ro = { .manifest = &m, .now_usec = rollout_clock(realtime_usec()) };
    int r;

    if (c->file && c->machine_id)
        return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "--machine-id= and --file= cannot be used together");
    r = ctl_check_name(argv[0], e);
    if (r >= 0)
        r = ctl_spell(c, argv[0], &name);
    if (r >= 0)
        r = manifest_load(&c->host, name, &m, e);
    if (r < 0)
        return r == -ENOENT ? ctl_no_patch(c, argv[0], e) : r;
    c->value = value_new();
    ro.machines = json_object_new_array();
    json_add_string(c->value, "name", m.name);
    json_object_object_add(c->value, "percent",
                           json_object_new_double(rollout_share(&m.rollout, ro.now_usec) / 100.0));
    json_object_object_add(c->value, "machines", ro.machines);
    r = add_machines(c, &ro, e);
    json_add_number(c->value, "included", (int64_t) ro.n_included);
    json_add_number(c->value, "repeated", (int64_t) ro.n_repeated);
    tdestroy(ro.ids, free);
    return r;
}

/* Percentages with the digits that people compare. */
static json_object *rows_value(json_object *machines) {
    json_object *rows = json_object_new_array();

    for (size_t i = 0; i < json_object_array_length(machines); i++) {
        json_object *o = json_object_array_get_idx(machines, i), *row = json_object_new_object(), *wave;
        char position[32], share[32] = "none", date[WAVE_DATE_SIZE];

        wave = json_object_object_get(o, "wavePercent");
        (void) snprintf(position, sizeof(position), "%.4f%%", json_object_get_double(json_object_object_get(o, "positionPercent")));
        if (wave)
            (void) snprintf(share, sizeof(share), "%.2f%%", json_object_get_double(wave));
        wave_date(json_object_get_uint64(json_object_object_get(o, "joins")), date);
        json_add_string(row, "machineId", value_get(o, "machineId"));
        json_add_string(row, "position", position);
        json_add_string(row, "wave", share);
        json_add_string(row, "from", *date ? date : NULL);
        json_object_object_add(row, "included", json_object_get(json_object_object_get(o, "included")));
        json_object_array_add(rows, row);
    }
    return rows;
}

void print_rollout(const struct ctl *c) {
    static const struct table_column columns[] = {
        { "MACHINE", "machineId" }, { "POSITION", "position" }, { "WAVE", "wave" },
        { "FROM", "from" },         { "IN", "included" },
    };
    json_object *machines = json_object_object_get(c->value, "machines");
    int64_t repeated = json_object_get_int64(json_object_object_get(c->value, "repeated"));
    _cleanup_json_ json_object *rows = rows_value(machines);

    (void) table_print(rows, columns, ELEMENTSOF(columns), c->legend, /* wide= */ false);
    if (c->legend && c->file)
        printf("\n%lld of %zu machines take part now.\n",
               (long long) json_object_get_int64(json_object_object_get(c->value, "included")),
               json_object_array_length(machines));
    if (repeated > 0)
        printf("%lld more %s an id that is listed already: a cloned machine needs an id of its own, see "
               "machine-id(5).\n",
               (long long) repeated, repeated == 1 ? "line has" : "lines have");
}
