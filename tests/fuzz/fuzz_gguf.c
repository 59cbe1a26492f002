/* SPDX-License-Identifier: MIT */
/* fuzz_gguf.c: any bytes as a GGUF file; what is accepted must hold together, and the
 * configuration made of it gives sizes or says why not. */
#include "fuzz/check_hparams.h"
#include "store/gguf.h"
#include "store/store_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tensor(const jc_gguf *file, const jc_tensor *t, const unsigned char *data,
                         size_t size)
{
    size_t n = t->count < 300 ? t->count : 300;

    check(jc_gguf_find(file, t->name) == t);
    check(t->bytes == t->count / jc_dtype_block(t->dtype) * jc_dtype_bytes(t->dtype));
    check(t->data >= data && t->bytes <= size - (size_t)(t->data - data));
    if (jc_dtype_real(t->dtype)) {
        float out[300];
        jc_tensor_read(t, 0, n, out);
        jc_tensor_read(t, t->count - n, n, out);
    }
}

static void check_value(const jc_gguf *file, const jc_gguf_value *v,
                        const unsigned char *data, size_t size)
{
    size_t at = 0, left = size - (size_t)(v->data - data);

    check(jc_gguf_get(file, v->key) == v && (v->array || v->n == 1));
    for (size_t i = 0; i < v->n; i++)
        if (v->type == JC_GGUF_TEXT) {
            jc_gguf_text text = jc_gguf_next(v, &at);
            check(at <= left && text.n <= at);
        } else {
            double x = jc_gguf_number(v, i);
            check(x <= 0x1p64 || x > 0x1p64 || x != x);
        }
}

static void check_config(jc_gguf *file)
{
    jc_notes notes = {0};
    const char *type = NULL;
    jc_config *config;
    jc_error err = {JC_OK, ""};
    jc_status st = jc_config_of_gguf(&config, &file, 1, &notes, &err);
    jc_notes_free(&notes);

    if (st) {
        check(!config);
        check_failure(st, &err);
        return;
    }
    check(jc_config_text(config, "model_type", &type, NULL) == JC_OK);
    if (jc_arch_find_gguf(type))
        check_hparams(jc_arch_find_gguf(type), config);
    else
        check_failure(jc_arch_unknown_gguf(type, config, &err), &err);
    jc_config_close(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jc_gguf *file;
    jc_error err = {JC_OK, ""};
    jc_status st = jc_gguf_parse(&file, data, size, "fuzz", &err);

    if (st) {
        check(!file);
        check_failure(st, &err);
        return 0;
    }
    for (size_t i = 0; i < jc_gguf_count(file); i++)
        check_tensor(file, jc_gguf_at(file, i), data, size);
    for (size_t i = 0; i < jc_gguf_value_count(file); i++)
        check_value(file, jc_gguf_value_at(file, i), data, size);
    check_config(file);
    jc_gguf_close(file);
    return 0;
}
