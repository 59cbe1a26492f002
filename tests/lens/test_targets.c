/* SPDX-License-Identifier: MIT */
/* Ranges of positions against Python's slices, and the columns of the CSV view against
 * tests/golden/lens, which a program in float64 made. Tolerance 2e-5, as in test_lens.c. */
#include <jansson.h>
#include <stdlib.h>

#include "lens/lens.h"
#include "model/golden.h"

#define TOKENIZER JC_SOURCE_DIR "/tests/golden/tokenizer/tiny"

static const uint32_t ids[] = {5, 9, 2, 60, 0, 7, 7, 33};

typedef struct both {
    jc_model *model;
    jc_tokenizer *tokenizer;
} both;

static both open_both(void)
{
    both b = {.model = open_model(MODELS "tiny-gpt2", "onednn", "f32")};
    jc_error err;

    if (jc_tokenizer_open(&b.tokenizer, TOKENIZER, &err))
        fail_msg("%s", err.message);
    return b;
}

static void close_both(both b)
{
    jc_tokenizer_close(b.tokenizer);
    jc_model_close(b.model);
}

static jc_status new_lens(jc_lens **lens, both b, const char *range, jc_error *err)
{
    static const uint32_t targets[] = {0, 33};
    jc_lens_params params;

    jc_lens_params_init(&params);
    params.positions = range;
    params.top = 3;
    params.targets = targets;
    params.n_targets = 2;
    return jc_lens_new(lens, b.model, b.tokenizer, NULL, 0, ids, JC_COUNT(ids), &params,
                       err);
}

static void test_positions__are_those_of_a_slice(void **state)
{
    static const struct {
        const char *range;
        uint32_t first;
        size_t n;
    } cases[] = {{"3:5", 3, 2},
                 {"0:8", 0, 8},
                 {":2", 0, 2},
                 {"6:", 6, 2},
                 {":", 0, 8},
                 {"-3:", 5, 3},
                 {":-6", 0, 2},
                 {"-3:-1", 5, 2},
                 {"4", 4, 1},
                 {"-1", 7, 1},
                 {"2:9999999999999999999999", 2, 6},
                 {"-99:1", 0, 1}};
    both b = open_both();
    jc_lens *whole, *some;
    jc_error err;

    (void)state;
    assert_int_equal(new_lens(&whole, b, NULL, &err), JC_OK);
    for (size_t i = 0; i < JC_COUNT(cases); i++) {
        assert_int_equal(new_lens(&some, b, cases[i].range, &err), JC_OK);
        assert_int_equal(jc_lens_columns(some), cases[i].n);
        for (size_t c = 0; c < cases[i].n; c++) {
            size_t at = cases[i].first + c;
            assert_int_equal(jc_lens_position(some, c), at);
            for (size_t row = 0; row < jc_lens_rows(whole); row++) {
                jc_lens_score x = jc_lens_of_next(some, 0, row, c),
                              y = jc_lens_of_next(whole, 0, row, at);
                assert_int_equal(x.rank, y.rank);
                assert_float_equal(x.loss, y.loss, 2e-5);
                assert_int_equal(jc_lens_of_target(some, 0, row, c, 1).rank,
                                 jc_lens_of_target(whole, 0, row, at, 1).rank);
            }
        }
        jc_lens_free(some);
    }
    jc_lens_free(whole);
    close_both(b);
}

static void test_positions__what_is_no_range_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "x", "1:2:3", "3:3", "5:2", "8", "8:", "-", "1-2", "3 :", "+1:", "0x1:", "-99"};
    both b = open_both();
    jc_lens *lens;
    jc_error err;

    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_status st = new_lens(&lens, b, bad[i], &err);
        if (strcmp(bad[i], "-99") == 0) { /* as Python: from the first on, one */
            assert_int_equal(st, JC_OK);
            jc_lens_free(lens);
            continue;
        }
        if (st != JC_E_ARG)
            fail_msg("'%s' gives %d", bad[i], st);
        assert_null(lens);
    }
    close_both(b);
}

/* What a decoder writes after the last position has no token to compare with. */
static void test_next__is_the_token_that_follows(void **state)
{
    both b = open_both();
    jc_lens *lens;
    jc_error err;

    (void)state;
    assert_int_equal(new_lens(&lens, b, NULL, &err), JC_OK);
    for (size_t row = 0; row < jc_lens_rows(lens); row++) {
        jc_lens_score none = jc_lens_of_next(lens, 0, row, 7);
        assert_int_equal(none.rank, 0);
        /* ids[7] is 33, the second target, and ids[4] is 0, the first */
        assert_int_equal(jc_lens_of_next(lens, 0, row, 6).rank,
                         jc_lens_of_target(lens, 0, row, 6, 1).rank);
        assert_int_equal(jc_lens_of_next(lens, 0, row, 3).rank,
                         jc_lens_of_target(lens, 0, row, 3, 0).rank);
    }
    jc_lens_free(lens);
    close_both(b);
}

/* ---- the table ---- */

/* The next field of a line, without its quotes; NULL at the end. Cuts the line up. */
static char *field(char **at)
{
    char *from = *at, *to = *at, *start = *at;
    bool quoted = *from == '"';

    if (!from)
        return NULL;
    from += quoted;
    while (*from && (quoted || *from != ',')) {
        if (*from == '"' && quoted && *++from != '"')
            quoted = false;
        else
            *to++ = *from++;
    }
    *at = *from == ',' ? from + 1 : NULL;
    *to = 0;
    return start;
}

static double golden_at(const json_t *map, const char *name, int target, size_t row,
                        size_t column)
{
    const json_t *table = json_object_get(map, name);

    if (target >= 0)
        table = json_array_get(table, (size_t)target);
    return json_number_value(json_array_get(json_array_get(table, row), column));
}

static void check_value(const char *text, double want, const char *what)
{
    if (!text || fabs(atof(text) - want) > 2e-5 * fmax(1, fabs(want)))
        fail_msg("%s: %s instead of %g", what, text ? text : "nothing", want);
}

static void check_lines(char *csv, const json_t *map, size_t columns, size_t layers)
{
    static const char *const head =
        "map,layer,position,token,guess,p,answer,rank,entropy,kl,settled,next,next_rank,"
        "next_loss,target_1,target_1_rank,target_1_p,target_2,target_2_rank,target_2_p,"
        "guess_2,p_2,guess_3,p_3,guess_4,p_4,guess_5,p_5";
    char *rest = csv, *line = strsep(&rest, "\n");

    assert_string_equal(line, head);
    for (size_t i = 0; i < columns * layers; i++) {
        size_t row = i / columns, c = i % columns;
        char *got[28], *at = line = strsep(&rest, "\n");
        assert_non_null(line);
        for (size_t k = 0; k < 28; k++)
            got[k] = at ? field(&at) : NULL;
        assert_non_null(got[27]);
        assert_null(at);
        check_value(got[7], golden_at(map, "rank", -1, row, c), "rank");
        if (c + 1 < columns) {
            check_value(got[12], golden_at(map, "next_rank", -1, row, c), "next_rank");
            check_value(got[13], golden_at(map, "next_loss", -1, row, c), "next_loss");
        } else {
            assert_string_equal(got[12], "");
        }
        check_value(got[15], golden_at(map, "target_rank", 0, row, c), "target_rank");
        check_value(got[19], golden_at(map, "target_p", 1, row, c), "target_p");
        const json_t *p = json_array_get(json_array_get(json_object_get(map, "p"), row), c);
        check_value(got[5], json_number_value(json_array_get(p, 0)), "p");
        check_value(got[27], json_number_value(json_array_get(p, 4)), "p_5");
    }
}

static void test_csv__has_the_numbers_of_the_definitions(void **state)
{
    json_t *golden =
        json_load_file(JC_SOURCE_DIR "/tests/golden/lens/tiny-gpt2.json", 0, NULL);
    json_t *list = json_object_get(golden, "ids");
    static const uint32_t targets[] = {17, 6};
    uint32_t text[64];
    both b = open_both();
    jc_lens_params params;
    jc_lens *lens;
    jc_error err;
    char *csv;
    size_t length, n = json_array_size(list);

    (void)state;
    for (size_t i = 0; i < n; i++)
        text[i] = (uint32_t)json_integer_value(json_array_get(list, i));
    jc_lens_params_init(&params);
    params.top = 5;
    params.targets = targets;
    params.n_targets = 2;
    assert_int_equal(
        jc_lens_new(&lens, b.model, b.tokenizer, NULL, 0, text, n, &params, &err), JC_OK);
    assert_int_equal(jc_lens_show(lens, "csv", &(jc_lens_look){0}, &csv, &length, &err),
                     JC_OK);
    check_lines(csv, json_object_get(json_object_get(golden, "maps"), "id"), n,
                jc_lens_rows(lens));
    free(csv);
    jc_lens_free(lens);
    json_decref(golden);
    close_both(b);
}

static void test_targets__beyond_the_model_are_refused(void **state)
{
    const uint32_t beyond = 61;
    both b = open_both();
    jc_lens_params params;
    jc_lens *lens;
    jc_error err;

    (void)state;
    jc_lens_params_init(&params);
    params.targets = &beyond;
    params.n_targets = 1;
    assert_int_equal(
        jc_lens_new(&lens, b.model, b.tokenizer, NULL, 0, ids, 8, &params, &err),
        JC_E_MISMATCH);
    assert_null(lens);
    close_both(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions__are_those_of_a_slice),
        cmocka_unit_test(test_positions__what_is_no_range_is_refused),
        cmocka_unit_test(test_next__is_the_token_that_follows),
        cmocka_unit_test(test_csv__has_the_numbers_of_the_definitions),
        cmocka_unit_test(test_targets__beyond_the_model_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
