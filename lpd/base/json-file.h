/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "base/host.h"

/* Files that hold one JSON object: what lpd's programs leave for each other. */

DEFINE_TRIVIAL_CLEANUP_FUNC(json_object *, json_object_put)

/* Reads one of at most max bytes. -EBADMSG if it is no such file, or as file_read(). */
int json_file_read(const struct host *h, const char *path, size_t max, json_object **ret);

/* Writes one below /run, where nothing has to survive a power cut; makes its directory. 0, or as
 * file_mkdir_p() and file_write_volatile(). */
int json_file_write_volatile(const struct host *h, const char *path, json_object *o);

/* A member that is a string, or null without one. */
void json_file_add_string(json_object *o, const char *key, const char *s);

/* *ret gets a copy of a member that is a string, to be freed; it stays as it is if there is none. 0 or
 * -ENOMEM. */
int json_file_take_string(json_object *o, const char *key, char **ret);
