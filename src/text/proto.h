/* SPDX-License-Identifier: MIT */
/* proto.h: reading a protocol buffer without ever leaving it. */
#ifndef JC_PROTO_H
#define JC_PROTO_H

#include "base/cursor.h"

typedef enum jc_proto_wire {
    JC_PROTO_VARINT = 0,
    JC_PROTO_FIXED64 = 1,
    JC_PROTO_BYTES = 2,
    JC_PROTO_FIXED32 = 5
} jc_proto_wire;

typedef struct jc_proto {
    uint32_t field;
    jc_proto_wire wire;
    uint64_t value;  /* of numbers */
    jc_cursor bytes; /* of JC_PROTO_BYTES: text, or a message to be read in turn */
} jc_proto;

/* The next field; *got is false at the end. False when what is there is none, or is cut
 * short. */
bool jc_proto_next(jc_cursor *message, jc_proto *field, bool *got) JC_NODISCARD;

#endif
