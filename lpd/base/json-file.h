/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "base/host.h"

/* Files with one JSON object, by which lpd's programs pass records to each other. */

DEFINE_TRIVIAL_CLEANUP_FUNC(json_object *, json_object_put)

/* One limit for writing and reading: everything that was written can be read. */
#define JSON_FILE_SIZE_MAX ((size_t) 1024 * 1024)

/* Reads such a file. -EBADMSG if it does not contain a JSON object, or an error of file_read(). */
int json_file_read(const struct host *h, const char *path, json_object **ret);

/* Writes such a file below /run, where nothing has to survive a power cut, and creates its
 * directory. Returns 0; -EFBIG, and keeps the old file, if the new one would be too large to read;
 * or an error of file_mkdir_p() and file_write_volatile(). */
int json_file_write_volatile(const struct host *h, const char *path, json_object *o);

/* The same with file_write_atomic(), into an existing directory. */
int json_file_write_atomic(const struct host *h, const char *path, json_object *o);

/* The value of a string member, or NULL if there is none. */
void json_file_add_string(json_object *o, const char *key, const char *s);

/* Copies a string member to *ret, which the caller frees; leaves *ret unchanged if there is none. 0
 * or -ENOMEM. */
int json_file_take_string(json_object *o, const char *key, char **ret);

/* Maps string members of an object to a struct: each struct json_field of the table has the offset
 * of a char pointer. */
struct json_field {
    const char *key;
    size_t offset;
};

static inline char **json_field_of(const void *data, const struct json_field *f) {
    return (char **) ((char *) (uintptr_t) data + f->offset);
}

/* Adds the fields that are not NULL. */
void json_file_add_fields(json_object *o, const struct json_field *fields, size_t n,
                          const void *data);

/* Copies existing members into data, whose fields must be NULL before. 0; -EBADMSG if a member is
 * no string; -ENOMEM. */
int json_file_take_fields(json_object *o, const struct json_field *fields, size_t n, void *data);

void json_file_free_fields(const struct json_field *fields, size_t n, void *data);
