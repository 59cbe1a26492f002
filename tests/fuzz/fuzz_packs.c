/* SPDX-License-Identifier: MIT */
/* fuzz_packs.c: a line of config.json and any bytes as a safetensors file of quantised
 * weights: what is accepted can be read from end to end, whatever the shapes of its parts,
 * and blocks have the same numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"
#include "store/store_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void read_ends(const jc_tensor *t)
{
    float out[100];
    size_t n = t->count < 100 ? t->count : 100;

    if (!jc_tensor_real(t))
        return;
    jc_tensor_read(t, 0, n, out);
    jc_tensor_read(t, t->count - n, n, out);
    jc_tensor_read(t, t->count / 2, n / 2, out);
}

/* In blocks the numbers are the same, and NaN where they were. */
static void check_blocks(const jc_tensor *t)
{
    enum { MOST = 1 << 14 };
    static float want[MOST], got[MOST];
    const jc_packing *p = t->packing;

    if (!p || !p->regroup || t->count > MOST)
        return;
    jc_tensor blocks = *t;
    const size_t rows = t->count / p->width;
    blocks.bytes = t->count / jc_dtype_block(p->blocks) * jc_dtype_bytes(p->blocks);
    unsigned char *data = jc_alloc(blocks.bytes); /* of the exact size, for the sanitizer */
    check(data != NULL);
    p->regroup(p, 0, rows, data);
    blocks.data = data;
    blocks.dtype = p->blocks;
    blocks.packing = NULL;
    blocks.order = p->order;
    blocks.shape[0] = rows;
    blocks.shape[1] = p->width;
    jc_tensor_read(t, 0, t->count, want);
    jc_tensor_read(&blocks, 0, t->count, got);
    for (size_t i = 0; i < t->count; i++)
        check(want[i] == got[i] || (isnan(want[i]) && isnan(got[i])));
    jc_free(data);
}

static void unpack(jc_store *store)
{
    jc_error err = {JC_OK, ""};
    const char *method = "";
    jc_status st =
        jc_config_text(store->config, "quantization_config.quant_method", &method, &err);

    if (st || !jc_store_unpacks(method))
        return;
    st = jc_store_unpack(store, method, "quantization_config", &err);
    check(st == JC_OK || (err.message[0] && !strchr(err.message, '\n')));
    for (size_t i = 0; st == JC_OK && i < store->count; i++) {
        read_ends(store->by_name[i]);
        check_blocks(store->by_name[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t n = line ? (size_t)(line - data) : 0;
    char path[] = "fuzz";
    jc_store store = {.path = path};
    jc_safetensors *file = NULL;

    if (!line || jc_safetensors_parse(&file, line + 1, size - n - 1, "fuzz", NULL) ||
        jc_config_parse(&store.config, (const char *)data, n, "fuzz", NULL)) {
        jc_safetensors_close(file);
        return 0;
    }
    store.n_stored = jc_safetensors_count(file);
    store.stored = jc_alloc_array(store.n_stored + 1, sizeof(const jc_tensor *));
    check(store.stored != NULL);
    for (size_t i = 0; i < store.n_stored; i++)
        store.stored[i] = jc_safetensors_at(file, i);
    jc_tensors_sort(store.stored, store.n_stored);
    unpack(&store);
    jc_packs_free(&store);
    jc_free(store.by_name);
    jc_free(store.stored);
    jc_config_close(store.config);
    jc_safetensors_close(file);
    return 0;
}
