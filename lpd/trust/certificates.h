/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* The certificates found on a machine. Their location makes none of them trusted, except
 * /etc/lpd/keys.d with Signature=local. */

#define KEYS_DIRECTORY_LOCAL "/etc/lpd/keys.d"
#define KEYS_DIRECTORY_VENDOR "/usr/lib/lpd/keys.d"

enum certificate_origin {
    ORIGIN_LOCAL,  /* /etc/lpd/keys.d */
    ORIGIN_VENDOR, /* /usr/lib/lpd/keys.d */
    ORIGIN_MOK,    /* the firmware's MokListRT: keys that the owner enrolled */
    ORIGIN_DB,     /* the firmware's db */
};

/* Not parsed yet. In a key directory DER or PEM, several in a PEM file; in the firmware DER. */
struct certificate_file {
    enum certificate_origin origin;
    char *path; /* for messages; for the firmware the name of the variable */
    char *data;
    size_t size;
};

struct certificate_files {
    struct certificate_file *files;
    size_t n_files;
    char **refused; /* "PATH: reason" for files that were refused: owner, mode, links, size */
};

void certificate_files_done(struct certificate_files *f);

/* Reads all of them: the key directories by name, where a file in /etc hides one of the same name
 * in /usr, then MokListRT, then db. The files and every directory above them must belong to root,
 * must not be writable by anyone else, and must not be links. Files that cannot be read are left
 * out and listed in refused. 0 or -ENOMEM. */
int certificate_files_read(struct host *h, struct certificate_files *ret);

/* The key directories only. */
int certificate_files_read_directories(const struct host *h, struct certificate_files *ret);

const char *certificate_origin_to_string(enum certificate_origin o);
