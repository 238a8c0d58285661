/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls inside assert() must happen in every build type. */
#undef NDEBUG
#include <assert.h>
#include <elf.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/strv.h"
#include "fake-kernel.h"
#include "tree.h"

#define LIVEPATCH "/sys/kernel/livepatch"
#define UNSEALED "/run/lpd/sysfs" /* exists since the cover */

static struct fake_kernel *kernel_of(struct host *h) {
    return h->userdata;
}

/* Files of the tree. */

void fake_kernel_file(struct fake_kernel *k, const char *path, const char *data, size_t size) {
    tree_write_data(&k->host, path, data, size);
}

void fake_kernel_text(struct fake_kernel *k, const char *path, const char *text) {
    fake_kernel_file(k, path, text, strlen(text));
}

const char *fake_kernel_read(struct fake_kernel *k, const char *path) {
    static char text[4096];
    _cleanup_free_ char *line = NULL;

    snprintf(text, sizeof(text), "%s", file_read_line(&k->host, path, &line) < 0 ? "" : line);
    return text;
}

void fake_kernel_remove(struct fake_kernel *k, const char *path) {
    _cleanup_free_ char *full = NULL;

    assert(asprintf(&full, "%s%s", k->root, path) >= 0);
    (void) nftw(full, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_attribute(struct fake_kernel *k, const char *directory, const char *name,
                            const char *attribute, const char *value) {
    _cleanup_free_ char *path = NULL;

    assert(asprintf(&path, "%s/%s/%s", directory, name, attribute) >= 0);
    fake_kernel_text(k, path, value);
}

static void remove_directory(struct fake_kernel *k, const char *directory, const char *name) {
    _cleanup_free_ char *path = NULL;

    assert(asprintf(&path, "%s/%s", directory, name) >= 0);
    fake_kernel_remove(k, path);
}

/* A note of type NT_GNU_BUILD_ID, as elf(5) lays it out. */
static void write_build_id(struct fake_kernel *k, const struct fake_module *m) {
    size_t n = strlen(m->build_id) / 2;
    struct {
        Elf64_Nhdr header;
        char name[4];
        unsigned char id[64];
    } note = { { .n_namesz = 4, .n_descsz = (Elf64_Word) n, .n_type = NT_GNU_BUILD_ID },
               "GNU",
               { 0 } };
    _cleanup_free_ char *path = NULL;

    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        assert(sscanf(m->build_id + 2 * i, "%2hhx", &note.id[i]) == 1);
    assert(asprintf(&path, "/sys/module/%s/notes/.note.gnu.build-id", m->name) >= 0);
    fake_kernel_file(k, path, (const char *) &note, offsetof(typeof(note), id) + (n + 3) / 4 * 4);
}

static void publish_module(struct fake_kernel *k, const struct fake_module *m) {
    char count[16];

    if (!m->loaded) {
        remove_directory(k, "/sys/module", m->name);
        return;
    }
    snprintf(count, sizeof(count), "%d\n", m->references);
    write_attribute(k, "/sys/module", m->name, "initstate", "live\n");
    write_attribute(k, "/sys/module", m->name, "refcnt", count);
    write_attribute(k, "/sys/module", m->name, "taint", m->taint ?: m->plain ? "O\n" : "OK\n");
    write_build_id(k, m);
}

static void publish_patch(struct fake_kernel *k, const struct fake_module *m) {
    if (!m->registered) {
        remove_directory(k, LIVEPATCH, m->name);
        return;
    }
    write_attribute(k, LIVEPATCH, m->name, "enabled", m->enabled ? "1\n" : "0\n");
    write_attribute(k, LIVEPATCH, m->name, "transition", m->transition ? "1\n" : "0\n");
    write_attribute(k, LIVEPATCH, m->name, "force", "");
    if (k->has_replace_attribute)
        write_attribute(k, LIVEPATCH, m->name, "replace", m->replace ? "1\n" : "0\n");
    write_attribute(k, LIVEPATCH, m->name, "vmlinux/patched", "1\n");
    write_attribute(k, LIVEPATCH, m->name, "vmlinux/cmdline_proc_show,1/.keep", "");
}

static struct fake_module *in_transition(struct fake_kernel *k) {
    for (size_t i = 0; i < k->n_modules; i++)
        if (k->modules[i].transition)
            return &k->modules[i];
    return NULL;
}

/* Every task of the fake machine is still to be patched, or unpatched. */
static void publish_tasks(struct fake_kernel *k) {
    const struct fake_module *m = in_transition(k);

    fake_kernel_text(k, "/proc/self/patch_state", !m ? "-1\n" : m->enabled ? "0\n" : "1\n");
}

static void publish(struct fake_kernel *k, const struct fake_module *m) {
    publish_module(k, m);
    publish_patch(k, m);
    publish_tasks(k);
}

static void log_words(struct fake_kernel *k, const char *words) {
    _cleanup_close_ int fd = -EBADF;

    if (!words)
        return;
    fd = file_open(&k->host, "/dev/kmsg", O_WRONLY | O_APPEND, 0);
    if (fd >= 0)
        assert(write(fd, words, strlen(words)) == (ssize_t) strlen(words));
}

/* The life of a patch. */

static struct fake_module *find(struct fake_kernel *k, const char *name) {
    for (size_t i = 0; i < k->n_modules; i++)
        if (streq(k->modules[i].name, name))
            return &k->modules[i];
    return NULL;
}

struct fake_module *fake_kernel_module(struct fake_kernel *k, const char *name) {
    struct fake_module *m = find(k, name);

    if (m)
        return m;
    assert(k->n_modules < FAKE_MODULES_MAX && strlen(name) < sizeof(m->name));
    m = &k->modules[k->n_modules++];
    *m = (struct fake_module){ .transition_usec = USEC_PER_SEC };
    strcpy(m->name, name);
    return m;
}

static void start_transition(struct fake_kernel *k, struct fake_module *m, bool enable) {
    bool stalls = enable ? m->stalls : m->stalls_back;

    m->enabled = enable;
    m->transition = true;
    m->ends_at = stalls ? UINT64_MAX : k->now + m->transition_usec;
}

static void unregister(struct fake_kernel *k, struct fake_module *m) {
    m->registered = m->enabled = m->transition = false;
    m->released_at = m->forced ? UINT64_MAX : k->now + m->reference_usec + 1;
}

static void end_transition(struct fake_kernel *k, struct fake_module *m) {
    m->transition = false;
    m->ends_at = 0;
    if (!m->enabled)
        unregister(k, m);
    for (size_t i = 0; m->enabled && m->replace && i < k->n_modules; i++)
        if (&k->modules[i] != m && k->modules[i].registered) {
            unregister(k, &k->modules[i]);
            publish(k, &k->modules[i]);
        }
    publish(k, m);
}

/* A forced removal keeps its reference for ever. */
static void force_transition(struct fake_kernel *k, struct fake_module *m) {
    m->forced |= !m->enabled;
    for (size_t i = 0; m->enabled && m->replace && i < k->n_modules; i++)
        k->modules[i].forced |= &k->modules[i] != m && k->modules[i].registered;
    m->ends_at = k->now + 1;
}

static void let_things_happen(struct fake_kernel *k) {
    for (size_t i = 0; i < k->n_modules; i++) {
        struct fake_module *m = &k->modules[i];

        if (m->transition && m->ends_at <= k->now)
            end_transition(k, m);
    }
    for (size_t i = 0; i < k->n_modules; i++) {
        struct fake_module *m = &k->modules[i];

        if (m->released_at == 0 || m->released_at > k->now)
            continue;
        m->released_at = 0;
        m->references--;
        publish(k, m);
    }
}

void fake_kernel_advance(struct fake_kernel *k, uint64_t usec) {
    k->now += usec;
    let_things_happen(k);
}

static void put_in(struct fake_kernel *k, struct fake_module *m, const char *build_id) {
    m->loaded = true;
    m->forced = false;
    m->references = m->plain ? 0 : 1;
    m->released_at = 0;
    snprintf(m->build_id, sizeof(m->build_id), "%s", strempty(build_id));
    if (!m->plain) {
        m->registered = true;
        start_transition(k, m, true);
    }
    publish(k, m);
}

struct fake_module *fake_kernel_patch(struct fake_kernel *k, const char *name,
                                      const char *build_id) {
    struct fake_module *m = fake_kernel_module(k, name);

    put_in(k, m, build_id);
    if (m->registered)
        end_transition(k, m);
    let_things_happen(k);
    return m;
}

/* The kernel calls. */

/* What fake_module_file() wrote, or a real module. */
static int identify(int fd, struct module_info *ret) {
    _cleanup_free_ char *data = NULL;
    char name[64], build_id[129] = "";
    size_t size;

    assert(lseek(fd, 0, SEEK_SET) == 0);
    assert(file_read_fd(fd, MODULE_SIZE_MAX, &data, &size) >= 0);
    if (size > SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0)
        return module_info_parse(data, size, ret, NULL);
    if (sscanf(data, "name=%63s build_id=%128s", name, build_id) < 1)
        return -ENOEXEC;
    *ret = (struct module_info){ .name = strdup(name), .build_id = strdup(build_id) };
    return 0;
}

static bool modules_are_locked(struct fake_kernel *k) {
    return streq(fake_kernel_read(k, "/proc/sys/kernel/modules_disabled"), "1");
}

static bool ftrace_is_off(struct fake_kernel *k) {
    return streq(fake_kernel_read(k, "/proc/sys/kernel/ftrace_enabled"), "0");
}

static int injected_error(struct fake_kernel *k, struct fake_module *m) {
    int error = m->error;

    if (error < 0) {
        log_words(k, m->words);
        if (m->error_times > 0 && --m->error_times == 0)
            m->error = 0;
    }
    return error;
}

/* By the name in /proc: a file below the temporary root may be sealed too. */
static bool is_memory(int fd) {
    char link[64], target[PATH_MAX];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, target, sizeof(target));
    return n > (ssize_t) STRLEN("/memfd:") && memcmp(target, "/memfd:", STRLEN("/memfd:")) == 0;
}

static int fake_file_label(struct host *h, int fd, char **ret) {
    struct fake_kernel *k = kernel_of(h);

    if (!k->label)
        return -ENODATA;
    *ret = strdup(k->label);
    return *ret ? 0 : -ENOMEM;
}

static int fake_finit_module(struct host *h, int fd, const char *parameters, int flags) {
    struct fake_kernel *k = kernel_of(h);
    _cleanup_(module_info_done) struct module_info info = { 0 };
    struct fake_module *m;
    int r;

    k->n_finit++;
    k->flags |= flags;
    snprintf(k->parameters, sizeof(k->parameters), "%s", parameters);
    if (k->on_finit)
        k->on_finit(k);
    if (k->unprivileged || modules_are_locked(k))
        return -EPERM;
    if (k->memory_error < 0 && is_memory(fd))
        return k->memory_error;
    r = identify(fd, &info);
    if (r < 0)
        return r;
    m = fake_kernel_module(k, info.name);
    r = injected_error(k, m);
    if (r < 0)
        return r;
    if (m->loaded)
        return -EEXIST;
    if (!m->plain && (in_transition(k) || ftrace_is_off(k)))
        return -EBUSY;
    put_in(k, m, info.build_id);
    return 0;
}

static int fake_delete_module(struct host *h, const char *name) {
    struct fake_kernel *k = kernel_of(h);
    struct fake_module *m = find(k, name);

    k->n_delete++;
    if (k->delete_error < 0)
        return k->delete_error;
    if (k->unprivileged || modules_are_locked(k))
        return -EPERM;
    if (!m || !m->loaded)
        return -ENOENT;
    if (m->references > 0)
        return -EWOULDBLOCK;
    m->loaded = false;
    publish(k, m);
    return 0;
}

static int write_enabled(struct fake_kernel *k, struct fake_module *m, bool enable) {
    if (m->enabled == enable)
        return -EINVAL;
    if (!m->transition && enable)
        return -EINVAL;
    if (!m->transition && in_transition(k))
        return -EBUSY;
    start_transition(k, m, enable);
    publish(k, m);
    return 0;
}

static int write_force(struct fake_kernel *k, struct fake_module *m) {
    if (!m->transition)
        return -EINVAL;
    force_transition(k, m);
    return 0;
}

static int fake_write_value(struct host *h, const char *path, const char *value) {
    struct fake_kernel *k = kernel_of(h);
    char name[64], attribute[32], unsealed[PATH_MAX];
    struct fake_module *m;

    k->n_write++;
    if (k->write_error < 0)
        return k->write_error;
    if (k->sealed && startswith(path, LIVEPATCH))
        return -EROFS;
    if (startswith(path, UNSEALED) && k->n_cover > 0) {
        snprintf(unsealed, sizeof(unsealed), "/sys%s", path + STRLEN(UNSEALED));
        path = unsealed;
    }
    if (!file_exists(h, path))
        return -ENOENT;
    if (k->unprivileged)
        return -EACCES;
    if (k->deaf && streq(path, k->deaf))
        return 0;
    if (sscanf(path, LIVEPATCH "/%63[^/]/%31s", name, attribute) != 2) {
        fake_kernel_text(k, path, value);
        return 0;
    }
    m = find(k, name);
    if (m && streq(attribute, "enabled"))
        return write_enabled(k, m, streq(value, "1"));
    return m && streq(attribute, "force") ? write_force(k, m) : -EACCES;
}

static int fake_release(struct host *h _unused_, char **ret) {
    *ret = strdup(FAKE_RELEASE);
    return *ret ? 0 : -ENOMEM;
}

static uint64_t fake_now(struct host *h) {
    return kernel_of(h)->now;
}

static void fake_sleep(struct host *h, uint64_t usec) {
    struct fake_kernel *k = kernel_of(h);

    k->n_sleep++;
    fake_kernel_advance(k, usec);
    if (k->on_sleep)
        k->on_sleep(k);
}

/* A file system that is a directory. */
static int fake_mount(struct host *h, const char *device, const char *type, const char *options,
                      bool writable) {
    struct fake_kernel *k = kernel_of(h);

    k->n_mount++;
    snprintf(k->mounted, sizeof(k->mounted), "%s %s %s %s", device, type, options,
             writable ? "rw" : "ro");
    return k->mount_error < 0 ? k->mount_error : file_open(h, "/volume", O_PATH | O_DIRECTORY, 0);
}

static int fake_cover(struct host *h, const char *path) {
    struct fake_kernel *k = kernel_of(h);

    assert(streq(path, LIVEPATCH));
    k->n_cover++;
    k->sealed = k->cover_error >= 0;
    return k->cover_error;
}

static int fake_uncover(struct host *h, const char *path) {
    assert(streq(path, LIVEPATCH));
    kernel_of(h)->sealed = false;
    return 0;
}

static const struct kernel_ops fake_kernel_ops = {
    .finit_module = fake_finit_module,
    .file_label = fake_file_label,
    .delete_module = fake_delete_module,
    .release = fake_release,
    .write_value = fake_write_value,
    .bpf = fake_bpf,
    .mount = fake_mount,
    .cover = fake_cover,
    .uncover = fake_uncover,
    .now = fake_now,
    .sleep = fake_sleep,
};

void fake_kernel_open(struct fake_kernel *k) {
    *k = (struct fake_kernel){ .now = 3600 * USEC_PER_SEC };
    tree_make(&k->host);
    tree_path(&k->host, k->root);
    k->host.live = true;
    k->host.ops = &fake_kernel_ops;
    k->host.userdata = k;
    assert(file_mkdir_p(&k->host, LIVEPATCH) >= 0);
    fake_kernel_text(k, "/proc/sys/kernel/modules_disabled", "0\n");
    fake_kernel_text(k, "/proc/sys/kernel/ftrace_enabled", "1\n");
    fake_kernel_text(k, "/dev/kmsg", "4,1,1,-;livepatch: 'lp_a': said before the load\n");
    fake_bpf_open(k);
}

void fake_kernel_close(struct fake_kernel *k) {
    fake_bpf_close(k);
    tree_remove(&k->host);
}

void fake_module_file(const char *name, const char *build_id, struct module_file *ret) {
    struct module_file f = MODULE_FILE_NULL;

    f.fd = memfd_create("module", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert(f.fd >= 0);
    assert(dprintf(f.fd, "name=%s build_id=%s\n", name, strempty(build_id)) > 0);
    assert(fcntl(f.fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) >= 0);
    assert(asprintf(&f.path, "/lib/%s.ko", name) > 0);
    f.info = (struct module_info){
        .name = strdup(name),
        .vermagic = strdup(FAKE_RELEASE " SMP preempt mod_unload"),
        .build_id = build_id ? strdup(build_id) : NULL,
        .livepatch = true,
    };
    *ret = f;
}
