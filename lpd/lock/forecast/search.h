/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "lock/forecast/forecast.h"
#include "lock/forecast/module-index.h"

/* Inside of this folder: what each source is given, and says what it found to. */

struct search {
    struct host *host;
    struct module_index *index;
    char **units; /* those that are enabled */
    void *asked;  /* every source and alias so far: tsearch(3) */
    size_t n_asked;
    struct forecast *found;
};

/* Frees all but what was found. */
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

/* Adds the modules that are missing behind an alias which the kernel will ask for; the rest is the
 * reason. 0 or -ENOMEM. */
int search_alias(struct search *s, enum forecast_source source, const char *alias, const char *fmt,
                 ...) _printf_(4, 5);
/* The same for the module's alias that a device has. */
int search_modalias(struct search *s, const char *modalias, const char *device);
/* Adds one module. */
int search_add(struct search *s, enum forecast_source source, const char *name, bool loaded,
               const char *reason);

/* Reads a text file of at most 1 MiB. 1; 0 if nothing is there, or it cannot be read, which is
 * noted; -ENOMEM. */
int search_read(struct search *s, const char *path, char **ret);

/* The sorted names in a directory; none if it is not there or cannot be read, which is noted. */
int search_list(struct search *s, const char *path, char ***ret);

/* The next line of a text, which it cuts, as strsep(3) does; one that is longer than any that is meant for
 * people is given as an empty one. NULL at the end. */
char *search_line(char **rest);

/* What a symbolic link says; NULL if there is none, or out of memory. */
char *search_link(const struct search *s, const char *path);

/* Notes what could not be looked at. 0 or -ENOMEM. */
int search_note_unread(struct search *s, const char *path, int r);
