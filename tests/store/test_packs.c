/* SPDX-License-Identifier: MIT */
/* Quantised folders: their numbers are those of the reference formulas, to the last bit. */
#include "support/scratch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "store/store.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/"

static jc_status open_packed(jc_store **store, const char *path, jc_error *err)
{
    const char *method;
    jc_status st = jc_store_open(store, path, err);

    if (st)
        return st;
    assert_int_equal(jc_config_text(jc_store_config(*store),
                                    "quantization_config.quant_method", &method, err),
                     JC_OK);
    assert_true(jc_store_unpacks(method));
    return jc_store_unpack(*store, method, "quantization_config", err);
}

/* All of it at once, and in pieces that begin and end anywhere. */
static void check_values(const jc_tensor *got, const jc_tensor *want)
{
    static float x[1 << 15], y[1 << 15];

    assert_int_equal(got->n_dims, want->n_dims);
    for (int i = 0; i < JC_TENSOR_DIMS; i++)
        assert_int_equal(got->shape[i], want->shape[i]);
    assert_int_equal(got->count, want->count);
    assert_true(got->count <= JC_COUNT(x));
    jc_tensor_read(want, 0, want->count, y);
    jc_tensor_read(got, 0, got->count, x);
    for (size_t i = 0; i < got->count; i++)
        if (x[i] != y[i])
            fail_msg("%s: number %zu is %g, not %g", got->name, i, (double)x[i],
                     (double)y[i]);
    for (size_t first = 0, n = 1; first + n <= got->count; first += 3 * n / 2, n += 7) {
        jc_tensor_read(got, first, n, x);
        for (size_t i = 0; i < n; i++)
            assert_true(x[i] == y[first + i]);
    }
}

/* Blocks have the very numbers, some rows at a time. False: they do not fit into any. */
static bool check_blocks(const jc_tensor *got, const jc_tensor *want)
{
    static unsigned char blocks[1 << 15];
    static float x[1 << 15], y[1 << 15];
    const jc_packing *p = got->packing;

    if (!p->regroup)
        return false;
    const jc_codec *codec = jc_codec_of(p->blocks);
    size_t rows = got->count / p->width, runs = p->width / codec->values;
    assert_true(rows * runs * codec->bytes <= sizeof blocks);
    for (size_t row = 0, n = 1; row < rows; row += n, n = n * 2 < rows - row ? n * 2 : 1)
        p->regroup(p, row, n, blocks + row * runs * codec->bytes);
    jc_tensor in_blocks = *got;
    in_blocks.packing = NULL;
    in_blocks.dtype = p->blocks;
    in_blocks.order = p->order;
    in_blocks.data = blocks;
    if (got->n_dims == 3) /* of experts */
        in_blocks.shape[1] = p->width;
    for (size_t first = 0, k = 1; first < got->count; first += k, k = 5 * k % 999 + 1) {
        k = k < got->count - first ? k : got->count - first;
        jc_tensor_read(&in_blocks, first, k, x + first);
    }
    jc_tensor_read(want, 0, want->count, y);
    for (size_t i = 0; i < want->count; i++)
        if (x[i] != y[i])
            fail_msg("%s in %s: number %zu is %g, not %g", got->name, codec->name, i,
                     (double)x[i], (double)y[i]);
    return true;
}

static void test_packs__numbers_are_those_of_the_reference_formulas(void **state)
{
    jc_safetensors *values;
    size_t n = 0, fit = 0;

    (void)state;
    assert_int_equal(jc_safetensors_open(&values, GOLDEN "packed/values.safetensors", NULL),
                     JC_OK);
    for (; n < jc_safetensors_count(values); n++) {
        const jc_tensor *want = jc_safetensors_at(values, n);
        char path[512];
        jc_store *store;
        jc_error err = {JC_OK, ""};
        const char *name = strchr(want->name, '/');
        assert_non_null(name);
        snprintf(path, sizeof path, GOLDEN "models/%.*s", (int)(name - want->name),
                 want->name);
        if (open_packed(&store, path, &err))
            fail_msg("%s", err.message);
        const jc_tensor *got = jc_store_find(store, name + 1);
        assert_non_null(got);
        check_values(got, want);
        fit += check_blocks(got, want);
        jc_store_close(store);
    }
    assert_int_equal(n, 21);
    assert_int_equal(fit, 17); /* groups of 32, and MXFP4 */
    jc_safetensors_close(values);
}

/* ---- what does not fit ---- */

typedef struct change {
    const char *tensor; /* of a matrix of tiny-llama-gptq-act, whose */
    jc_dtype dtype;     /* type, */
    size_t shape[2];    /* shape or */
    int value;          /* first word becomes this */
    const char *message;
} change;

/* The model with one tensor, of zeros but for the first word, in the place of its own. */
static void write_changed(void **state, const change *c)
{
    static unsigned char zeros[1 << 12];
    const char *folder = GOLDEN "models/tiny-llama-gptq-act";
    char path[600];
    jc_safetensors *file;
    jc_st_writer *w;

    snprintf(path, sizeof path, "cp %s/config.json %s", folder, (char *)*state);
    assert_int_equal(system(path), 0);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_int_equal(jc_safetensors_open(&file, path, NULL), JC_OK);
    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, "model.safetensors"), NULL),
                     JC_OK);
    memcpy(zeros, &c->value, sizeof c->value);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < jc_safetensors_count(file); i++) {
            const jc_tensor *t = jc_safetensors_at(file, i);
            bool other = strstr(t->name, c->tensor) != NULL;
            jc_dtype dtype = other ? c->dtype : t->dtype;
            const size_t *shape = other ? c->shape : t->shape;
            uint32_t n_dims = other ? (c->shape[1] ? 2 : 1) : t->n_dims;
            size_t count = shape[0] * (n_dims > 1 ? shape[1] : 1);
            assert_int_equal(
                pass ? jc_st_writer_data(w, other ? zeros : t->data,
                                         count * jc_dtype_bytes(dtype), NULL)
                     : jc_st_writer_declare(w, t->name, dtype, shape, n_dims, NULL),
                JC_OK);
        }
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
    jc_safetensors_close(file);
}

static void test_packs__parts_that_do_not_fit_are_named(void **state)
{
    static const change bad[] = {
        {"up_proj.g_idx", JC_I32, {32, 0}, 2, "names group 2 of 2"},
        {"up_proj.g_idx", JC_I32, {32, 0}, -1, "names group -1 of 2"},
        {"up_proj.g_idx", JC_I32, {31, 0}, 0, "wants [32, 1] of I32"},
        {"up_proj.g_idx", JC_F32, {32, 0}, 0, "is [32, 1] of F32"},
        {"up_proj.scales", JC_F16, {2, 40}, 0, "wants [2, 48] of real numbers"},
        {"up_proj.scales", JC_I32, {2, 48}, 0, "wants [2, 48] of real numbers"},
        {"up_proj.qzeros", JC_I32, {1, 6}, 0, "wants [2, 6] of I32"},
        {"up_proj.qweight",
         JC_I32,
         {4, 47},
         0,
         "a matrix of I32 whose sides hold numbers of 4"},
        {"up_proj.qweight",
         JC_I16,
         {4, 48},
         0,
         "a matrix of I32 whose sides hold numbers of 4"},
        {"up_proj.qweight",
         JC_I32,
         {48, 0},
         0,
         "a matrix of I32 whose sides hold numbers of 4"},
    };

    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_store *store;
        jc_error err = {JC_OK, ""};
        write_changed(state, &bad[i]);
        assert_int_equal(open_packed(&store, *state, &err), JC_E_FORMAT);
        if (!strstr(err.message, bad[i].message) || !strstr(err.message, bad[i].tensor))
            fail_msg("case %zu: %s", i, err.message);
        jc_store_close(store);
    }
}

static void test_packs__settings_that_are_not_read_are_told(void **state)
{
    static const struct {
        const char *section, *message;
    } bad[] = {
        {"\"quant_method\": \"gptq\", \"bits\": 5", "'bits' are not 2, 3, 4 or 8"},
        {"\"quant_method\": \"gptq\", \"bits\": NaN", "'bits' are not 2, 3, 4 or 8"},
        {"\"quant_method\": \"gptq\", \"bits\": \"4\"", "'bits' are not 2, 3, 4 or 8"},
        {"\"quant_method\": \"gptq\", \"group_size\": -2", "not a whole number"},
        {"\"quant_method\": \"gptq\", \"group_size\": Infinity", "not a whole number"},
        {"\"quant_method\": \"awq\", \"w_bit\": 4.5", "'bits' are not 4"},
        {"\"quant_method\": \"awq\", \"q_group_size\": NaN", "not a whole number"},
        {"\"quant_method\": \"fp8\", \"weight_block_size\": \"128\"",
         "two whole numbers above 0"},
        {"\"quant_method\": \"fp8\", \"activation_scheme\": \"none\"",
         "neither 'dynamic' nor 'static'"},
        {"\"quant_method\": \"modelopt\", \"quant_algo\": \"NVFP4\"",
         "'quant_algo' is not 'FP8'"},
        {"\"quant_method\": \"compressed-tensors\", \"format\": \"nvfp4-pack-quantized\"",
         "compressed-tensors ('nvfp4-pack-quantized') in a way"},
        {"\"quant_method\": \"fp8\", \"weight_block_size\": [0, 128]",
         "two whole numbers above 0"},
        {"\"quant_method\": \"fp8\", \"weight_block_size\": [128]",
         "two whole numbers above 0"},
        {"\"quant_method\": \"fp8\", \"weight_block_size\": [-1, NaN]",
         "two whole numbers above 0"},
        {"\"quant_method\": \"gptq\", \"checkpoint_format\": \"marlin\"",
         "neither 'gptq' nor 'gptq_v2'"},
        {"\"quant_method\": \"awq\", \"version\": \"gemv\"", "'version' is not 'gemm'"},
        {"\"quant_method\": \"awq\", \"bits\": 8", "'bits' are not 4"},
    };

    write_changed(state, &(change){"none", JC_F32, {0, 0}, 0, ""});
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_store *store;
        jc_error err = {JC_OK, ""};
        char text[256];
        snprintf(text, sizeof text, "{\"quantization_config\": {%s}}", bad[i].section);
        scratch_text(state, "config.json", text);
        assert_int_equal(open_packed(&store, *state, &err), JC_E_UNSUPPORTED);
        if (!strstr(err.message, bad[i].message))
            fail_msg("case %zu: %s", i, err.message);
        jc_store_close(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packs__numbers_are_those_of_the_reference_formulas),
        SCRATCH_TEST(test_packs__parts_that_do_not_fit_are_named),
        SCRATCH_TEST(test_packs__settings_that_are_not_read_are_told),
    };
    return cmocka_run_group_tests_name("store/packs", tests, NULL, NULL);
}
