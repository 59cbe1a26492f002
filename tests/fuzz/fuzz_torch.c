/* SPDX-License-Identifier: MIT */
/* fuzz_torch.c: any bytes as a torch file or a pickle; what is accepted must hold together.
 */
#include <stdlib.h>
#include <string.h>

#include "store/torch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jc_torch *file;
    jc_error err = {JC_OK, ""};
    jc_status st = jc_torch_parse(&file, data, size, "fuzz", &err);

    if (st) {
        check(!file && err.status == st && err.message[0]);
        return 0;
    }
    check(jc_torch_count(file) > 0);
    for (size_t i = 0; i < jc_torch_count(file); i++) {
        const jc_tensor *t = jc_torch_at(file, i);
        size_t n = t->count < 100 ? t->count : 100;
        float out[100];
        check(t->n_dims <= JC_TENSOR_DIMS);
        check(t->bytes == t->count * jc_dtype_bytes(t->dtype));
        if (!jc_dtype_real(t->dtype))
            continue;
        jc_tensor_read(t, 0, n, out);
        jc_tensor_read(t, t->count - n, n, out);
    }
    jc_torch_close(file);
    return 0;
}
