/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* What a module says about itself. Everything is read from untrusted bytes in memory; nothing is
 * executed or mapped. */
struct module_info {
    char *name;       /* modinfo name=, as the kernel knows it; required */
    char *vermagic;   /* required */
    char *depends;    /* "" or NULL: none */
    char *srcversion; /* or NULL */
    char *build_id;   /* GNU build id in lower-case hex, or NULL */
    bool livepatch;   /* modinfo livepatch=Y */
    char **fixes;     /* the words of each fixes=: CVEs and the like, if its builder put them there */
};

void module_info_done(struct module_info *i);

/* Reads an ELF relocatable object for this machine (class, byte order, e_machine, ET_REL), its
 * .modinfo and its .note.gnu.build-id. -ENOEXEC if it is not such an object or is malformed, with
 * the reason; -ENOMEM. Exit status: EXIT_STATUS_REFUSED. Of duplicate modinfo keys the first one
 * counts, as in the kernel (kernel/module/main.c get_next_modinfo). */
int module_info_parse(const void *data, size_t size, struct module_info *ret, struct error *e);

/* The GNU build id (hex) among ELF notes such as /sys/kernel/notes or /sys/module/NAME/notes/….
 * -ENOENT if there is none, -EBADMSG if the notes are malformed. */
int build_id_from_notes(const void *data, size_t size, char **ret);

/* Whether the first word of vermagic is that kernel release. Kernels with MODVERSIONS do not compare
 * it (kernel/module/version.c same_magic). */
bool vermagic_matches(const char *vermagic, const char *release);
