/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/name.h"
#include "module/check.h"

int module_check_pin(const char *path, const char *sha256, const struct manifest_kernel *kernel,
                     struct error *e) {
    int r;

    if (!kernel || manifest_kernel_allows(kernel, sha256))
        return 0;
    r = error_set(e, -EKEYREJECTED, EXIT_STATUS_REFUSED, "%s: its SHA256 is %s, but the manifest "
                                                         "has %s",
                  path, sha256, kernel->sha256);
    return error_hint(e, error_place_last(e, r, path), "install the right module, or correct "
                                                       "SHA256= in [Kernel:%s]",
                      kernel->release);
}

int module_check_form(const struct module_file *f, const char *release, struct error *e) {
    const struct module_info *info = &f->info;
    int r;

    if (!info->livepatch) {
        r = error_set(e, -EINVAL, EXIT_STATUS_REFUSED,
                      "%s: a kernel module, but no live patch (no livepatch=Y)", f->path);
        return error_place_last(e, r, f->path);
    }
    if (!info->name || !patch_name_is_valid(info->name)) {
        r = error_set(e, -EBADMSG, EXIT_STATUS_REFUSED, "%s: the module's name is not valid", f->path);
        return error_place_last(e, r, f->path);
    }
    if (!release || (info->vermagic && vermagic_matches(info->vermagic, release)))
        return 0;
    r = error_set(e, -ENOEXEC, EXIT_STATUS_KERNEL, "%s: built for the kernel %.*s, not for %s", f->path,
                  (int) strcspn(strempty(info->vermagic), " "), strempty(info->vermagic), release);
    (void) error_place_last(e, r, f->path);
    return error_hint(e, r, "build it against the headers of %s", release);
}
