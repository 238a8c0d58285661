/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "config/policy.h"
#include "ctl/images.h"
#include "ctl/progress.h"
#include "initramfs/files.h"
#include "initramfs/kernels.h"
#include "initramfs/tool.h"
#include "system/manager.h"

/* The PATH that systemd uses. After su(1) root's own may lack the sbin directories, which contain
 * these tools. */
#define OUTPUT_MAX (1024 * 1024)
#define TOOL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

void images_done(struct images *l) {
    for (size_t i = 0; i < l->n_images; i++) {
        free(l->images[i].release);
        free(l->images[i].patches);
    }
    free(l->images);
    *l = (struct images){};
}

static int see_image(const struct host *h, const struct manifest_list *manifests,
                     const struct policy *policy, const char *release, struct image_contents *ret) {
    _cleanup_(initramfs_files_done) struct initramfs_files f = {};
    _cleanup_strv_free_ char **lines = NULL;
    int r;

    r = initramfs_files_of_patches(h, manifests, policy, release, &f);
    for (size_t i = 0; i < f.n_patches && r >= 0; i++) {
        char *line;

        r = asprintf(&line, "%s %s", f.patches[i].name, f.patches[i].sha256) < 0
                ? -ENOMEM
                : strv_consume(&lines, line);
    }
    if (r < 0)
        return r;
    ret->release = strdup(release);
    ret->patches = strv_join(lines, "\n");
    return ret->release && ret->patches ? 0 : -ENOMEM;
}

int images_see(const struct ctl *c, struct images *ret, struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list manifests = {};
    _cleanup_(policy_done) struct policy policy = {};
    _cleanup_(images_done) struct images l = {};
    _cleanup_strv_free_ char **releases = NULL;
    int r;

    /* If the policy is broken, use what could be read. */
    (void) policy_load(&c->host, &policy, NULL);
    r = manifest_list_load(&c->host, &policy, &manifests, e);
    if (r >= 0)
        r = kernels_installed(&c->host, &releases);
    if (r < 0)
        return r;
    l.images = calloc(strv_length(releases) + 1, sizeof(*l.images));
    if (!l.images)
        return -ENOMEM;
    STRV_FOREACH(release, releases) {
        r = see_image(&c->host, &manifests, &policy, *release, l.images + l.n_images++);
        if (r < 0)
            return r;
    }
    *ret = TAKE_STRUCT(l);
    return 0;
}

static bool is_same(const struct images *before, const struct image_contents *now) {
    for (size_t i = 0; i < before->n_images; i++)
        if (streq(before->images[i].release, now->release))
            return streq(before->images[i].patches, now->patches);
    return streq(now->patches, "");
}

static const char *why_not_run(const struct ctl *c) {
    if (interrupt_signal())
        return "interrupted, so it is outdated; rebuild it:";
    if (!c->host.live)
        return "rebuild it in that root:";
    if (c->no_rebuild)
        return "rebuild it:";
    return manager_is_running(&c->host) ? NULL : "systemd does not run here, so rebuild it:";
}

/* Opens the destination of the tool's output. On a terminal the progress line uses the screen, so
 * the output goes to a file and is shown only if the tool failed. */
static int open_output(const struct ctl *c) {
    if (c->quiet)
        return open("/dev/null", O_WRONLY | O_CLOEXEC);
    return isatty(STDERR_FILENO) ? memfd_new("output") : -EBADF;
}

static void show_output(int fd) {
    _cleanup_free_ char *text = NULL;
    size_t size;

    if (lseek(fd, 0, SEEK_SET) == 0 && file_read_fd(fd, OUTPUT_MAX, &text, &size) >= 0)
        (void) fputs(utf8_make_printable_text(text), stderr);
}

static int describe_end(int r, int status, const char *program, const char *command, const char *release,
                        struct error *e) {
    if (r == -EINTR)
        (void) error_set(e, r, EXIT_STATUS_FAILED, "the rebuild of the initramfs for %s was stopped, so it is outdated",
                         release);
    else if (r < 0)
        (void) error_set(e, r, EXIT_STATUS_FAILED, "cannot run %s: %s", program, strerror(-r));
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        r = error_set(e, -EPROTO, EXIT_STATUS_FAILED, "%s failed with %s %d, so the initramfs "
                                                      "for %s is outdated",
                      command, WIFEXITED(status) ? "status" : "signal",
                      WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), release);
    return r < 0 ? error_hint(e, r, "the change itself is done; rebuild the image: %s", command) : 0;
}

/* Standard output is reserved for lpctl. */
static int run_tool(struct ctl *c, const struct initramfs_rebuild *b, const char *release, struct error *e) {
    _cleanup_close_ int output = open_output(c);
    _cleanup_free_ char *command = initramfs_rebuild_text(b);
    int r, status = 0;

    if (!command || setenv("PATH", TOOL_PATH, true) < 0)
        return -ENOMEM;
    progress_say(c, "Rebuilding the initramfs for %s: %s", release, command);
    r = process_run(b->argv, output >= 0 ? output : STDERR_FILENO, USEC_INFINITY, &status);
    progress_say(c, NULL);
    r = describe_end(r, status, b->argv[0], command, release, e);
    if (r < 0 && output >= 0 && !c->quiet)
        show_output(output);
    return r;
}

static void add_image(struct ctl *c, const char *release, const char *command, bool done,
                      const char *message) {
    json_object *list = json_object_object_get(c->value, "initramfs"), *o = json_object_new_object();

    if (!list) {
        list = json_object_new_array();
        json_object_object_add(c->value, "initramfs", list);
    }
    json_add_string(o, "kernel", release);
    json_add_string(o, "command", command);
    json_add_bool(o, "done", done);
    json_add_string(o, "message", message);
    json_object_array_add(list, o);
}

static int refresh(struct ctl *c, const struct initramfs_rebuild *b, const char *release, bool again,
                   struct error *e) {
    _cleanup_free_ char *command = initramfs_rebuild_text(b), *message = NULL;
    const char *later = why_not_run(c);
    int r = 0;

    if (!command)
        return -ENOMEM;
    if (!b->hooked)
        r = asprintf(&message, "not rebuilt: lpd's hook for %s is not installed", b->tool);
    else if (later)
        r = asprintf(&message, "%s %s", later, command);
    if (r < 0)
        return -ENOMEM;
    if (!message && !again)
        r = run_tool(c, b, release, e);
    add_image(c, release, command, !message && r >= 0,
              message ?: r >= 0 ? "rebuilt" : "could not be rebuilt");
    return r;
}

static int refresh_changed(struct ctl *c, const struct images *before, struct error *e) {
    _cleanup_(images_done) struct images after = {};
    bool made_all = false;
    int r, failed = 0;

    r = images_see(c, &after, e);
    for (size_t i = 0; i < after.n_images && r >= 0; i++) {
        _cleanup_(initramfs_rebuild_done) struct initramfs_rebuild b = {};
        const char *release = after.images[i].release;

        if (is_same(before, after.images + i))
            continue;
        r = initramfs_rebuild_find(&c->host, release, &b);
        if (r == 0)
            add_image(c, release, NULL, false, "rebuild it with the tool that builds it");
        if (r > 0) {
            int k = refresh(c, &b, release, made_all, failed < 0 ? NULL : e);

            made_all = b.every_kernel;
            RET_GATHER(failed, k);
        }
    }
    return r < 0 ? r : failed;
}

int images_refresh(struct ctl *c, const struct images *before, int r, struct error *e) {
    int k = c->dry_run ? 0 : refresh_changed(c, before, r < 0 ? NULL : e);

    return r < 0 ? r : k < 0 ? k : r;
}

void print_images(const struct ctl *c) {
    json_object *list = json_object_object_get(c->value, "initramfs");

    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        json_object *o = json_object_array_get_idx(list, i);

        printf("initramfs for %s: %s\n", value_get(o, "kernel"), value_get(o, "message"));
    }
}
