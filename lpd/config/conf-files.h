/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "base/safe-file.h"

/* Configuration files by the rules of UAPI.6: a file in one of the directories hides the file of
 * the same name in those after it, drop-ins are merged in the order of their base names, and an
 * empty file or a link to /dev/null masks.
 * https://uapi-group.org/specifications/specs/configuration_files_specification/ */

#define CONF_SUFFIX ".conf"
#define CONF_ALL_DIRS 0xfu

/* /etc/lpd, /run/lpd, /usr/local/lib/lpd, /usr/lib/lpd: the first one wins. Sets of them are bits,
 * 1 << 0 being /etc/lpd. */
extern const char *const conf_dirs[4];

/* A name, less its suffix, and the directories with NAME.conf and with NAME.conf.d. */
struct conf_name {
    char *name;
    unsigned files, dropins;
};

struct conf_names {
    struct conf_name *names; /* in the order of strcmp(3) */
    size_t n_names;
};

void conf_names_done(struct conf_names *l);

/* What stands in SUBDIR ("patches.d") of those directories, each of which is read once; a missing
 * one is fine. Other suffixes and hidden files are passed over. 0, or a negative errno with the
 * directory that cannot be read. */
int conf_names_list(const struct host *h, unsigned dirs, const char *subdir, struct conf_names *ret,
                    struct error *e);

/* Path of the file that is in effect, in the first of the directories; SUBDIR may be "". NULL when
 * out of memory. */
char *conf_path(unsigned dirs, const char *subdir, const char *name, const char *suffix);

/* Reads a configuration file. 1; 0 if it is empty or the null device, so masks; -ENOENT without an
 * error if nothing is there; another negative errno for what is not readable, no regular file, too
 * large, or a link to nowhere. -EPERM (EXIT_STATUS_REFUSED): somebody other than root can say what
 * stands there, safe_file_check(). known may be NULL. */
int conf_read(const struct host *h, const char *path, struct safe_directories *known, char **ret,
              size_t *ret_size, struct error *e);

/* The same for a file that is only looked at, whosever it is. */
int conf_read_untrusted(const struct host *h, const char *path, char **ret, size_t *ret_size,
                        struct error *e);

/* Whether what stands at path is an empty file or a link to /dev/null. */
bool conf_masks(const struct host *h, const char *path);

/* Takes the text of one drop-in. */
typedef int (*conf_reader)(void *userdata, const char *path, const char *data, size_t size,
                           struct error *e);

/* Hands the drop-ins of SUBDIR ("lpd.conf.d") on in their order. A bad one stops none after it. 0,
 * or the first fault; those after it are added to e. */
int conf_read_dropins(const struct host *h, unsigned dirs, const char *subdir,
                      struct safe_directories *known, conf_reader reader, void *userdata,
                      struct error *e);
