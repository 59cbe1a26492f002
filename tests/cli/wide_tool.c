/* SPDX-License-Identifier: MIT */
/* wide_tool.c: write a model of random weights of GPT-2 small's depth and width, 12 x 768,
 * with demo's vocabulary, into a folder. */
#include <stdio.h>
#include <stdlib.h>

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

    if (argc != 2) {
        fputs("usage: wide_tool FOLDER\n", stderr);
        return 2;
    }
    bench_write_model(argv[1], &shape);
    return 0;
}
