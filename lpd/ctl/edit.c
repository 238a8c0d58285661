/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/manifest.h"
#include "ctl/change.h"
#include "store/store.h"

/* lpctl edit: edits a drop-in of the manifest in an editor, like systemctl edit. */

#define TEXT_SIZE_MAX (1024 * 1024)
#define MARK "### "
#define BEGIN MARK "Only text between this line and the next such line is saved as the drop-in."
#define END MARK "Nothing below this line is saved."

struct draft {
    char *path;   /* of the file that the editor opens */
    bool keep;    /* keep the file: a fault in the text must not lose what the user wrote */
    char *before; /* the drop-in before the edit; "": there was none */
};

static void draft_done(struct draft *d) {
    if (d->path && !d->keep)
        (void) unlink(d->path);
    free(d->path);
    free(d->before);
}

static bool is_edited(const char *path) {
    const char *base = path_basename(path);

    return startswith(path, MANIFEST_DIRECTORY "/") && streq(base, EDIT_DROPIN);
}

/* Copies a file of the manifest into the text as comments, for reference. */
static void write_source(FILE *f, const struct manifest_source *s) {
    _cleanup_free_ char *text = strndup(s->data, s->size);

    (void) fprintf(f, "\n" MARK "%s\n", s->path);
    for (char *line = text, *end; line && *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        (void) fprintf(f, "# %s\n", line);
    }
}

static int write_draft(const struct manifest_entry *entry, struct draft *d) {
    const struct manifest *m = entry->error_number < 0 ? NULL : &entry->manifest;
    const char *directory = getenv("TMPDIR");
    int fd;
    FILE *f;

    if (asprintf(&d->path, "%s/lpctl-%s-XXXXXX.conf", directory && *directory == '/' ? directory : "/tmp",
                 entry->name) < 0)
        return -ENOMEM;
    fd = mkostemps(d->path, (int) STRLEN(".conf"), O_CLOEXEC);
    f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        return -errno;
    (void) fprintf(f, MARK "The drop-in " EDIT_DROPIN " of the patch %s, see lpd.patch(5)\n" BEGIN "\n\n%s\n" END "\n",
                   entry->name, d->before);
    for (size_t i = 0; m && i < m->n_sources; i++)
        if (!is_edited(m->sources[i].path))
            write_source(f, m->sources + i);
    return fclose(f) == 0 ? 0 : -errno;
}

static _Noreturn void run_editor(const char *path) {
    const char *const wanted[] = { getenv("SYSTEMD_EDITOR"), getenv("EDITOR"), getenv("VISUAL") };
    static const char *const programs[] = { "editor", "nano", "vim", "vi" };

    for (size_t i = 0; i < ELEMENTSOF(wanted); i++) {
        _cleanup_free_ char *command = NULL;

        if (wanted[i] && *wanted[i] && asprintf(&command, "%s \"$1\"", wanted[i]) >= 0)
            (void) execl("/bin/sh", "sh", "-c", command, "sh", path, NULL);
    }
    for (size_t i = 0; i < ELEMENTSOF(programs); i++)
        (void) execlp(programs[i], programs[i], path, NULL);
    _exit(127);
}

static int edit_draft(const char *path, struct error *e) {
    pid_t pid = fork();
    int status = 0;

    if (pid < 0)
        return -errno;
    if (pid == 0)
        run_editor(path);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_hint(e, error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "nothing is changed: the editor %s",
                                   WIFEXITED(status) && WEXITSTATUS(status) == 127 ? "was not found" : "failed"),
                      "set $EDITOR to an installed one");
}

/* The text between the marks, without blank lines around it. */
static char *extract(char *text) {
    char *begin = strstr(text, BEGIN), *end;

    begin = begin ? begin + STRLEN(BEGIN) : text;
    end = strstr(begin, END);
    if (end)
        *end = '\0';
    begin += strspn(begin, " \t\n");
    end = begin + strlen(begin);
    while (end > begin && strchr(" \t\n", end[-1]))
        end--;
    *end = '\0';
    if (asprintf(&text, "%s%s", begin, *begin ? "\n" : "") < 0)
        return NULL;
    return text;
}

static int read_draft(const char *path, char **ret, struct error *e) {
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r;

    r = fd < 0 ? -errno : file_read_fd(fd, TEXT_SIZE_MAX, &text, &size);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "%s: %s", path, strerror(-r));
    if (strlen(text) != size)
        return error_set(e, -EBADMSG, EXIT_STATUS_CONFIG, "nothing is changed: the text has a NUL byte");
    *ret = extract(text);
    return *ret ? 0 : -ENOMEM;
}

static int take_text(struct ctl *c, struct manager *m, const char *name, struct draft *d, struct error *e) {
    _cleanup_free_ char *text = NULL;
    int r;

    r = read_draft(d->path, &text, e);
    if (r < 0)
        return r;
    r = c->dry_run ? store_may_edit(&c->host, name, text, e) : store_edit(&c->host, name, text, NULL, e);
    if (r < 0) {
        d->keep = true;
        return error_hint(e, r, "nothing is changed; your text is saved in %s", d->path);
    }
    if (r > 0 && m)
        (void) manager_reload(m, NULL);
    if (c->dry_run)
        changes_add(c, name, r > 0, "%s", r == 0 ? "would not change" : *text ? "would be edited" : "its drop-in would be removed");
    else
        changes_add(c, name, r > 0, "%s", r == 0 ? "not changed" : *text ? "edited" : "its drop-in is removed");
    return r;
}

static int edit_one(struct ctl *c, struct manager *m, const char *name, struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    _cleanup_(draft_done) struct draft d = {};
    _cleanup_free_ char *path = NULL;
    size_t size;
    int r;

    r = manifest_list_load_one(&c->host, name, &l, e);
    if (r == -ENOENT)
        return ctl_no_patch(c, name, e);
    if (r < 0)
        return r;
    if (asprintf(&path, MANIFEST_DIRECTORY "/%s.conf.d/" EDIT_DROPIN, l.entries->name) < 0)
        return -ENOMEM;
    if (file_read(&c->host, path, TEXT_SIZE_MAX, &d.before, &size) < 0)
        d.before = strdup("");
    r = d.before ? write_draft(l.entries, &d) : -ENOMEM;
    if (r >= 0)
        r = edit_draft(d.path, e);
    return r < 0 ? r : take_text(c, m, l.entries->name, &d, e);
}

int ctl_edit(struct ctl *c, char **argv, struct error *e) {
    int r;

    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        return changes_each_patch(c, argv, edit_one, e);
    changes_begin(c);
    r = ctl_check_name(argv[0], e);
    return r < 0 ? r : error_hint(e, error_set(e, -ENOTTY, EXIT_STATUS_FAILED, "an editor needs a terminal"),
                      "write a drop-in instead: " MANIFEST_DIRECTORY "/%s.conf.d/" EDIT_DROPIN, argv[0]);
}
