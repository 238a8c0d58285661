/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* The certificates that a machine has lying about. None is trusted for being there, except those in
 * /etc/lpd/keys.d under Signature=local. */

#define KEYS_DIRECTORY_LOCAL "/etc/lpd/keys.d"
#define KEYS_DIRECTORY_VENDOR "/usr/lib/lpd/keys.d"

enum certificate_origin {
    ORIGIN_LOCAL,  /* /etc/lpd/keys.d */
    ORIGIN_VENDOR, /* /usr/lib/lpd/keys.d */
    ORIGIN_MOK,    /* the firmware's MokListRT: keys that the owner enrolled */
    ORIGIN_DB,     /* the firmware's db */
};

/* Not parsed yet. From a key directory DER or PEM, of which one file may hold several; from the
 * firmware DER. */
struct certificate_file {
    enum certificate_origin origin;
    char *path; /* for messages; for the firmware that of the variable */
    char *data;
    size_t size;
};

struct certificate_files {
    struct certificate_file *files;
    size_t n_files;
    char **refused; /* "PATH: reason" for files that were not read: owner, mode, links, size */
};

void certificate_files_done(struct certificate_files *f);

/* Reads all there are: the key directories by name order, where a file in /etc hides one of the same
 * name in /usr, then MokListRT, then db. The files and every directory above them must belong to root
 * and be writable by nobody else, and be no links. What cannot be read is left out and told in
 * refused. 0 or -ENOMEM. */
int certificate_files_read(struct host *h, struct certificate_files *ret);

/* The key directories alone. */
int certificate_files_read_directories(const struct host *h, struct certificate_files *ret);

const char *certificate_origin_to_string(enum certificate_origin o);
