/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "lock/forecast/forecast.h"
#include "lock/forecast/module-index.h"

/* Internal to this directory: the input of each source, and the functions with which it reports
 * findings. */

struct search {
    struct host *host;
    struct module_index *index;
    char **units; /* those that are enabled */
    void *asked;  /* every source and alias so far: tsearch(3) */
    size_t n_asked;
    struct forecast *found;
};

/* Frees everything but the findings. */
void search_done(struct search *s);

/* The sources, each in a file of its own. 0 or -ENOMEM. */
int search_devices(struct search *s);
int search_filesystems(struct search *s);
int search_module_lists(struct search *s);
int search_firewall(struct search *s);
int search_volumes(struct search *s);
int search_networks(struct search *s);
int search_services(struct search *s);
int search_record(struct search *s);

/* Adds the missing modules behind an alias that the kernel will request; the other arguments are
 * the reason. 0 or -ENOMEM. */
int search_alias(struct search *s, enum forecast_source source, const char *alias, const char *fmt,
                 ...) _printf_(4, 5);
/* The same for a device's alias. */
int search_modalias(struct search *s, const char *modalias, const char *device);
/* Adds one module. */
int search_add(struct search *s, enum forecast_source source, const char *name, bool loaded,
               const char *reason);

/* Reads a text file of at most 1 MiB. 1; 0 if it does not exist, or cannot be read, which is
 * noted; -ENOMEM. */
int search_read(struct search *s, const char *path, char **ret);

/* The sorted names in a directory; none if it does not exist or cannot be read, which is noted. */
int search_list(struct search *s, const char *path, char ***ret);

/* The next line of a text, which is modified as by strsep(3). A line that is too long to be meant
 * for people is returned as an empty one. NULL at the end. */
char *search_line(char **rest);

/* The target of a symbolic link; NULL if there is none, or memory runs out. */
char *search_link(const struct search *s, const char *path);

/* Notes a source that could not be read. 0 or -ENOMEM. */
int search_note_unread(struct search *s, const char *path, int r);
