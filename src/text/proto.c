/* SPDX-License-Identifier: MIT */
#include "text/proto.h"

/* Seven bits a byte, lowest first; ten bytes at most. */
static bool varint(jc_cursor *c, uint64_t *out)
{
    const unsigned char *byte;

    *out = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (!jc_cursor_bytes(c, 1, &byte))
            return false;
        if (shift < 64)
            *out |= (uint64_t)(*byte & 0x7f) << shift;
        if (!(*byte & 0x80))
            return true;
    }
    return false;
}

bool jc_proto_next(jc_cursor *message, jc_proto *field, bool *got)
{
    uint64_t key, length;
    uint32_t word;
    const unsigned char *data;

    *field = (jc_proto){0};
    *got = message->at < message->size;
    if (!*got)
        return true;
    if (!varint(message, &key) || key >> 3 == 0 || key >> 3 > UINT32_MAX)
        return false;
    field->field = (uint32_t)(key >> 3);
    field->wire = (jc_proto_wire)(key & 7);
    switch (field->wire) {
    case JC_PROTO_VARINT:
        return varint(message, &field->value);
    case JC_PROTO_FIXED64:
        return jc_cursor_u64(message, &field->value);
    case JC_PROTO_BYTES:
        if (!varint(message, &length) || !jc_cursor_bytes(message, length, &data))
            return false;
        field->bytes = (jc_cursor){.data = data, .size = (size_t)length};
        return true;
    case JC_PROTO_FIXED32:
        if (!jc_cursor_u32(message, &word))
            return false;
        field->value = word;
        return true;
    }
    return false; /* groups, which are of the past, and what is no wire type */
}
