/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/capability.h>

#include "base/file.h"
#include "livepatch/facts.h"
#include "livepatch/kernel-flag.h"
#include "livepatch/refusal.h"
#include "livepatch/sysfs.h"

/* One cause of an errno; the first that applies counts. */
struct refusal {
    int error;
    bool (*applies)(const struct host *h); /* NULL: always */
    enum exit_status exit_status;
    const char *reason;
    const char *hint;
};

static bool modules_are_locked(const struct host *h) {
    return kernel_flag_read(h, KERNEL_MODULES_DISABLED) == 1;
}

static bool ftrace_is_off(const struct host *h) {
    return kernel_flag_read(h, KERNEL_FTRACE_ENABLED) == 0;
}

static bool cannot_patch(const struct host *h) {
    return !file_exists(h, LIVEPATCH_DIRECTORY);
}

static bool enforces_signatures(const struct host *h) {
    return kernel_flag_read(h, KERNEL_SIG_ENFORCE) == 1;
}

static bool is_not_live(const struct host *h) {
    return !h->live;
}

static bool is_locked_down(const struct host *h) {
    _cleanup_free_ char *mode = NULL;

    return kernel_lockdown_read(h, &mode) >= 0 && !streq(mode, "none");
}

/* CapEff: is a mask in hex (proc(5)). If it cannot be read the privilege is assumed. */
static bool lacks_privilege(const struct host *h) {
    _cleanup_free_ char *status = NULL;
    const char *effective;

    if (file_read_line(h, "/proc/self/status", &status) < 0)
        return false;
    effective = strstr(status, "\nCapEff:");
    return effective && !(strtoull(effective + STRLEN("\nCapEff:"), NULL, 16) &
                          (UINT64_C(1) << CAP_SYS_MODULE));
}

#define LOCKED_HINT "reboot: until then no module can be loaded or removed"
#define ROOT_HINT "run this as root"

/* finit_module(2), kernel/module/main.c, kernel/module/signing.c, kernel/livepatch/core.c */
static const struct refusal load_refusals[] = {
    { EPERM, modules_are_locked, EXIT_STATUS_LOCKED, "modules are disabled until reboot",
      LOCKED_HINT },
    { EPERM, lacks_privilege, EXIT_STATUS_PRIVILEGE, "only root may load modules", ROOT_HINT },
    { EPERM, is_locked_down, EXIT_STATUS_REFUSED,
      "the kernel is locked down and the module has no signature that it trusts",
      "sign the module with a key that the kernel trusts; /proc/keys lists these" },
    { EPERM, enforces_signatures, EXIT_STATUS_REFUSED, "the kernel forbids loading this module",
      "see module_blacklist= on the kernel command line and the rules of LoadPin" },
    { EPERM, NULL, EXIT_STATUS_REFUSED, "the kernel forbids loading this module",
      "see module_blacklist= on the kernel command line; if LoadPin requires the file itself, "
      "set EnforceInKernel=yes in lpd.conf" },
    { EACCES, enforces_signatures, EXIT_STATUS_REFUSED, "a security module forbids loading it",
      "see the audit log for the rule of IMA, IPE, SELinux or AppArmor" },
    { EACCES, NULL, EXIT_STATUS_REFUSED, "a security module forbids loading it from memory",
      "see the audit log for the rule of IMA, IPE, SELinux or AppArmor; if it requires the file "
      "itself, set EnforceInKernel=yes in lpd.conf" },
    { EKEYREJECTED, enforces_signatures, EXIT_STATUS_REFUSED,
      "the kernel enforces signatures and rejected the module: it is unsigned, its signature "
      "does not match or is revoked, or its signer is not trusted",
      "find out which: lpctl verify; with EnforceInKernel=, Secure Boot or module.sig_enforce the "
      "kernel refuses what only Signature=local or permissive accepts" },
    { EKEYREJECTED, NULL, EXIT_STATUS_REFUSED,
      "the kernel rejected its signature: it does not match the module, is revoked, or its "
      "signer is not trusted",
      "find out which key signed it: modinfo" },
    { EBADMSG, NULL, EXIT_STATUS_REFUSED, "the kernel found its signature malformed",
      "inspect the signature: modinfo" },
    { ENOEXEC, NULL, EXIT_STATUS_KERNEL, "the module was built for another kernel",
      "build the module against the headers of the running kernel" },
    { ENOENT, NULL, EXIT_STATUS_KERNEL, "the module needs a symbol that this kernel lacks",
      "load the modules that it depends on, or build it for this kernel" },
    { EINVAL, NULL, EXIT_STATUS_FAILED,
      "the kernel cannot apply the patch: a function that it patches is missing or ambiguous, a "
      "parameter is wrong, or it is incompatible with a loaded patch",
      "read the kernel's log: dmesg" },
    { EEXIST, NULL, EXIT_STATUS_FAILED, "a module of that name is loaded already", NULL },
    { EBUSY, ftrace_is_off, EXIT_STATUS_FAILED, "function tracing is disabled",
      "sysctl kernel.ftrace_enabled=1" },
    { EBUSY, NULL, EXIT_STATUS_FAILED,
      "the kernel is busy with another patch, or a tracer uses a function of this one",
      "try again; see /sys/kernel/debug/kprobes/list for probes on the function" },
    { ENODEV, NULL, EXIT_STATUS_FAILED, "the patch's own code refused the load",
      "read the kernel's log: dmesg" },
    { EOPNOTSUPP, is_not_live, EXIT_STATUS_FAILED, "this is not the running machine", NULL },
    { EOPNOTSUPP, cannot_patch, EXIT_STATUS_KERNEL, "this kernel has no live patching",
      "boot a kernel with CONFIG_LIVEPATCH=y" },
    { ETXTBSY, NULL, EXIT_STATUS_REFUSED, "another process has the file open for writing",
      "wait until it is closed; 'fuser -v FILE' shows by which process" },
    { ENOMEM, NULL, EXIT_STATUS_FAILED, "the kernel is out of memory", NULL },
    { EINTR, NULL, EXIT_STATUS_FAILED, "the load was interrupted", "try again" },
    { EFBIG, NULL, EXIT_STATUS_REFUSED, "the file is too large for the kernel", NULL },
    { EIO, NULL, EXIT_STATUS_FAILED, "the file cannot be read", NULL },
    { 0, NULL, EXIT_STATUS_FAILED, "loading it failed", NULL },
};

/* delete_module(2) */
static const struct refusal remove_refusals[] = {
    { EPERM, modules_are_locked, EXIT_STATUS_LOCKED,
      "it is disabled, but its module stays: modules are disabled until reboot", LOCKED_HINT },
    { EPERM, NULL, EXIT_STATUS_PRIVILEGE, "only root may remove modules", ROOT_HINT },
    { EWOULDBLOCK, NULL, EXIT_STATUS_FAILED,
      "it is disabled, but its module is in use; the kernel keeps that of a forced patch for ever",
      "if nothing uses it, reboot: until then the module has no effect" },
    { EOPNOTSUPP, is_not_live, EXIT_STATUS_FAILED, "this is not the running machine", NULL },
    { 0, NULL, EXIT_STATUS_FAILED, "removing its module failed", NULL },
};

/* kernel/livepatch/core.c, enabled_store() and force_store() */
static const struct refusal write_refusals[] = {
    { EPERM, NULL, EXIT_STATUS_PRIVILEGE, "only root may change a live patch", ROOT_HINT },
    { EACCES, NULL, EXIT_STATUS_PRIVILEGE, "only root may change a live patch", ROOT_HINT },
    { EROFS, NULL, EXIT_STATUS_FAILED, LIVEPATCH_DIRECTORY " is read-only here",
      "see Seal= in lpd.conf(5), and the sandbox of this unit" },
    { ENOENT, NULL, EXIT_STATUS_NO_PATCH, "the kernel has no such live patch", NULL },
    { ENODEV, NULL, EXIT_STATUS_NO_PATCH, "the kernel has no such live patch", NULL },
    { EINVAL, NULL, EXIT_STATUS_FAILED, "no transition is running", NULL },
    { EOPNOTSUPP, is_not_live, EXIT_STATUS_FAILED, "this is not the running machine", NULL },
    { 0, NULL, EXIT_STATUS_FAILED, "changing the live patch failed", NULL },
};

static const struct refusal *const refusals[] = {
    [REFUSAL_LOAD] = load_refusals,
    [REFUSAL_REMOVE] = remove_refusals,
    [REFUSAL_WRITE] = write_refusals,
};

/* Each table ends with an entry for every other errno. */
static const struct refusal *refusal_find(const struct host *h, enum refusal_call call, int error) {
    const struct refusal *i = refusals[call];

    while (i->error != 0 && (i->error != error || (i->applies && !i->applies(h))))
        i++;
    return i;
}

/* A malformed signature may be EINVAL as well, which then is no fault of the patch's code:
 * crypto/asymmetric_keys/pkcs7_parser.c, which logs with this prefix. */
static bool is_about_signature(int error, const char *words) {
    return error == EINVAL && words && startswith(words, "PKCS7: ");
}

int refusal_describe(const struct host *h, enum refusal_call call, const char *subject, int r,
                     const char *words, struct error *e) {
    const struct refusal *found;

    if (!e)
        return r;
    found = refusal_find(h, call, call == REFUSAL_LOAD && is_about_signature(-r, words) ? EBADMSG : -r);
    error_set(e, r, found->exit_status, "%s: %s%s%s%s%s%s", subject, found->reason,
              found->error == 0 ? ": " : "", found->error == 0 ? strerror(-r) : "",
              words ? " (kernel: " : "", strempty(words), words ? ")" : "");
    return found->hint ? error_hint(e, r, "%s", found->hint) : r;
}
