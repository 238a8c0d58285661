/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "base/host.h"

/* Files that hold one JSON object: what lpd's programs leave for each other. */

DEFINE_TRIVIAL_CLEANUP_FUNC(json_object *, json_object_put)

/* The one limit of those who write and those who read: what is written can be read. */
#define JSON_FILE_SIZE_MAX ((size_t) 1024 * 1024)

/* Reads one. -EBADMSG if it is no such file, or as file_read(). */
int json_file_read(const struct host *h, const char *path, json_object **ret);

/* Writes one below /run, where nothing has to survive a power cut; makes its directory. 0; -EFBIG if nobody
 * would read it, and what was there stays; or as file_mkdir_p() and file_write_volatile(). */
int json_file_write_volatile(const struct host *h, const char *path, json_object *o);

/* The same with file_write_atomic(), into a directory that is there. */
int json_file_write_atomic(const struct host *h, const char *path, json_object *o);

/* A member that is a string, or null without one. */
void json_file_add_string(json_object *o, const char *key, const char *s);

/* *ret gets a copy of a member that is a string, to be freed; it stays as it is if there is none. 0 or
 * -ENOMEM. */
int json_file_take_string(json_object *o, const char *key, char **ret);

/* Strings of a struct that are members of an object: a table of the type struct json_field has the offset of
 * each char pointer. */
struct json_field {
    const char *key;
    size_t offset;
};

static inline char **json_field_of(const void *data, const struct json_field *f) {
    return (char **) ((char *) (uintptr_t) data + f->offset);
}

/* Adds those that are not NULL. */
void json_file_add_fields(json_object *o, const struct json_field *fields, size_t n, const void *data);

/* Copies those that are there into data, which has none yet. 0; -EBADMSG if one is no string; -ENOMEM. */
int json_file_take_fields(json_object *o, const struct json_field *fields, size_t n, void *data);

void json_file_free_fields(const struct json_field *fields, size_t n, void *data);
