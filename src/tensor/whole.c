/* SPDX-License-Identifier: MIT */
/* whole.c: numbers that are no weights, and so are not read as float32. */
#include "tensor/bits.h"

#define WHOLE(id, size, number)                                                            \
    const jc_codec jc_codec_##id = {                                                       \
        .name = #id, .values = 1, .bytes = (size), .gguf = (number), .safetensors = true}

WHOLE(I64, 8, 27);
WHOLE(I32, 4, 26);
WHOLE(I16, 2, 25);
WHOLE(I8, 1, 24);
WHOLE(U8, 1, JC_NOT_GGUF);
WHOLE(BOOL, 1, JC_NOT_GGUF);

const jc_codec jc_codec_OTHER = {.name = "OTHER", .values = 1, .gguf = JC_NOT_GGUF};
