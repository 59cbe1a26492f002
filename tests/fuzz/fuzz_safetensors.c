/* SPDX-License-Identifier: MIT */
/* fuzz_safetensors.c: any bytes as a safetensors file; what is accepted must hold together.
 */
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_tensor(const jc_safetensors *file, const jc_tensor *t,
                         const unsigned char *data, size_t size)
{
    size_t n = t->count < 100 ? t->count : 100;

    check(jc_safetensors_find(file, t->name) == t);
    check(t->dtype == JC_OTHER || t->bytes == t->count * jc_dtype_bytes(t->dtype));
    check(t->n_dims <= JC_TENSOR_DIMS);
    check(t->data >= data && t->bytes <= size - (size_t)(t->data - data));
    if (jc_dtype_real(t->dtype)) {
        float out[100];
        jc_tensor_read(t, 0, n, out);
        jc_tensor_read(t, t->count - n, n, out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jc_safetensors *file;
    jc_error err = {JC_OK, ""};
    jc_status st = jc_safetensors_parse(&file, data, size, "fuzz", &err);

    if (st) {
        check(!file && err.status == st && err.message[0] && !strchr(err.message, '\n'));
        return 0;
    }
    for (size_t i = 0; i < jc_safetensors_count(file); i++)
        check_tensor(file, jc_safetensors_at(file, i), data, size);
    for (size_t i = 0; jc_safetensors_meta_key(file, i); i++)
        check(jc_safetensors_meta(file, jc_safetensors_meta_key(file, i)) != NULL);
    jc_safetensors_close(file);
    return 0;
}
