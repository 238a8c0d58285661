/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json-file.h"

/* Values are built first and printed second, as JSON or as text. Like malloc, json-c does not
 * abort if memory runs out; a lost field shows as null. */

#define _cleanup_json_ _cleanup_(json_object_putp)

/* Each adds a field to an object; NULL, -1 (for tristates) and 0 (for times) become null. */
void json_add_string(json_object *o, const char *key, const char *s);
void json_add_bool(json_object *o, const char *key, bool b);
void json_add_tristate(json_object *o, const char *key, int t);
void json_add_number(json_object *o, const char *key, int64_t n);
void json_add_time(json_object *o, const char *key, uint64_t usec); /* microseconds since 1970 */
void json_add_list(json_object *o, const char *key, char *const *l);

/* Each adds an empty object or array, which the one above owns, and returns it. */
json_object *json_add_object(json_object *o, const char *key);
json_object *json_add_array(json_object *o, const char *key);
json_object *json_append_object(json_object *array);

/* A new object that begins with "schemaVersion". */
json_object *value_new(void);

/* The text of a field for users: yes/no, words joined by blanks, local times with their age, "-"
 * for null. The caller frees it; NULL if memory runs out. */
char *value_text(json_object *o, const char *key);

/* The same for a cell of a table: of a time, only its age. */
char *value_text_brief(json_object *o, const char *key);

/* The string in a field, or NULL. */
const char *value_get(json_object *o, const char *key);
