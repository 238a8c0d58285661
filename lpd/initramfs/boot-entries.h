/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* A menu of a boot loader. */
struct boot_entry {
    char *id, *title;
    char *kernel;     /* as the boot loader sees it; NULL: a submenu, or another system */
    size_t submenu;   /* the submenu that contains it; SIZE_MAX: none */
};

struct boot_entries {
    struct boot_entry *entries;
    size_t n_entries;
};

void boot_entries_done(struct boot_entries *l);

/* Appends an empty one; NULL if memory runs out. */
struct boot_entry *boot_entries_add(struct boot_entries *l, size_t submenu);

/* The entries of the Boot Loader Specification, type 1 (loader/entries) and type 2 (EFI/Linux), in
 * reverse version order. Their ids end in ".conf" and ".efi". 0 or -ENOMEM. */
int boot_entries_add_bls(const struct host *h, struct boot_entries *l);

/* The entries of a grub.cfg; "blscfg" in it stands for the entries of type 1. 0 or -ENOMEM. */
int boot_entries_add_grub(const struct host *h, const char *text, struct boot_entries *l);

/* The value of the last "set default=" in a grub.cfg that is not for one boot only. *ret is NULL
 * if there is none. 0 or -ENOMEM. */
int grub_default(const char *text, char **ret);

/* The words of a line as GRUB splits them, without their quotes. 0 or -ENOMEM. */
int grub_split(const char *line, char ***ret);
