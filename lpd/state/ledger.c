/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/json-file.h"
#include "base/realtime.h"
#include "base/strv.h"
#include "config/name.h"
#include "config/policy.h"
#include "state/ledger.h"

#define SHA256_DIGITS 64
#define SUFFIX ".json"
#define BOOT_ID_MAX 64
#define BUILD_ID_MAX 128
#define REASON_MAX 1024

/* The lock is held for one synced write. */
#define LOCK_TRIES 500
#define LOCK_PAUSE_USEC 10000

_Static_assert(LEDGER_ATTEMPTS_MAX >= POLICY_MAX_ATTEMPTS, "MaxAttempts= counts attempts of the ledger");

static const char *const state_names[_LEDGER_STATE_MAX] = {
    [LEDGER_TRIAL] = "trial",
    [LEDGER_CONFIRMED] = "confirmed",
    [LEDGER_QUARANTINED] = "quarantined",
};

const char *ledger_state_name(enum ledger_state state) {
    return state_names[state];
}

static void attempt_done(struct ledger_attempt *a) {
    free(a->boot_id);
    free(a->stage);
    *a = (struct ledger_attempt){};
}

void ledger_build_done(struct ledger_build *b) {
    free(b->kernel);
    free(b->sha256);
    free(b->name);
    free(b->module_name);
    free(b->build_id);
    free(b->stage);
    free(b->reason);
    free(b->excerpt);
    for (size_t i = 0; i < b->n_attempts; i++)
        attempt_done(&b->attempts[i]);
    *b = (struct ledger_build){};
}

void ledger_list_done(struct ledger_list *l) {
    for (size_t i = 0; i < l->n_builds; i++)
        ledger_build_done(&l->builds[i]);
    free(l->builds);
    *l = (struct ledger_list){};
}

static bool stage_is_valid(const char *stage) {
    return streq(stage, "initrd") || streq(stage, "system");
}

bool ledger_build_is_confirmed(const struct ledger_build *b, const char *stage) {
    return b->state == LEDGER_CONFIRMED && (streq(b->stage, "initrd") || streq(b->stage, stage));
}

static int build_path(const char *kernel, const char *sha256, char **ret) {
    if (!kernel_release_is_valid(kernel) || strlen(sha256) != SHA256_DIGITS ||
        !hex_is_valid(sha256))
        return -EINVAL;
    return asprintf(ret, LEDGER_DIRECTORY "/%s/%s" SUFFIX, kernel, sha256) < 0 ? -ENOMEM : 0;
}

static bool attempt_is_valid(const struct ledger_attempt *a) {
    return a->boot_id && a->stage && *a->boot_id && strlen(a->boot_id) <= BOOT_ID_MAX &&
           stage_is_valid(a->stage) && a->usec <= INT64_MAX;
}

/* What every record obeys, written or read. */
static bool build_is_valid(const struct ledger_build *b) {
    if (!b->name || !patch_name_is_valid(b->name) || b->n_attempts > LEDGER_ATTEMPTS_MAX ||
        (b->module_name && !patch_name_is_valid(b->module_name)) ||
        (b->build_id && (strlen(b->build_id) > BUILD_ID_MAX || !hex_is_valid(b->build_id))) ||
        strlen(strempty(b->reason)) > REASON_MAX ||
        strlen(strempty(b->excerpt)) > LEDGER_EXCERPT_MAX ||
        b->since_usec > INT64_MAX || (b->state == LEDGER_CONFIRMED) != !!b->stage ||
        (b->stage && !stage_is_valid(b->stage)))
        return false;
    for (size_t i = 0; i < b->n_attempts; i++)
        if (!attempt_is_valid(&b->attempts[i]))
            return false;
    return true;
}

static const struct json_field build_fields[] = {
    { "name", offsetof(struct ledger_build, name) },
    { "module", offsetof(struct ledger_build, module_name) },
    { "buildId", offsetof(struct ledger_build, build_id) },
    { "stage", offsetof(struct ledger_build, stage) },
    { "reason", offsetof(struct ledger_build, reason) },
    { "excerpt", offsetof(struct ledger_build, excerpt) },
};

static const struct json_field attempt_fields[] = {
    { "boot", offsetof(struct ledger_attempt, boot_id) },
    { "stage", offsetof(struct ledger_attempt, stage) },
};

static int take_time(json_object *o, const char *key, uint64_t *ret) {
    json_object *time = json_object_object_get(o, key);

    if (!json_object_is_type(time, json_type_int) || json_object_get_int64(time) < 0)
        return -EBADMSG;
    *ret = (uint64_t) json_object_get_int64(time);
    return 0;
}

static int take_attempts(json_object *list, struct ledger_build *b) {
    size_t n;
    int r = 0;

    if (!json_object_is_type(list, json_type_array))
        return -EBADMSG;
    n = json_object_array_length(list);
    if (n > LEDGER_ATTEMPTS_MAX)
        return -EBADMSG;
    for (size_t i = 0; i < n && r >= 0; i++) {
        json_object *o = json_object_array_get_idx(list, i);
        struct ledger_attempt *a = &b->attempts[b->n_attempts++];

        if (!json_object_is_type(o, json_type_object))
            return -EBADMSG;
        r = json_file_take_fields(o, attempt_fields, ELEMENTSOF(attempt_fields), a);
        if (r >= 0)
            r = take_time(o, "time", &a->usec);
    }
    return r;
}

static int take_state(json_object *o, enum ledger_state *ret) {
    json_object *state = json_object_object_get(o, "state");

    for (size_t i = 0; json_object_is_type(state, json_type_string) && i < _LEDGER_STATE_MAX; i++)
        if (streq(json_object_get_string(state), state_names[i])) {
            *ret = i;
            return 0;
        }
    return -EBADMSG;
}

int ledger_read(const struct host *h, const char *kernel, const char *sha256,
                struct ledger_build *ret) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    _cleanup_(json_object_putp) json_object *o = NULL;
    _cleanup_free_ char *path = NULL;
    int r;

    r = build_path(kernel, sha256, &path);
    if (r >= 0)
        r = json_file_read(h, path, &o);
    if (r < 0)
        return r == -EFBIG ? -EBADMSG : r;
    b.kernel = strdup(kernel);
    b.sha256 = strdup(sha256);
    if (!b.kernel || !b.sha256)
        return -ENOMEM;
    r = take_state(o, &b.state);
    if (r >= 0)
        r = json_file_take_fields(o, build_fields, ELEMENTSOF(build_fields), &b);
    if (r >= 0)
        r = take_time(o, "since", &b.since_usec);
    if (r >= 0)
        r = take_attempts(json_object_object_get(o, "attempts"), &b);
    if (r < 0)
        return r;
    if (!build_is_valid(&b))
        return -EBADMSG;
    *ret = TAKE_STRUCT(b);
    return 0;
}

bool ledger_build_is_valid(const struct ledger_build *b) {
    return b->kernel && b->sha256 && kernel_release_is_valid(b->kernel) &&
           strlen(b->sha256) == SHA256_DIGITS && hex_is_valid(b->sha256) && build_is_valid(b);
}

static int list_add(const struct host *h, const char *kernel, const char *file,
                    struct ledger_list *l) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    _cleanup_free_ char *sha256 = NULL;
    struct ledger_build *grown;
    int r;

    /* Others may be temporary files that a power cut left behind. */
    if (!endswith(file, SUFFIX))
        return 0;
    sha256 = strndup(file, strlen(file) - STRLEN(SUFFIX));
    if (!sha256)
        return -ENOMEM;
    r = ledger_read(h, kernel, sha256, &b);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        l->n_invalid++;
        return 0;
    }
    grown = reallocarray(l->builds, l->n_builds + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    l->builds = grown;
    l->builds[l->n_builds++] = TAKE_STRUCT(b);
    return 0;
}

static int list_add_kernel(const struct host *h, const char *kernel, struct ledger_list *l) {
    _cleanup_strv_free_ char **files = NULL;
    _cleanup_free_ char *path = NULL;
    int r;

    if (!kernel_release_is_valid(kernel))
        return 0;
    if (asprintf(&path, LEDGER_DIRECTORY "/%s", kernel) < 0)
        return -ENOMEM;
    r = file_list(h, path, &files);
    if (r == -ENOTDIR)
        return 0;
    STRV_FOREACH(file, files)
        if (r >= 0)
            r = list_add(h, kernel, *file, l);
    return r;
}

int ledger_list_read(const struct host *h, struct ledger_list *ret) {
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    _cleanup_strv_free_ char **kernels = NULL;
    int r;

    r = file_list(h, LEDGER_DIRECTORY, &kernels);
    if (r == -ENOENT)
        r = 0;
    STRV_FOREACH(kernel, kernels)
        if (r >= 0)
            r = list_add_kernel(h, *kernel, &l);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(l);
    return 0;
}

static json_object *build_to_json(const struct ledger_build *b) {
    json_object *o = json_object_new_object(), *attempts = json_object_new_array();

    json_file_add_string(o, "state", state_names[b->state]);
    json_file_add_fields(o, build_fields, ELEMENTSOF(build_fields), b);
    json_object_object_add(o, "since", json_object_new_int64((int64_t) b->since_usec));
    for (size_t i = 0; i < b->n_attempts; i++) {
        json_object *a = json_object_new_object();

        json_file_add_fields(a, attempt_fields, ELEMENTSOF(attempt_fields), &b->attempts[i]);
        json_object_object_add(a, "time", json_object_new_int64((int64_t) b->attempts[i].usec));
        json_object_array_add(attempts, a);
    }
    json_object_object_add(o, "attempts", attempts);
    return o;
}

int ledger_write(const struct host *h, const struct ledger_build *b) {
    _cleanup_free_ char *path = NULL, *directory = NULL;
    _cleanup_(json_object_putp) json_object *o = NULL;
    int r;

    if (!b->kernel || !b->sha256 || !build_is_valid(b))
        return -EINVAL;
    r = build_path(b->kernel, b->sha256, &path);
    if (r < 0)
        return r;
    directory = strndup(path, (size_t) (path_basename(path) - path - 1));
    if (!directory)
        return -ENOMEM;
    o = build_to_json(b);
    r = file_mkdir_p(h, directory);
    return r < 0 ? r : json_file_write_atomic(h, path, o);
}

int ledger_remove(const struct host *h, const char *kernel, const char *sha256) {
    _cleanup_free_ char *path = NULL;
    int r;

    r = build_path(kernel, sha256, &path);
    if (r >= 0)
        r = file_unlink(h, path);
    return r == -ENOENT ? 0 : r;
}

static bool has_attempt(const struct ledger_build *b, const char *boot_id) {
    for (size_t i = 0; i < b->n_attempts; i++)
        if (streq(b->attempts[i].boot_id, boot_id))
            return true;
    return false;
}

static void drop_attempt(struct ledger_build *b, size_t i) {
    attempt_done(&b->attempts[i]);
    memmove(&b->attempts[i], &b->attempts[i + 1], (--b->n_attempts - i) * sizeof(b->attempts[0]));
    b->attempts[b->n_attempts] = (struct ledger_attempt){};
}

/* Drops the attempts of other boots than this one; NULL: all. Whether there were any. */
static bool drop_other_boots(struct ledger_build *b, const char *boot_id) {
    size_t before = b->n_attempts;

    for (size_t i = b->n_attempts; i-- > 0;)
        if (!boot_id || !streq(b->attempts[i].boot_id, boot_id))
            drop_attempt(b, i);
    return b->n_attempts != before;
}

bool ledger_build_take_back(struct ledger_build *b, const char *boot_id) {
    size_t before = b->n_attempts;

    for (size_t i = b->n_attempts; i-- > 0;)
        if (streq(b->attempts[i].boot_id, boot_id))
            drop_attempt(b, i);
    return b->n_attempts != before;
}

static int append_attempt(struct ledger_build *b, const struct ledger_attempt *attempt) {
    struct ledger_attempt *a;

    if (b->n_attempts == LEDGER_ATTEMPTS_MAX)
        drop_attempt(b, 0);
    a = &b->attempts[b->n_attempts++];
    *a = (struct ledger_attempt){ .boot_id = strdup(attempt->boot_id),
                                  .stage = strdup(attempt->stage),
                                  .usec = attempt->usec };
    return a->boot_id && a->stage ? 0 : -ENOMEM;
}

int ledger_lock(const struct host *h) {
    _cleanup_close_ int fd = file_open(h, LEDGER_DIRECTORY, O_RDONLY | O_DIRECTORY, 0);
    int r = 0;

    if (fd == -ENOENT) {
        r = file_mkdir_p(h, LEDGER_DIRECTORY);
        if (r < 0)
            return r;
        fd = file_open(h, LEDGER_DIRECTORY, O_RDONLY | O_DIRECTORY, 0);
    }
    if (fd < 0)
        return TAKE_FD(fd);
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) >= 0)
            return TAKE_FD(fd);
        if (errno != EWOULDBLOCK)
            return -errno;
        (void) usleep(LOCK_PAUSE_USEC);
    }
    return -EBUSY;
}

static int describe_build(const struct ledger_build *from, struct ledger_build *b) {
    int r;

    r = string_set(&b->name, from->name);
    if (r >= 0)
        r = string_set(&b->module_name, from->module_name);
    return r < 0 ? r : string_set(&b->build_id, from->build_id);
}

static int read_or_begin(const struct host *h, const struct ledger_build *from, uint64_t usec,
                         struct ledger_build *ret) {
    int r;

    r = ledger_read(h, from->kernel, from->sha256, ret);
    if (r != -ENOENT)
        return r;
    ret->since_usec = usec;
    r = string_set(&ret->kernel, from->kernel);
    return r < 0 ? r : string_set(&ret->sha256, from->sha256);
}

/* A build on trial without attempts is forgotten: nothing is known of it. */
static int write_or_forget(const struct host *h, const struct ledger_build *b) {
    if (b->state == LEDGER_TRIAL && b->n_attempts == 0)
        return ledger_remove(h, b->kernel, b->sha256);
    return ledger_write(h, b);
}

static int remove_attempt(const struct host *h, const char *kernel, const char *sha256,
                          const char *boot_id) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    int r;

    r = ledger_read(h, kernel, sha256, &b);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    if (!ledger_build_take_back(&b, boot_id))
        return 0;
    r = write_or_forget(h, &b);
    return r < 0 ? r : 1;
}

static int add_attempt(const struct host *h, const struct ledger_build *build,
                       const struct ledger_attempt *attempt) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    int r;

    r = read_or_begin(h, build, attempt->usec, &b);
    if (r < 0)
        return r;
    if (b.state == LEDGER_QUARANTINED)
        return -EPERM;
    if (ledger_build_is_confirmed(&b, attempt->stage) || has_attempt(&b, attempt->boot_id))
        return 0;
    r = describe_build(build, &b);
    if (r >= 0)
        r = append_attempt(&b, attempt);
    if (r < 0)
        return r;
    r = ledger_write(h, &b);
    /* If only the sync failed the attempt may be on the disk, and no load follows it. */
    if (r < 0)
        (void) remove_attempt(h, build->kernel, build->sha256, attempt->boot_id);
    return r < 0 ? r : 1;
}

int ledger_attempt_add(const struct host *h, const struct ledger_build *build,
                       const struct ledger_attempt *attempt) {
    _cleanup_close_ int lock = -EBADF;

    if (!attempt_is_valid(attempt))
        return -EINVAL;
    lock = ledger_lock(h);
    return lock < 0 ? lock : add_attempt(h, build, attempt);
}

/* Without a directory there is nothing to change, so none is created. */
static int lock_existing(const struct host *h) {
    return file_exists(h, LEDGER_DIRECTORY) ? ledger_lock(h) : -ENOENT;
}

int ledger_attempt_remove(const struct host *h, const char *kernel, const char *sha256,
                          const char *boot_id) {
    _cleanup_close_ int lock = lock_existing(h);

    if (lock < 0)
        return lock == -ENOENT ? 0 : lock;
    return remove_attempt(h, kernel, sha256, boot_id);
}

int ledger_build_quarantine(struct ledger_build *b, const char *reason, const char *excerpt, uint64_t usec) {
    int r;

    b->state = LEDGER_QUARANTINED;
    b->since_usec = usec;
    r = string_set(&b->stage, NULL);
    if (r >= 0)
        r = string_set(&b->reason, reason);
    return r < 0 ? r : string_set(&b->excerpt, excerpt);
}

int ledger_quarantine(const struct host *h, const struct ledger_build *build, const char *reason,
                      const char *excerpt) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    _cleanup_close_ int lock = ledger_lock(h);
    int r;

    if (lock < 0)
        return lock;
    r = read_or_begin(h, build, 0, &b);
    if (r < 0 || b.state == LEDGER_QUARANTINED)
        return MIN(r, 0);
    r = ledger_build_quarantine(&b, reason, excerpt, realtime_usec());
    if (r >= 0)
        r = describe_build(build, &b);
    if (r >= 0)
        r = ledger_write(h, &b);
    return r < 0 ? r : 1;
}

static int confirm(struct ledger_build *b, const struct ledger_build *from, const char *stage) {
    int r = 0;

    /* What was confirmed in the initramfs is not less so after it was confirmed on the host. */
    if (b->state != LEDGER_CONFIRMED || !streq(b->stage, "initrd"))
        r = string_set(&b->stage, stage);
    b->state = LEDGER_CONFIRMED;
    b->since_usec = realtime_usec();
    (void) drop_other_boots(b, NULL);
    if (r >= 0)
        r = string_set(&b->reason, NULL);
    if (r >= 0)
        r = string_set(&b->excerpt, NULL);
    return r < 0 ? r : describe_build(from, b);
}

int ledger_confirm(const struct host *h, const struct ledger_build *build, const char *stage,
                   bool by_hand) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    _cleanup_close_ int lock = -EBADF;
    int r;

    if (!stage_is_valid(stage))
        return -EINVAL;
    lock = ledger_lock(h);
    if (lock < 0)
        return lock;
    r = read_or_begin(h, build, 0, &b);
    if (r < 0)
        return r;
    if (b.state == LEDGER_QUARANTINED && !by_hand)
        return -EPERM;
    if (ledger_build_is_confirmed(&b, stage) && b.n_attempts == 0)
        return 0;
    r = confirm(&b, build, stage);
    if (r >= 0)
        r = ledger_write(h, &b);
    return r < 0 ? r : 1;
}

int ledger_renew(const struct host *h, const char *kernel, const char *sha256) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    _cleanup_close_ int lock = ledger_lock(h);
    int r;

    if (lock < 0)
        return lock;
    r = ledger_read(h, kernel, sha256, &b);
    if (r < 0 || b.state != LEDGER_CONFIRMED)
        return MIN(r, 0);
    b.since_usec = realtime_usec();
    return ledger_write(h, &b);
}

int ledger_clear(const struct host *h, const char *kernel, const char *sha256, const char *boot_id) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    _cleanup_close_ int lock = lock_existing(h);
    int r;

    r = lock < 0 ? lock : ledger_read(h, kernel, sha256, &b);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    if (!drop_other_boots(&b, boot_id) && b.state != LEDGER_QUARANTINED)
        return 0;
    if (b.state == LEDGER_QUARANTINED)
        b.state = LEDGER_TRIAL;
    b.since_usec = realtime_usec();
    r = string_set(&b.reason, NULL);
    if (r >= 0)
        r = string_set(&b.excerpt, NULL);
    if (r >= 0)
        r = ledger_write(h, &b);
    return r < 0 ? r : 1;
}

static int end_boot_of(const struct host *h, struct ledger_build *b, const char *boot_id) {
    if (b->state == LEDGER_QUARANTINED || !has_attempt(b, boot_id))
        return 0;
    (void) drop_other_boots(b, NULL);
    return write_or_forget(h, b);
}

int ledger_boot_end(const struct host *h, const char *boot_id) {
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    _cleanup_close_ int lock = lock_existing(h);
    int r, result = 0;

    if (lock < 0)
        return lock == -ENOENT ? 0 : lock;
    r = ledger_list_read(h, &l);
    if (r < 0)
        return r;
    for (size_t i = 0; i < l.n_builds; i++)
        (void) RET_GATHER(result, end_boot_of(h, &l.builds[i], boot_id));
    return result;
}
