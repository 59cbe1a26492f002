/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

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
    static const jc_dtype dtypes[] = {JC_F64, JC_F32, JC_F16, JC_BF16};
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

static void test_dtype__rows_agree_with_their_names(void **state)
{
    jc_dtype dtype = JC_F64;

    (void)state;
#define JC_X(id, size, block, is_real)                                                     \
    assert_int_equal(jc_dtype_find(#id, &dtype), block == 1 && size);                      \
    assert_int_equal(dtype, block == 1 && size ? JC_##id : dtype);                         \
    assert_int_equal(jc_dtype_block(JC_##id), block);                                      \
    assert_string_equal(jc_dtype_name(JC_##id), #id);                                      \
    assert_int_equal(jc_dtype_bytes(JC_##id), size);                                       \
    assert_int_equal(jc_dtype_real(JC_##id), is_real);
    JC_DTYPE_LIST(JC_X)
#undef JC_X
    assert_false(jc_dtype_find("f32", &dtype));
    assert_false(jc_dtype_find("", &dtype));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert__every_f16_is_exact),
        cmocka_unit_test(test_convert__every_bf16_is_exact),
        cmocka_unit_test(test_convert__f64_is_rounded_to_nearest),
        cmocka_unit_test(test_convert__f32_is_copied_bit_by_bit),
        cmocka_unit_test(test_convert__parts_equal_the_whole),
        cmocka_unit_test(test_dtype__rows_agree_with_their_names),
    };
    return cmocka_run_group_tests_name("store/convert", tests, NULL, NULL);
}
