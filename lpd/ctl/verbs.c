/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/verbs.h"

#include <getopt.h>

const struct ctl_option ctl_options[] = {
    { "json", OPTION_JSON, 0, required_argument, "MODE", "Print JSON: pretty, short or off" },
    { "root", OPTION_ROOT, 0, required_argument, "PATH", "Work on the file system below PATH" },
    { "no-legend", OPTION_NO_LEGEND, 0, no_argument, NULL, "Omit headings and notes" },
    { "no-pager", OPTION_NO_PAGER, 0, no_argument, NULL, "Do not pipe output into a pager" },
    { "quiet", OPTION_QUIET, 'q', no_argument, NULL, "Print errors only" },
    { "help", OPTION_HELP, 'h', no_argument, NULL, "Show this help" },
    { "version", OPTION_VERSION, 0, no_argument, NULL, "Show the version" },
    { "name", OPTION_NAME, 0, required_argument, "NAME", "Name of the patch" },
    { "kernel", OPTION_KERNEL, 0, required_argument, "RELEASE", "Kernel release to work on" },
    { "stage", OPTION_STAGE, 0, required_argument, "STAGE", "When to load: initrd or system" },
    { "fixes", OPTION_FIXES, 0, required_argument, "CVE…", "What the patch fixes" },
    { "description", OPTION_DESCRIPTION, 0, required_argument, "TEXT", "Describe the patch" },
    { "no-load", OPTION_NO_LOAD, 0, no_argument, NULL, "Do not load the patch now" },
    { "no-rebuild", OPTION_NO_REBUILD, 0, no_argument, NULL, "Do not rebuild the initramfs" },
    { "dry-run", OPTION_DRY_RUN, 0, no_argument, NULL, "Show what would be done" },
    { "record", OPTION_RECORD, 0, no_argument, NULL, "Record what the image will contain" },
    { "format", OPTION_FORMAT, 0, required_argument, "FORMAT", "Print a document: openvex" },
    { "check", OPTION_CHECK, 0, no_argument, NULL, "Check required patches, or CVEs in files" },
    { "now", OPTION_NOW, 0, no_argument, NULL, "Load or unload the patch as well" },
    { "wait", OPTION_WAIT, 0, optional_argument, "TIME", "Wait for the end of transitions" },
    { "ignore-missing", OPTION_IGNORE_MISSING, 0, no_argument, NULL, "Lock even if modules of "
                                                                     "Modules= are missing" },
    { "yes", OPTION_YES, 'y', no_argument, NULL, "Do not ask for confirmation" },
    { "force", OPTION_FORCE, 0, no_argument, NULL, "Unload what has replaced a required patch" },
    { "output", OPTION_OUTPUT, 'o', required_argument, "FORMAT", "Table with all columns: wide" },
    { "full", OPTION_FULL, 'l', no_argument, NULL, "The same as -o wide" },
    { "lines", OPTION_LINES, 'n', required_argument, "N", "Show the last N entries" },
    { "follow", OPTION_FOLLOW, 'f', no_argument, NULL, "Follow the journal" },
    { "boot", OPTION_BOOT, 'b', optional_argument, "ID", "Show only the current or the given boot" },
    { "since", OPTION_SINCE, 0, required_argument, "TIME", "Show entries since that time" },
    { "machine-id", OPTION_MACHINE_ID, 0, required_argument, "ID", "Answer for another machine" },
    { "file", OPTION_FILE, 0, required_argument, "FILE", "Answer for the machine ids in FILE" },
};
const size_t n_ctl_options = ELEMENTSOF(ctl_options);

#define TAKES_TABLE (TAKES(OPTION_OUTPUT) | TAKES(OPTION_FULL))

const struct verb ctl_verbs[] = {
    { "status", GROUP_SHOW, 0, ANY_NUMBER, TAKES(OPTION_CHECK) | TAKES_TABLE, ctl_status, print_status,
      TEXT_FITTING, "[PATTERN…]", "Show kernel, policy and patches", "lpctl status" },
    { "list", GROUP_SHOW, 0, ANY_NUMBER, TAKES_TABLE, ctl_status, print_list, TEXT_FITTING, "[PATTERN…]",
      "List patches", "lpctl list 'fix-*'" },
    { "show", GROUP_SHOW, 1, ANY_NUMBER, 0, ctl_show, print_show, TEXT_FITTING, "PATTERN…",
      "Show all properties of a patch", "lpctl show fix-nft" },
    { "why", GROUP_SHOW, 1, 1, 0, ctl_why, print_why, TEXT_FITTING, "NAME",
      "Explain why a patch is loaded or not", "lpctl why fix-nft" },
    { "verify", GROUP_SHOW, 1, 1, 0, ctl_verify, print_verify, TEXT_FITTING, "FILE|NAME",
      "Check a signature, step by step", "lpctl verify ./fix-nft.ko" },
    { "keys", GROUP_SHOW, 0, 0, TAKES_TABLE, ctl_keys, print_keys, TEXT_FITTING, "", "List trusted keys",
      "lpctl keys" },
    { "blocking", GROUP_SHOW, 0, 1, 0, ctl_blocking, print_blocking, TEXT_FITTING, "[NAME]",
      "List tasks that block the transition", "lpctl blocking" },
    { "ledger", GROUP_SHOW, 0, ANY_NUMBER, TAKES(OPTION_KERNEL) | TAKES_TABLE, ctl_ledger, print_ledger, TEXT_FITTING,
      "[PATTERN…]", "Show which builds are confirmed or quarantined", "lpctl ledger fix-nft" },
    { "cves", GROUP_SHOW, 0, ANY_NUMBER, TAKES(OPTION_CHECK) | TAKES(OPTION_FORMAT) | TAKES_TABLE, ctl_cves, print_cves, TEXT_FITTING,
      "[CVE…]", "Show what is fixed on the running kernel", "lpctl cves CVE-2024-1086" },
    { "rollout", GROUP_SHOW, 1, 1, TAKES(OPTION_MACHINE_ID) | TAKES(OPTION_FILE), ctl_rollout, print_rollout,
      TEXT_FITTING, "NAME", "Show when a machine takes part in a rollout", "lpctl rollout --file=ids fix-nft" },
    { "log", GROUP_SHOW, 0, ANY_NUMBER,
      TAKES(OPTION_LINES) | TAKES(OPTION_FOLLOW) | TAKES(OPTION_BOOT) | TAKES(OPTION_SINCE), ctl_log, NULL,
      TEXT_DIRECT, "[NAME…]", "Show the journal of patches", "lpctl log -b fix-nft" },
    { "cat", GROUP_SHOW, 1, ANY_NUMBER, 0, ctl_cat, print_cat, TEXT_VERBATIM, "NAME…",
      "Show the manifest and its drop-ins", "lpctl cat fix-nft" },
    { "cat-config", GROUP_SHOW, 0, 0, 0, ctl_cat_config, print_config, TEXT_VERBATIM, "",
      "Show the effective policy", "lpctl cat-config" },
    { "lint", GROUP_SHOW, 0, ANY_NUMBER, TAKES(OPTION_KERNEL), ctl_lint, print_problems, TEXT_FITTING, "[FILE…]",
      "Check manifests and policy", "lpctl lint ./fix-nft.conf" },
    { "metrics", GROUP_SHOW, 0, 0, 0, ctl_status, print_metrics, TEXT_DIRECT, "",
      "Print Prometheus metrics", "lpctl metrics >/var/lib/node_exporter/lpd.prom" },
    { "initramfs-files", GROUP_SHOW, 0, 0, TAKES(OPTION_KERNEL) | TAKES(OPTION_RECORD), ctl_initramfs_files,
      print_initramfs_files, TEXT_DIRECT, "", "List the files for an initramfs", "lpctl initramfs-files --kernel=6.1.0-56-amd64" },
    { "install", GROUP_CHANGE, 1, ANY_NUMBER,
      TAKES(OPTION_DRY_RUN) | TAKES(OPTION_NAME) | TAKES(OPTION_KERNEL) | TAKES(OPTION_STAGE) | TAKES(OPTION_FIXES) |
          TAKES(OPTION_DESCRIPTION) | TAKES(OPTION_NO_LOAD) | TAKES(OPTION_NO_REBUILD) | TAKES(OPTION_WAIT),
      ctl_install, print_changes, TEXT_DIRECT, "FILE…", "Install a patch and load it",
      "lpctl install --wait=1min ./fix-nft.ko" },
    { "remove", GROUP_CHANGE, 1, ANY_NUMBER, TAKES(OPTION_DRY_RUN) | TAKES(OPTION_KERNEL) | TAKES(OPTION_NO_REBUILD) | TAKES(OPTION_FORCE),
      ctl_remove, print_changes, TEXT_DIRECT, "NAME…", "Unload a patch and remove its files", "lpctl remove fix-nft",
      TAKES(OPTION_KERNEL) },
    { "enable", GROUP_CHANGE, 1, ANY_NUMBER, TAKES(OPTION_DRY_RUN) | TAKES(OPTION_NOW) | TAKES(OPTION_NO_REBUILD), ctl_enable,
      print_changes, TEXT_DIRECT, "NAME…", "Enable loading at boot", "lpctl enable --now fix-nft" },
    { "disable", GROUP_CHANGE, 1, ANY_NUMBER,
      TAKES(OPTION_DRY_RUN) | TAKES(OPTION_NOW) | TAKES(OPTION_NO_REBUILD) | TAKES(OPTION_FORCE), ctl_disable, print_changes,
      TEXT_DIRECT, "NAME…", "Disable loading at boot", "lpctl disable --now fix-nft" },
    { "edit", GROUP_CHANGE, 1, 1, TAKES(OPTION_DRY_RUN) | TAKES(OPTION_NO_REBUILD), ctl_edit, print_changes,
      TEXT_DIRECT, "NAME",
      "Edit a drop-in of the manifest", "lpctl edit fix-nft" },
    { "clear", GROUP_CHANGE, 1, ANY_NUMBER, TAKES(OPTION_DRY_RUN) | TAKES(OPTION_KERNEL) | TAKES(OPTION_NO_REBUILD), ctl_clear,
      print_changes, TEXT_DIRECT, "NAME…", "Take a patch out of quarantine", "lpctl clear fix-nft" },
    { "bless", GROUP_CHANGE, 1, ANY_NUMBER, TAKES(OPTION_DRY_RUN) | TAKES(OPTION_STAGE) | TAKES(OPTION_NO_REBUILD), ctl_bless,
      print_changes, TEXT_DIRECT, "NAME…", "Confirm a loaded patch now", "lpctl bless fix-nft" },
    { "import-kpatch", GROUP_CHANGE, 0, 0, TAKES(OPTION_DRY_RUN), ctl_import_kpatch, print_changes, TEXT_DIRECT, "",
      "Install the patches of kpatch", "lpctl import-kpatch" },
    { "load", GROUP_KERNEL, 1, ANY_NUMBER, TAKES(OPTION_DRY_RUN) | TAKES(OPTION_WAIT), ctl_load, print_changes, TEXT_DIRECT,
      "NAME|FILE [PARAM=VALUE…]", "Load a patch now", "lpctl load --wait fix-nft" },
    { "unload", GROUP_KERNEL, 1, ANY_NUMBER, TAKES(OPTION_DRY_RUN) | TAKES(OPTION_FORCE), ctl_unload, print_changes, TEXT_DIRECT, "NAME|FILE…",
      "Unload a patch now", "lpctl unload fix-nft" },
    { "apply", GROUP_KERNEL, 0, 0, TAKES(OPTION_DRY_RUN) | TAKES_TABLE, ctl_apply, print_apply, TEXT_FITTING, "",
      "Load and unload as the manifests say", "lpctl apply --dry-run" },
    { "lock", GROUP_KERNEL, 0, 0, TAKES(OPTION_WAIT) | TAKES(OPTION_IGNORE_MISSING) | TAKES(OPTION_DRY_RUN) | TAKES(OPTION_YES),
      ctl_lock, print_lock, TEXT_FITTING, "", "Disable module loading until reboot", "lpctl lock --dry-run" },
    { "help", GROUP_OTHER, 0, 1, 0, NULL, NULL, TEXT_VERBATIM, "[COMMAND]", "Show help",
      "lpctl help install" },
};
const size_t n_ctl_verbs = ELEMENTSOF(ctl_verbs);

const struct verb *verb_find(const char *name) {
    for (size_t i = 0; i < n_ctl_verbs; i++)
        if (streq(name, ctl_verbs[i].name))
            return ctl_verbs + i;
    return NULL;
}
