/* SPDX-License-Identifier: MIT */
/*
 * gpu.c: with JC_TEST_CUDA in the environment the backend `cuda` stands in for "onednn" in
 * a test program, so that the tests of all rooms run on it (`ctest -L cuda`). Where there
 * is no GPU the program says so and is skipped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernels/backend.h"

static jc_backend gpu;

__attribute__((constructor)) static void stand_in(void)
{
    const jc_backend *cuda = jc_backend_find("cuda");
    jc_error err = {JC_OK, ""};

    if (!getenv("JC_TEST_CUDA"))
        return;
    if (!cuda || jc_backend_ready(cuda, &err)) {
        fprintf(stderr, "skipped: %s\n", err.message);
        _exit(77);
    }
    gpu = *cuda;
    gpu.name = "onednn";
    jc_backend_stand_in(&gpu);
}
