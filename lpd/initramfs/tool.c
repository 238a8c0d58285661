/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "initramfs/tool.h"

#define DRACUT_HOOK "/usr/lib/dracut/modules.d/50lpd"
#define MKINITCPIO_HOOK "/usr/lib/initcpio/install/lpd"

/* In the order of checking; '@' stands for the release. Debian's kernel packages run the
 * update-initramfs of the one package that provides it: initramfs-tools, or a dracut with an
 * update-initramfs of its own. dracut(8) from dracut-core may be installed too, but nothing runs
 * it. By default dracut(8) puts the image where kernel-install(8) expects it, if that is in use. */
static const struct tool {
    const char *name, *program, *arguments;
    const char *hooks[2];
} tools[] = {
    { "initramfs-tools", "/usr/sbin/update-initramfs", "-u -k @",
      { "/usr/share/initramfs-tools/hooks/lpd", DRACUT_HOOK } },
    { "dracut", "/usr/bin/dracut", "--force --kver @", { DRACUT_HOOK } },
    { "mkinitcpio", "/usr/bin/mkinitcpio", "-P", { MKINITCPIO_HOOK } },
};

/* The initramfs is part of a unified kernel image, which is built as a whole. */
static const struct tool kernel_install = {
    "kernel-install", "/usr/bin/kernel-install", "add @ /usr/lib/modules/@/vmlinuz",
    { DRACUT_HOOK, MKINITCPIO_HOOK },
};

void initramfs_rebuild_done(struct initramfs_rebuild *b) {
    strv_free(b->argv);
    *b = (struct initramfs_rebuild){};
}

/* install.conf of kernel-install(8): the first existing file counts. */
static bool makes_unified_images(const struct host *h) {
    static const char *const files[] = { "/etc/kernel/install.conf",
                                         "/usr/lib/kernel/install.conf" };

    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_free_ char *text = NULL;

        if (file_read(h, files[i], 65536, &text, NULL) < 0)
            continue;
        return strv_extend_split(&lines, text, " \t\r\n") >= 0 &&
            strv_contains(lines, "layout=uki");
    }
    return false;
}

static const struct tool *find_tool(const struct host *h) {
    if (makes_unified_images(h) && file_exists(h, kernel_install.program))
        return &kernel_install;
    for (size_t i = 0; i < ELEMENTSOF(tools); i++)
        if (file_exists(h, tools[i].program))
            return tools + i;
    return NULL;
}

/* A copy of the text with the release in place of '@'. NULL if memory runs out. */
static char *fill(const char *text, const char *release) {
    size_t n = strcspn(text, "@");
    char *filled;

    if (asprintf(&filled, "%.*s%s%s", (int) n, text, text[n] ? release : "",
                 text[n] ? text + n + 1 : "") < 0)
        return NULL;
    return filled;
}

static int make_argv(const struct tool *tool, const char *release, char ***ret) {
    _cleanup_strv_free_ char **argv = NULL, **words = NULL;
    int r;

    r = strv_extend(&argv, tool->program);
    if (r >= 0)
        r = strv_extend_split(&words, tool->arguments, " ");
    STRV_FOREACH(word, words) {
        char *argument = r >= 0 ? fill(*word, release) : NULL;

        if (r >= 0)
            r = argument ? strv_consume(&argv, argument) : -ENOMEM;
    }
    if (r < 0)
        return r;
    *ret = TAKE_PTR(argv);
    return 0;
}

static bool is_hooked(const struct host *h, const struct tool *tool) {
    for (size_t i = 0; i < ELEMENTSOF(tool->hooks) && tool->hooks[i]; i++)
        if (file_exists(h, tool->hooks[i]))
            return true;
    return false;
}

int initramfs_rebuild_find(const struct host *h, const char *release,
                           struct initramfs_rebuild *ret) {
    const struct tool *tool = find_tool(h);
    char **argv;
    int r;

    if (!tool)
        return 0;
    r = make_argv(tool, release, &argv);
    if (r < 0)
        return r;
    *ret = (struct initramfs_rebuild){
        .tool = tool->name,
        .argv = argv,
        .every_kernel = !strchr(tool->arguments, '@'),
        .hooked = is_hooked(h, tool),
    };
    return 1;
}

char *initramfs_rebuild_text(const struct initramfs_rebuild *b) {
    _cleanup_free_ char *text = strv_join(b->argv, " ");

    return text ? strdup(text + (path_basename(b->argv[0]) - b->argv[0])) : NULL;
}

int initramfs_rebuild_command(const struct host *h, const char *release, char **ret) {
    _cleanup_(initramfs_rebuild_done) struct initramfs_rebuild b = {};
    int r;

    *ret = NULL;
    r = initramfs_rebuild_find(h, release, &b);
    if (r <= 0)
        return r;
    *ret = initramfs_rebuild_text(&b);
    return *ret ? 0 : -ENOMEM;
}

/* The later one of the given time and that of the file at that path. */
static uint64_t later(const struct host *h, uint64_t usec, const char *path) {
    struct stat st;

    if (file_lstat(h, path, &st) < 0 || !S_ISREG(st.st_mode))
        return usec;
    return MAX(usec, (uint64_t) st.st_mtim.tv_sec * USEC_PER_SEC +
               (uint64_t) st.st_mtim.tv_nsec / 1000);
}

/* The places of images: /boot for initramfs-tools, dracut and SUSE's dracut; the first type of the
 * Boot Loader Specification in a directory of the machine
 * (https://uapi-group.org/specifications/specs/boot_loader_specification). */
uint64_t initramfs_image_usec(const struct host *h, const char *release) {
    static const char *const places[] = { "/boot/initrd.img-@", "/boot/initramfs-@.img",
                                          "/boot/initrd-@" };
    static const char *const roots[] = { "/boot", "/efi", "/boot/efi" };
    _cleanup_free_ char *machine_id = NULL;
    uint64_t usec = 0;

    for (size_t i = 0; i < ELEMENTSOF(places); i++) {
        _cleanup_free_ char *path = fill(places[i], release);

        if (path)
            usec = later(h, usec, path);
    }
    if (file_read_line(h, "/etc/machine-id", &machine_id) < 0)
        return usec;
    for (size_t i = 0; i < ELEMENTSOF(roots); i++) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s/%s/initrd", roots[i], machine_id, release) >= 0)
            usec = later(h, usec, path);
    }
    return usec;
}
