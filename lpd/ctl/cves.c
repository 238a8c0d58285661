/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/realtime.h"
#include "base/safe-file.h"
#include "base/strv.h"
#include "ctl/ctl.h"
#include "report/cves.h"
#include "report/known-fixes.h"
#include "report/status.h"
#include "report/table.h"
#include "report/vex.h"

/* lpctl cves: what is fixed on the running kernel. */

#define FILE_SIZE_MAX ((size_t) 64 * 1024 * 1024)

struct question {
    struct ctl *c;
    struct snapshot snapshot;
    struct plan plan;
    json_object *patches; /* of the status */
    json_object *cves, *unseen;
};

static void question_done(struct question *q) {
    json_object_put(q->patches);
    json_object_put(q->cves);
    json_object_put(q->unseen);
    plan_done(&q->plan);
    snapshot_done(&q->snapshot);
}

static int collect(struct question *q, struct error *e) {
    _cleanup_json_ json_object *status = NULL;
    int r;

    r = snapshot_take(&q->c->host, SNAPSHOT_MODULES | SNAPSHOT_OVERRIDES, &q->snapshot, e);
    if (r >= 0)
        r = plan_make(&q->snapshot, &q->plan);
    if (r < 0)
        return r;
    status = status_build(&q->snapshot, &q->plan);
    q->patches = json_object_get(json_object_object_get(status, "patches"));
    json_object_object_add(q->c->value, "kernel", json_object_get(json_object_object_get(status, "kernel")));
    return known_fixes_add(&q->c->host, &q->snapshot, q->patches, q->cves, q->unseen);
}

/* The identifiers that the command line asks about, or none: all that are known. */
static int asked_for(struct ctl *c, char **argv, char ***ret, struct error *e) {
    STRV_FOREACH(argument, argv) {
        _cleanup_strv_free_ char **ids = NULL;
        _cleanup_free_ char *path = NULL, *text = NULL;
        _cleanup_(host_close) struct host here = HOST_NULL;
        size_t size;
        int r = 0;

        if (c->check) {
            r = ctl_find_file(*argument, &path, e);
            if (r >= 0)
                r = host_open("/", &here);
            if (r < 0)
                return r;
            r = safe_file_read(&here, path, FILE_SIZE_MAX, /* trusted= */ false, &text, &size, e);
            if (r < 0)
                return error_prefix(e, r, "%s", *argument);
            r = cves_parse_list(*argument, text, size, &ids, e);
        } else
            r = strv_extend(&ids, *argument);
        STRV_FOREACH(id, ids)
            if (r >= 0 && !strv_contains(*ret, *id))
                r = strv_extend(ret, *id);
        if (r < 0)
            return r;
    }
    return 0;
}

/* The answer to one of them; 1 if it is effective. */
static int answer(struct question *q, const char *id, json_object *answers) {
    json_object *entry = json_object_get(cves_find(q->cves, id));

    if (!entry) {
        entry = json_object_new_object();
        json_add_string(entry, "id", id);
        json_object_object_add(entry, "state", NULL);
        json_object_object_add(entry, "patch", NULL);
        json_add_string(entry, "reason", "no patch on this machine is known to fix it");
        json_object_object_add(entry, "since", NULL);
    }
    json_object_array_add(answers, entry);
    return streq(strempty(value_get(entry, "state")), cve_state_name(CVE_EFFECTIVE));
}

static int answer_all(struct question *q, char *const *ids, struct error *e) {
    json_object *answers = json_object_new_array();
    const char *first = NULL;
    size_t missing = 0;

    STRV_FOREACH(id, ids)
        if (!answer(q, *id, answers)) {
            first = first ?: *id;
            missing++;
        }
    json_object_put(q->cves);
    q->cves = answers;
    if (missing == 0)
        return 0;
    return missing == 1 ? error_set(e, -ENODATA, EXIT_STATUS_FAILED, "%s: not effective on this kernel", first)
                        : error_set(e, -ENODATA, EXIT_STATUS_FAILED, "%s and %zu more: not effective on this kernel",
                                    first, missing - 1);
}

/* $SOURCE_DATE_EPOCH makes documents reproducible (reproducible-builds.org). */
static uint64_t document_usec(void) {
    const char *epoch = getenv("SOURCE_DATE_EPOCH");

    return epoch && *epoch && strlen(epoch) <= 11 && epoch[strspn(epoch, "0123456789")] == '\0'
               ? strtoull(epoch, NULL, 10) * USEC_PER_SEC : realtime_usec();
}

/* Puts the document into the value: printing cannot fail. */
static int make_document(struct question *q, struct error *e) {
    json_object *kernel = json_object_object_get(q->c->value, "kernel");
    _cleanup_(vex_kernel_done) struct vex_kernel k = {};
    int r;

    if (json_object_array_length(q->cves) == 0)
        return error_set(e, -ENODATA, EXIT_STATUS_FAILED, "no patch on this machine says what it fixes, "
                                                          "so there is nothing to write a document about");
    if (!value_get(kernel, "release"))
        return error_set(e, -ENODATA, EXIT_STATUS_FAILED, "the release of the running kernel is unknown");
    r = vex_kernel_make(&q->c->host, value_get(kernel, "release"), value_get(kernel, "buildId"), document_usec(), &k);
    if (r < 0)
        return r;
    json_object_object_add(q->c->value, "document", vex_build(vex_format_from_string(q->c->format), &k, q->cves));
    return 0;
}

int ctl_cves(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(question_done) struct question q = { .c = c, .cves = json_object_new_array(),
                                                   .unseen = json_object_new_array() };
    _cleanup_strv_free_ char **ids = NULL;
    int r, fault = 0;

    if (c->format && c->json != JSON_OFF)
        return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "--format= cannot be used with --json=");
    if (c->check && !*argv)
        return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "--check needs a file with identifiers");
    r = asked_for(c, argv, &ids, e);
    if (r < 0)
        return r;
    c->value = value_new();
    r = collect(&q, e);
    if (r >= 0 && *argv)
        r = answer_all(&q, ids, e);
    if (c->format && (r >= 0 || *argv))
        fault = make_document(&q, r >= 0 ? e : NULL);
    json_object_object_add(c->value, "cves", json_object_get(q.cves));
    json_object_object_add(c->value, "unseen", json_object_get(q.unseen));
    return r < 0 ? r : fault;
}

void print_cves(const struct ctl *c) {
    static const struct table_column columns[] = {
        { "ID", "id" },
        { "STATE", "state" },
        { "PATCH", "patch" },
        { "SINCE", "since", COLUMN_ROOM },
        { "REASON", "reason", COLUMN_BELOW },
    };
    json_object *cves = json_object_object_get(c->value, "cves"), *unseen = json_object_object_get(c->value, "unseen");

    if (c->format) {
        if (json_object_object_get(c->value, "document"))
            puts(json_object_to_json_string_ext(json_object_object_get(c->value, "document"),
                                                JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
        return;
    }
    if (json_object_array_length(cves) > 0)
        (void) table_print(cves, columns, ELEMENTSOF(columns), c->legend, c->wide);
    else if (c->legend)
        printf("No patch on this machine says what it fixes.\n");
    for (size_t i = 0; i < json_object_array_length(unseen) && c->legend; i++)
        printf("Note: %s\n", json_object_get_string(json_object_array_get_idx(unseen, i)));
}
