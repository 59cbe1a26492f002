/* SPDX-License-Identifier: MIT */
/* wide_tool.c: write a model of random weights with demo's vocabulary into a folder: of
 * GPT-2 small's depth and width, 12 x 768, or, as `llama`, of 4 x 1024. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

int main(int argc, char **argv)
{
    const bench_shape shape = {.kind = BENCH_GPT2,
                               .layers = 12,
                               .width = 768,
                               .heads = 12,
                               .kv_heads = 12,
                               .ff_width = 3072,
                               .context = 256,
                               .vocab = 4096};

    const bench_shape llama = {.kind = BENCH_LLAMA,
                               .layers = 4,
                               .width = 1024,
                               .heads = 16,
                               .kv_heads = 4,
                               .ff_width = 2816,
                               .context = 256,
                               .vocab = 4096};

    if (argc < 2 || argc > 3) {
        fputs("usage: wide_tool FOLDER [llama]\n", stderr);
        return 2;
    }
    bench_write_model(argv[1],
                      argc == 3 && strcmp(argv[2], "llama") == 0 ? &llama : &shape);
    return 0;
}
