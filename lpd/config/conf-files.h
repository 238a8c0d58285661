/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "base/safe-file.h"

/* Configuration files by the rules of UAPI.6: a file in one of the directories hides the file of
 * the same name in later ones, drop-ins are merged in the order of their base names, and an empty
 * file or a link to /dev/null is a mask.
 * https://uapi-group.org/specifications/specs/configuration_files_specification/ */

#define CONF_SUFFIX ".conf"
#define CONF_ALL_DIRS 0xfu

/* /etc/lpd, /run/lpd, /usr/local/lib/lpd, /usr/lib/lpd: the first one wins. A set of them is a bit
 * mask, 1 << 0 is /etc/lpd. */
extern const char *const conf_dirs[4];

/* A name without its suffix, and the directories with NAME.conf and with NAME.conf.d. */
struct conf_name {
    char *name;
    unsigned files, dropins;
};

struct conf_names {
    struct conf_name *names; /* in the order of strcmp(3) */
    size_t n_names;
};

void conf_names_done(struct conf_names *l);

/* Lists SUBDIR ("patches.d") of those directories; each is read once and may be missing. Other
 * suffixes and hidden files are skipped. 0, or a negative errno with the directory that cannot be
 * read. */
int conf_names_list(const struct host *h, unsigned dirs, const char *subdir, struct conf_names *ret,
                    struct error *e);

/* Path of the effective file, in the first of the directories; SUBDIR may be "". NULL if memory
 * runs out. */
char *conf_path(unsigned dirs, const char *subdir, const char *name, const char *suffix);

/* Reads a configuration file. 1; 0 if it is a mask: empty or the null device; -ENOENT without an
 * error if it does not exist; another negative errno if it cannot be read, is not regular, is too
 * large, or is a dangling link. -EPERM (EXIT_STATUS_REFUSED): others than root can change it, see
 * safe_file_check(). known may be NULL. */
int conf_read(const struct host *h, const char *path, struct safe_directories *known, char **ret,
              size_t *ret_size, struct error *e);

/* The same without a check of the owner, for a file that is only inspected. */
int conf_read_untrusted(const struct host *h, const char *path, char **ret, size_t *ret_size,
                        struct error *e);

/* Whether the file is empty or a link to /dev/null. */
bool conf_masks(const struct host *h, const char *path);

/* Receives the text of one drop-in. */
typedef int (*conf_reader)(void *userdata, const char *path, const char *data, size_t size,
                           struct error *e);

/* Passes on the drop-ins of SUBDIR ("lpd.conf.d") in their order. A bad one does not stop later
 * ones. 0, or the first fault; later ones are added to e. */
int conf_read_dropins(const struct host *h, unsigned dirs, const char *subdir,
                      struct safe_directories *known, conf_reader reader, void *userdata,
                      struct error *e);
