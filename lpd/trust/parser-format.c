/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trust/parser-format.h"

int parser_record_take(struct parser_bytes *from, uint32_t *ret_type, struct parser_bytes *ret_content) {
    struct parser_record record;

    if (parser_bytes_left(from) == 0)
        return 0;
    if (parser_bytes_left(from) < sizeof(record))
        return -EBADMSG;
    memcpy(&record, from->next, sizeof(record));
    from->next += sizeof(record);
    if (record.reserved != 0 || record.size > parser_bytes_left(from))
        return -EBADMSG;
    *ret_type = record.type;
    *ret_content = (struct parser_bytes){ from->next, from->next + record.size };
    from->next += record.size;
    return 1;
}
