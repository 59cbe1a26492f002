/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/tensor.h"

#define ALL 65536

/* The definition: (-1)^s 2^(e - bias) 1.m, or 2^(1 - bias) 0.m where e is 0. */
static double from_fields(unsigned bits, int n_exponent, int n_mantissa)
{
    int bias = (1 << (n_exponent - 1)) - 1, top = (1 << n_exponent) - 1;
    unsigned m = bits & ((1u << n_mantissa) - 1);
    int e = (int)(bits >> n_mantissa) & top;
    double sign = bits >> 15 ? -1 : 1, part = m / pow(2, n_mantissa);

    if (e == top)
        return m ? (double)NAN : sign * HUGE_VAL;
    return e ? sign * pow(2, e - bias) * (1 + part) : sign * pow(2, 1 - bias) * part;
}

/* All 65536 numbers, at every alignment, against their definition. */
static void check_all(jc_dtype dtype, int n_exponent, int n_mantissa)
{
    unsigned char *bytes = malloc(2 * ALL + 1);
    float *got = malloc(ALL * sizeof *got);

    assert_non_null(bytes);
    assert_non_null(got);
    for (size_t shift = 0; shift < 2; shift++) {
        for (size_t i = 0; i < ALL; i++) {
            bytes[shift + 2 * i] = (unsigned char)i;
            bytes[shift + 2 * i + 1] = (unsigned char)(i >> 8);
        }
        const jc_tensor t = {
            .dtype = dtype, .count = ALL, .bytes = 2 * ALL, .data = bytes + shift};
        jc_tensor_read(&t, 0, ALL, got);
        for (unsigned i = 0; i < ALL; i++) {
            double want = from_fields(i, n_exponent, n_mantissa);
            if (isnan(want))
                assert_true(isnan(got[i]));
            else
                assert_true((double)got[i] == want);
            assert_int_equal(!!signbit(got[i]), i >> 15);
        }
    }
    free(bytes);
    free(got);
}

static void test_convert__every_f16_is_exact(void **state)
{
    (void)state;
    check_all(JC_F16, 5, 10);
}

static void test_convert__every_bf16_is_exact(void **state)
{
    (void)state;
    check_all(JC_BF16, 8, 7);
}

static void test_convert__f64_is_rounded_to_nearest(void **state)
{
    static const double in[] = {1,     -0.0,           1 + 0x1p-24, 1 + 0x1.8p-23,
                                1e300, -HUGE_VAL,      0x1p-149,    0x1p-151,
                                M_PI,  1 + 0x1.01p-24, -1e-320,     0x1.fffffep127};
    static const float want[] = {1,           -0.0f,        1,         1 + 0x1p-22f,
                                 HUGE_VALF,   -HUGE_VALF,   0x1p-149f, 0,
                                 3.14159274f, 1 + 0x1p-23f, -0.0f,     0x1.fffffep127f};
    unsigned char bytes[sizeof in + 1];
    float got[JC_COUNT(in)];

    (void)state;
    memcpy(bytes + 1, in, sizeof in);
    const jc_tensor t = {
        .dtype = JC_F64, .count = JC_COUNT(in), .bytes = sizeof in, .data = bytes + 1};
    jc_tensor_read(&t, 0, JC_COUNT(in), got);
    assert_memory_equal(got, want, sizeof want);
}

static void test_convert__f32_is_copied_bit_by_bit(void **state)
{
    static const uint32_t in[] = {0, 0x80000000u, 0x7f800001u, 0x00000001u, 0x3f800000u};
    unsigned char bytes[sizeof in + 3];
    float got[JC_COUNT(in)];

    (void)state;
    memcpy(bytes + 3, in, sizeof in);
    const jc_tensor t = {
        .dtype = JC_F32, .count = JC_COUNT(in), .bytes = sizeof in, .data = bytes + 3};
    jc_tensor_read(&t, 0, JC_COUNT(in), got);
    assert_memory_equal(got, in, sizeof in);
}

/* Any part gives the same as the whole, and writes nothing beyond its end. */
static void test_convert__parts_equal_the_whole(void **state)
{
    enum { N = 300 };
    static const jc_dtype dtypes[] = {JC_F64, JC_F32, JC_F16, JC_BF16, JC_F8_E5M2};
    uint64_t seed = 5;

    (void)state;
    for (size_t k = 0; k < JC_COUNT(dtypes); k++) {
        size_t size = jc_dtype_bytes(dtypes[k]);
        unsigned char *bytes = malloc(N * size); /* of the exact size, for the sanitizer */
        float whole[N];
        assert_non_null(bytes);
        for (size_t i = 0; i < N * size; i++)
            bytes[i] = (unsigned char)(check_rand(&seed) * 100);
        const jc_tensor t = {
            .dtype = dtypes[k], .count = N, .bytes = N * size, .data = bytes};
        jc_tensor_read(&t, 0, N, whole);
        for (size_t n = 0; n < 140; n++)
            for (size_t first = 0; first + n <= N; first += 23) {
                float *part = malloc(n * sizeof *part + 1);
                assert_non_null(part);
                jc_tensor_read(&t, first, n, part);
                assert_memory_equal(part, whole + first, n * sizeof *part);
                free(part);
            }
        free(bytes);
    }
}

/* The sizes are those of the gguf and safetensors packages. */
static void test_codec__entries_agree_with_the_formats(void **state)
{
    static const struct {
        jc_dtype dtype;
        const char *name;
        size_t values, bytes;
        int gguf;
        bool safetensors, real;
    } want[] = {
        {JC_F64, "F64", 1, 8, 28, true, true},
        {JC_F32, "F32", 1, 4, 0, true, true},
        {JC_F16, "F16", 1, 2, 1, true, true},
        {JC_BF16, "BF16", 1, 2, 30, true, true},
        {JC_F8_E4M3, "F8_E4M3", 1, 1, -1, true, true},
        {JC_F8_E5M2, "F8_E5M2", 1, 1, -1, true, true},
        {JC_F8_E8M0, "F8_E8M0", 1, 1, -1, true, true},
        {JC_I64, "I64", 1, 8, 27, true, false},
        {JC_I32, "I32", 1, 4, 26, true, false},
        {JC_I16, "I16", 1, 2, 25, true, false},
        {JC_I8, "I8", 1, 1, 24, true, false},
        {JC_U8, "U8", 1, 1, -1, true, false},
        {JC_BOOL, "BOOL", 1, 1, -1, true, false},
        {JC_Q8_0, "Q8_0", 32, 34, 8, false, true},
        {JC_Q4_0, "Q4_0", 32, 18, 2, false, true},
        {JC_Q4_1, "Q4_1", 32, 20, 3, false, true},
        {JC_Q5_0, "Q5_0", 32, 22, 6, false, true},
        {JC_Q5_1, "Q5_1", 32, 24, 7, false, true},
        {JC_Q2_K, "Q2_K", 256, 84, 10, false, true},
        {JC_Q3_K, "Q3_K", 256, 110, 11, false, true},
        {JC_Q4_K, "Q4_K", 256, 144, 12, false, true},
        {JC_Q5_K, "Q5_K", 256, 176, 13, false, true},
        {JC_Q6_K, "Q6_K", 256, 210, 14, false, true},
        {JC_IQ1_S, "IQ1_S", 256, 50, 19, false, true},
        {JC_IQ1_M, "IQ1_M", 256, 56, 29, false, true},
        {JC_IQ2_XXS, "IQ2_XXS", 256, 66, 16, false, true},
        {JC_IQ2_XS, "IQ2_XS", 256, 74, 17, false, true},
        {JC_IQ2_S, "IQ2_S", 256, 82, 22, false, true},
        {JC_IQ3_XXS, "IQ3_XXS", 256, 98, 18, false, true},
        {JC_IQ3_S, "IQ3_S", 256, 110, 21, false, true},
        {JC_IQ4_NL, "IQ4_NL", 32, 18, 20, false, true},
        {JC_IQ4_XS, "IQ4_XS", 256, 136, 23, false, true},
        {JC_TQ1_0, "TQ1_0", 256, 54, 34, false, true},
        {JC_TQ2_0, "TQ2_0", 256, 66, 35, false, true},
        {JC_MXFP4, "MXFP4", 32, 17, 39, false, true},
        {JC_NVFP4, "NVFP4", 64, 36, 40, false, true},
        {JC_Q4_Z, "Q4_Z", 32, 20, -1, false, true},
        {JC_Q8_Z, "Q8_Z", 32, 38, -1, false, true},
        {JC_F8_S, "F8_S", 32, 36, -1, false, true},
        {JC_OTHER, "OTHER", 1, 0, -1, false, false},
    };
    jc_dtype dtype;

    (void)state;
    for (size_t i = 0; i < JC_COUNT(want); i++) {
        const jc_codec *codec = jc_codec_of(want[i].dtype);
        assert_string_equal(codec->name, want[i].name);
        assert_int_equal(codec->values, want[i].values);
        assert_int_equal(codec->bytes, want[i].bytes);
        assert_int_equal(jc_dtype_real(want[i].dtype), want[i].real);
        assert_int_equal(jc_dtype_find(want[i].name, &dtype), want[i].safetensors);
        assert_int_equal(codec->gguf, want[i].gguf);
        if (want[i].gguf >= 0) {
            assert_true(jc_dtype_find_gguf((uint32_t)want[i].gguf, &dtype));
            assert_int_equal(dtype, want[i].dtype);
        }
        assert_int_equal(want[i].dtype, i < 13 ? i : want[i].dtype);
    }
    assert_int_equal(JC_COUNT(want), JC_OTHER + 1);
    assert_false(jc_dtype_find("f32", &dtype));
    assert_false(jc_dtype_find("", &dtype));
    assert_false(jc_dtype_find_gguf(4, &dtype));
}

/* Definitions: sign, exponent with its bias, mantissa. */
static float small_float(unsigned x, int n_mantissa, int bias)
{
    unsigned mantissa = x & ((1u << n_mantissa) - 1);
    int exponent = (int)(x & 127) >> n_mantissa;
    double value = exponent ? ldexp(1 + ldexp(mantissa, -n_mantissa), exponent - bias)
                            : ldexp(mantissa, 1 - bias - n_mantissa);

    return (float)(x & 128 ? -value : value);
}

static void test_codec__every_float_of_8_bits_is_exact(void **state)
{
    unsigned char bytes[256];
    float e4m3[256], e5m2[256], e8m0[256];
    const jc_tensor tensors[] = {
        {.dtype = JC_F8_E4M3, .count = 256, .bytes = 256, .data = bytes},
        {.dtype = JC_F8_E5M2, .count = 256, .bytes = 256, .data = bytes},
        {.dtype = JC_F8_E8M0, .count = 256, .bytes = 256, .data = bytes}};

    (void)state;
    for (unsigned i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    jc_tensor_read(&tensors[0], 0, 256, e4m3);
    jc_tensor_read(&tensors[1], 0, 256, e5m2);
    jc_tensor_read(&tensors[2], 0, 256, e8m0);
    for (unsigned i = 0; i < 256; i++) {
        float want[] = {small_float(i, 3, 7), small_float(i, 2, 15)};
        if ((i & 127) == 127)
            assert_true(isnan(e4m3[i]));
        else
            assert_memory_equal(&e4m3[i], &want[0], 4);
        if ((i & 127) > 124)
            assert_true(isnan(e5m2[i]));
        else if ((i & 127) == 124)
            assert_true(isinf(e5m2[i]) && (e5m2[i] < 0) == (i > 127));
        else
            assert_memory_equal(&e5m2[i], &want[1], 4);
        assert_true(i == 255 ? isnan(e8m0[i]) : (double)e8m0[i] == ldexp(1, (int)i - 127));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert__every_f16_is_exact),
        cmocka_unit_test(test_convert__every_bf16_is_exact),
        cmocka_unit_test(test_convert__f64_is_rounded_to_nearest),
        cmocka_unit_test(test_convert__f32_is_copied_bit_by_bit),
        cmocka_unit_test(test_convert__parts_equal_the_whole),
        cmocka_unit_test(test_codec__entries_agree_with_the_formats),
        cmocka_unit_test(test_codec__every_float_of_8_bits_is_exact),
    };
    return cmocka_run_group_tests_name("tensor/read", tests, NULL, NULL);
}
