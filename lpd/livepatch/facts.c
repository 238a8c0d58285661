/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "livepatch/facts.h"
#include "livepatch/kernel-flag.h"
#include "livepatch/sysfs.h"
#include "module/info.h"

#define EFI_DIRECTORY "/sys/firmware/efi"
#define EFI_SECURE_BOOT EFI_DIRECTORY "/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

void kernel_facts_done(struct kernel_facts *f) {
    free(f->release);
    free(f->build_id);
    free(f->boot_id);
    free(f->lockdown);
    *f = (struct kernel_facts){ 0 };
}

/* "none [integrity] confidentiality": the mode in brackets is active. */
int kernel_lockdown_read(const struct host *h, char **ret) {
    _cleanup_free_ char *line = NULL;
    char *start, *end, *mode;
    int r;

    r = file_read_line(h, "/sys/kernel/security/lockdown", &line);
    if (r < 0)
        return r;
    start = strchr(line, '[');
    end = start ? strchr(start, ']') : NULL;
    if (!end)
        return -EBADMSG;
    mode = strndup(start + 1, (size_t) (end - start - 1));
    if (!mode)
        return -ENOMEM;
    *ret = mode;
    return 0;
}

/* An EFI variable in efivarfs is four bytes of attributes and the value, here one byte
 * (Documentation/filesystems/efivarfs.rst, UEFI specification section 3.3). */
static int secure_boot_read(const struct host *h) {
    _cleanup_free_ char *variable = NULL;
    size_t size;

    if (!file_exists(h, EFI_DIRECTORY))
        return 0;
    if (file_read(h, EFI_SECURE_BOOT, 64, &variable, &size) < 0 || size != 5)
        return -1;
    return variable[4] == 1;
}

static char *kernel_build_id_read(const struct host *h) {
    _cleanup_free_ char *notes = NULL;
    char *build_id;
    size_t size;

    if (file_read(h, "/sys/kernel/notes", 64 * 1024, &notes, &size) < 0)
        return NULL;
    return build_id_from_notes(notes, size, &build_id) < 0 ? NULL : build_id;
}

int kernel_facts_read(struct host *h, struct kernel_facts *ret) {
    struct kernel_facts f = { 0 };
    int r;

    r = h->ops->release(h, &f.release);
    /* With another root there may be no kernel. */
    if (r < 0 && (h->live || r == -ENOMEM))
        return r;
    f.livepatch = file_exists(h, LIVEPATCH_DIRECTORY);
    f.sealed = livepatch_is_sealed(h);
    f.sig_enforce = kernel_flag_read(h, KERNEL_SIG_ENFORCE);
    f.modules_disabled = kernel_flag_read(h, KERNEL_MODULES_DISABLED);
    f.kexec_disabled = kernel_flag_read(h, KERNEL_KEXEC_DISABLED);
    f.ftrace_enabled = kernel_flag_read(h, KERNEL_FTRACE_ENABLED);
    f.secure_boot = secure_boot_read(h);
    f.build_id = kernel_build_id_read(h);
    (void) kernel_lockdown_read(h, &f.lockdown);
    (void) file_read_line(h, "/proc/sys/kernel/random/boot_id", &f.boot_id);
    *ret = f;
    return 0;
}
