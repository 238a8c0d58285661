/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "check.h"
#include "initramfs/kernels.h"
#include "root.h"

static void in_boot(const char *release) {
    _cleanup_free_ char *image = NULL, *modules = NULL;

    assert_true(asprintf(&image, "/boot/vmlinuz-%s", release) >= 0);
    assert_true(asprintf(&modules, "/usr/lib/modules/%s/modules.dep", release) >= 0);
    tree_write(&h, image, "");
    tree_write(&h, modules, "");
}

static void assert_installed(const char *wanted) {
    _cleanup_strv_free_ char **found = NULL;
    _cleanup_free_ char *joined = NULL;

    assert_int_equal(kernels_installed(&h, &found), 0);
    joined = strv_join(found, " ");
    assert_string_equal(strempty(joined), wanted);
}

static void assert_next(const char *wanted) {
    _cleanup_free_ char *next = NULL;

    assert_int_equal(kernels_next(&h, &next), 0);
    assert_string_equal(next ?: "none", wanted);
}

static void test_none(void **state _unused_) {
    assert_installed("");
    assert_next("none");
    assert_false(kernel_is_installed(&h, "6.1.0-1"));
    tree_write(&h, "/usr/lib/modules/6.1.0-1/modules.dep", "");
    assert_installed("");
    assert_next("none");
}

static void test_order(void **state _unused_) {
    in_boot("6.1.0-56-amd64");
    in_boot("6.12.9-amd64");
    in_boot("6.1.0-9-amd64");
    tree_write(&h, "/usr/lib/modules/5.10.0/vmlinuz", "");
    assert_installed("5.10.0 6.1.0-9-amd64 6.1.0-56-amd64 6.12.9-amd64");
    assert_next("6.12.9-amd64");
}

/* Modules that a removed kernel has left, and an image without modules, for which there can be no
 * patch. */
static void test_halves(void **state _unused_) {
    in_boot("6.1.0-9");
    tree_write(&h, "/usr/lib/modules/6.1.0-10/modules.dep", "");
    tree_write(&h, "/boot/vmlinuz-6.1.0-11", "");
    tree_link(&h, "nowhere", "/boot/vmlinuz-6.1.0-10");
    assert_installed("6.1.0-9");
    assert_next("6.1.0-9");
    assert_false(kernel_is_installed(&h, "6.1.0-10"));
    assert_true(kernel_is_installed(&h, "6.1.0-11"));
}

/* A text that is not a release is not used in paths and commands. */
static void test_names(void **state _unused_) {
    static const char *const names[] = { ".build", "a b", "-u", "6.1;x", "6.1\n", "\xff" };

    in_boot("6.1.0-9");
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        in_boot(names[i]);
    assert_installed("6.1.0-9");
}

static void test_no_directory(void **state _unused_) {
    _cleanup_strv_free_ char **found = NULL;
    _cleanup_free_ char *next = NULL;

    tree_write(&h, "/usr/lib/modules", "");
    assert_int_equal(kernels_installed(&h, &found), -ENOTDIR);
    assert_null(found);
    assert_int_equal(kernels_next(&h, &next), -ENOTDIR);
    assert_null(next);
}

/* As grub-mkconfig(8) of Debian writes it, without the parts that do not concern entries. */
#define GRUB_CFG(fallback)                                                                         \
    "if [ -s $prefix/grubenv ]; then\n  set have_grubenv=true\n  load_env\nfi\n"                   \
    "if [ \"${next_entry}\" ] ; then\n   set default=\"${next_entry}\"\n   set next_entry=\n"       \
    "   save_env next_entry\nelse\n   set default=\"" fallback "\"\nfi\n"                          \
    "function savedefault {\n  if [ -z \"${boot_once}\" ]; then\n    save_env saved_entry\n  fi\n}\n" \
    "menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-1' {\n"     \
    "\tif [ x$grub_platform = xxen ]; then insmod xzio; fi\n"                                      \
    "\tlinux\t/boot/vmlinuz-6.12.9-amd64 root=/dev/vda ro quiet\n"                                 \
    "\tinitrd\t/boot/initrd.img-6.12.9-amd64\n}\n"                                                 \
    "submenu 'Advanced options for \"Debian\"' $menuentry_id_option 'gnulinux-advanced-1' {\n"     \
    "\tmenuentry 'Debian, with Linux 6.12.9' $menuentry_id_option 'gnulinux-6.12.9-advanced-1' {\n" \
    "\t\tlinux /boot/vmlinuz-6.12.9-amd64 ro\n\t}\n"                                               \
    "\tmenuentry 'Debian, with Linux 6.1.0-56' $menuentry_id_option 'gnulinux-6.1.0-56-advanced-1' {\n" \
    "\t\tlinux /boot/vmlinuz-6.1.0-56-amd64 ro\n\t}\n}\n"                                           \
    "menuentry 'Windows' --id osprober-efi {\n\tchainloader /EFI/bootmgfw.efi\n}\n"
#define GRUBENV "# GRUB Environment Block\n"

static void kernels(void) {
    in_boot("6.1.0-5-amd64");
    in_boot("6.1.0-56-amd64");
    in_boot("6.12.9-amd64");
}

static void test_grub_default(void **state _unused_) {
    static const struct {
        const char *cfg, *next;
    } cases[] = {
        { GRUB_CFG("0"), "6.12.9-amd64" },
        { GRUB_CFG("1>1"), "6.1.0-56-amd64" },
        { GRUB_CFG("gnulinux-advanced-1>gnulinux-6.1.0-56-advanced-1"), "6.1.0-56-amd64" },
        { GRUB_CFG("Advanced options for \\\"Debian\\\">Debian, with Linux 6.1.0-56"), "6.1.0-56-amd64" },
        { GRUB_CFG("gnulinux-advanced-1"), "6.12.9-amd64" },
        { GRUB_CFG("nonsense"), "6.12.9-amd64" },
        { GRUB_CFG("${saved_entry}"), "6.12.9-amd64" },
        { "{ { {\n}\n} menuentry {\nlinux\nmenuentry 'a\nsubmenu x {", "6.12.9-amd64" },
        { "", "6.12.9-amd64" },
    };

    kernels();
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        tree_write(&h, "/boot/grub/grub.cfg", cases[i].cfg);
        assert_next(cases[i].next);
    }
}

static void test_grub_chosen(void **state _unused_) {
    kernels();
    tree_write(&h, "/boot/grub/grub.cfg", GRUB_CFG("${saved_entry}"));
    tree_write(&h, "/boot/grub/grubenv", GRUBENV "saved_entry=1>gnulinux-6.1.0-56-advanced-1\n####");
    assert_next("6.1.0-56-amd64");
    tree_write(&h, "/boot/grub/grubenv", GRUBENV "saved_entry=1>1\nnext_entry=0\n####");
    assert_next("6.12.9-amd64");
    tree_write(&h, "/boot/grub/grubenv", GRUBENV "saved_entry=1>1\nnext_entry=\n####");
    assert_next("6.1.0-56-amd64");
    /* A saved choice counts only if the configuration uses it; a choice for one boot counts. */
    tree_write(&h, "/boot/grub/grub.cfg", GRUB_CFG("0"));
    assert_next("6.12.9-amd64");
    tree_write(&h, "/boot/grub/grubenv", GRUBENV "next_entry=1>1\n####");
    assert_next("6.1.0-56-amd64");
}

static void bls(const char *place, const char *id, const char *release) {
    _cleanup_free_ char *path = NULL, *text = NULL;

    assert_true(asprintf(&path, "%s/loader/entries/%s.conf", place, id) >= 0);
    assert_true(asprintf(&text, "title Linux\nversion %s\nlinux /vmlinuz-%s\noptions ro\n", release, release) >= 0);
    tree_write(&h, path, text);
}

/* As Fedora has it. */
static void test_grub_with_entries(void **state _unused_) {
    kernels();
    bls("/boot", "machine-6.1.0-56-amd64", "6.1.0-56-amd64");
    bls("/boot", "machine-6.12.9-amd64", "6.12.9-amd64");
    tree_write(&h, "/boot/grub2/grub.cfg",
               "if [ \"${next_entry}\" ] ; then\nset default=\"${next_entry}\"\nelse\n"
               "set default=\"${saved_entry}\"\nfi\ninsmod blscfg\nblscfg\n");
    assert_next("6.12.9-amd64");
    tree_write(&h, "/boot/grub2/grubenv", GRUBENV "saved_entry=machine-6.1.0-56-amd64\n###");
    assert_next("6.1.0-56-amd64");
    tree_write(&h, "/boot/grub2/grubenv", GRUBENV "saved_entry=1\n###");
    assert_next("6.1.0-56-amd64");
}

static void variable(const char *name, const char *value) {
    char data[256] = { 7 };
    _cleanup_free_ char *path = NULL;
    size_t n = 4;

    assert_true(asprintf(&path, "/sys/firmware/efi/efivars/%s-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", name) >= 0);
    for (const char *c = value; *c; c++, n += 2)
        data[n] = *c;
    tree_write_data(&h, path, data, n + 2);
}

static void test_systemd_boot(void **state _unused_) {
    kernels();
    variable("LoaderInfo", "systemd-boot 252");
    bls("/efi", "debian-6.1.0-56-amd64", "6.1.0-56-amd64");
    bls("/efi", "debian-6.12.9-amd64", "6.12.9-amd64");
    bls("/efi", "other-6.1.0-5-amd64", "6.1.0-5-amd64");
    tree_write(&h, "/boot/grub/grub.cfg", GRUB_CFG("1>1")); /* it is not used any more */
    assert_next("6.12.9-amd64");
    tree_write(&h, "/efi/loader/loader.conf", "timeout 3\ndefault other-*\n");
    assert_next("6.1.0-5-amd64");
    variable("LoaderEntryDefault", "debian-6.1.0-56-amd64.conf");
    assert_next("6.1.0-56-amd64");
    variable("LoaderEntryOneShot", "debian-6.12.9-amd64.conf");
    assert_next("6.12.9-amd64");
    variable("LoaderEntryOneShot", "gone.conf");
    assert_next("6.1.0-56-amd64");
    variable("LoaderEntryDefault", "@saved");
    variable("LoaderEntryLastBooted", "other-6.1.0-5-amd64.conf");
    assert_next("6.1.0-5-amd64");
}

static void test_unified_image(void **state _unused_) {
    kernels();
    tree_write(&h, "/boot/efi/EFI/Linux/0123-6.1.0-56-amd64.efi", "MZ");
    assert_next("6.1.0-56-amd64");
    tree_write(&h, "/boot/efi/EFI/Linux/0123-6.12.9-amd64.efi", "MZ");
    assert_next("6.12.9-amd64");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_none),
        TEST(test_order),
        TEST(test_halves),
        TEST(test_names),
        TEST(test_no_directory),
        TEST(test_grub_default),
        TEST(test_grub_chosen),
        TEST(test_grub_with_entries),
        TEST(test_systemd_boot),
        TEST(test_unified_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
