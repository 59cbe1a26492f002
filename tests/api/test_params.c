/* SPDX-License-Identifier: MIT */
/*
 * Params of every size that they have had or could have had, for every call that takes
 * some: a struct of the first `size` bytes lies at the end of a page behind which nothing
 * may be read, and the call gives what it gives without it; behind a struct of a later
 * version lies anything. Every member outside the range of its option row is refused. And
 * structs for results get no more than they have room for.
 */
#include <math.h>
#include <sys/mman.h>

#include "api/params_calls.h"

enum { FIRST = 2 * sizeof(void *), PAGE = 1 << 14 };

/* ---- the table ---- */

typedef struct kind {
    const char *name;
    size_t size;
    const jc_option *(*options)(size_t *n_rows); /* NULL: it has none */
    const char *(*call)(const void *params);
    void (*need)(void *params); /* set the member without which the call is an error */
    size_t needed;              /* bytes up to the end of that member */
} kind;

#define UP_TO(type, member) (offsetof(type, member) + sizeof((type *)0)->member)

/* clang-format off */
static const kind kinds[] = {
    {"context", sizeof(jc_context_params), NULL, call_context, NULL, 0},
    {"model", sizeof(jc_model_params), jc_model_options, call_model, NULL, 0},
    {"samples", sizeof(jc_samples_params), jc_samples_options, call_samples, NULL, 0},
    {"stats", sizeof(jc_stats_params), jc_stats_options, call_stats, NULL, 0},
    {"fit", sizeof(jc_fit_params), jc_fit_options, call_fit, NULL, 0},
    {"fit by rank", sizeof(jc_fit_params), jc_fit_options, call_ranks, NULL, 0},
    {"train", sizeof(jc_train_params), jc_train_options, call_train, need_train, UP_TO(jc_train_params, method)},
    {"eval", sizeof(jc_eval_params), jc_eval_options, call_eval, NULL, 0},
    {"transfer", sizeof(jc_eval_params), jc_eval_options, call_transfer, NULL, 0},
    {"training size", sizeof(jc_training_size_params), jc_training_size_options, call_training_size, NULL, 0},
    {"decode", sizeof(jc_decode_params), NULL, call_decode_study, need_decode_study, UP_TO(jc_decode_params, prompts)},
    {"lens", sizeof(jc_lens_params), jc_lens_options, call_lens, NULL, 0},
    {"states", sizeof(jc_states_params), jc_states_options, call_states, NULL, 0},
    {"convert", sizeof(jc_convert_params), jc_convert_options, call_convert, need_convert, UP_TO(jc_convert_params, pair)},
    {"seq", sizeof(jc_seq_params), NULL, call_seq, NULL, 0},
    {"generate", sizeof(jc_generate_params), jc_generate_options, call_generate, NULL, 0},
    {"compare", sizeof(jc_generate_params), jc_generate_options, call_compare, NULL, 0},
    {"self-text", sizeof(jc_self_text_params), jc_self_text_options, call_self_text, need_self_text, UP_TO(jc_self_text_params, self_text)},
    {"tune", sizeof(jc_tune_params), jc_tune_options, call_tune, NULL, 0},
    {"calibrate", sizeof(jc_calibrate_params), jc_calibrate_options, call_calibrate, NULL, 0},
};
/* clang-format on */

static const jc_option *rows_of(const kind *k, size_t *n)
{
    *n = 0;
    return k->options ? k->options(n) : NULL;
}

static void fill(const kind *k, void *params, size_t size)
{
    size_t n;
    const jc_option *rows = rows_of(k, &n);

    jc_option_defaults(params, size, rows, n);
    if (k->need && size >= k->needed)
        k->need(params);
}

/* `size` bytes, behind which nothing may be read or written. */
static void *at_the_end(char *pages, size_t size)
{
    return pages + PAGE - size;
}

static char *new_pages(void)
{
    char *pages =
        mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
    return pages;
}

static void begin(void **state)
{
    jc_samples *samples;
    jc_stats_params params;

    scratch = state;
    assert_int_equal(jc_model_open(&model, MODEL, NULL, &err), JC_OK);
    assert_int_equal(jc_tokenizer_open(&tokenizer, TOKENIZER, &err), JC_OK);
    samples = samples_of(NULL);
    jc_stats_params_init(&params);
    params.pairs = "all";
    assert_int_equal(jc_stats_gather(&stats, model, samples, &params, &err), JC_OK);
    assert_int_equal(jc_fit(&shortcut, stats, NULL, &err), JC_OK);
    jc_samples_close(samples);
}

static void end(void)
{
    jc_shortcut_free(shortcut);
    jc_stats_free(stats);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

/* ---- what is tested ---- */

static void check_sizes(const kind *k, char *pages)
{
    char later[PAGE];

    fill(k, later, k->size);
    memset(later + k->size, 0xA5, 64);
    char *want = strdup(k->call(later));
    assert_non_null(want);
    if (strncmp(want, "E_", 2) == 0)
        fail_msg("%s params as initialised give %.300s", k->name, want);
    for (size_t size = FIRST; size <= k->size + 64; size += sizeof(void *)) {
        void *params = size <= k->size ? at_the_end(pages, size) : later;
        if (size <= k->size)
            fill(k, params, size);
        else
            memcpy(later, &size, sizeof size);
        const char *got = k->call(params);
        if (size >= k->needed && strcmp(got, want) != 0)
            fail_msg("%s params of %zu bytes of %zu give\n%.300s\nnot\n%.300s", k->name,
                     size, k->size, got, want);
    }
    free(want);
}

static void test_params__of_every_size_mean_what_they_hold(void **state)
{
    char *pages = new_pages();

    begin(state);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_sizes(&kinds[i], pages);
    end();
    munmap(pages, 2 * PAGE);
}

/* Set the member to something that its row rules out; false where it rules out nothing. */
static bool spoil(void *params, const jc_option *row, int how)
{
    void *member = (char *)params + row->offset;
    double x = how == 0 ? row->lo - 1 : how == 1 ? row->hi * 2 + 1 : (double)NAN;
    uint32_t u32;
    uint64_t u64;

    if (!row->def && x == 0) /* which means that it was not given */
        x = row->hi * 2 + 1;
    switch (row->type) {
    case JC_OPTION_BOOL:
        *(unsigned char *)member = 7;
        return true;
    case JC_OPTION_U32:
        if (how == 2 || x < 0 || x > UINT32_MAX)
            return false;
        u32 = (uint32_t)x;
        memcpy(member, &u32, sizeof u32);
        return true;
    case JC_OPTION_U64:
        if (how == 2 || x < 0 || x >= 18446744073709551615.0)
            return false;
        u64 = (uint64_t)x;
        memcpy(member, &u64, sizeof u64);
        return true;
    case JC_OPTION_REAL:
        memcpy(member, &x, sizeof x);
        return true;
    case JC_OPTION_TEXT:
        if (row->choices)
            memcpy(member, &(const char *){"nonsense"}, sizeof(const char *));
        return row->choices;
    }
    return false;
}

static void test_params__out_of_range_are_refused(void **state)
{
    size_t tried = 0;

    begin(state);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n;
        const jc_option *rows = rows_of(&kinds[i], &n);
        for (size_t r = 0; r < 3 * n; r++) {
            char params[PAGE];
            fill(&kinds[i], params, kinds[i].size);
            if (!spoil(params, &rows[r / 3], (int)(r % 3)))
                continue;
            const char *got = kinds[i].call(params);
            if (strncmp(got, "E_ARG: '--", 10) != 0 || !strstr(got, rows[r / 3].name))
                fail_msg("%s with a wrong '%s' gives %.300s", kinds[i].name,
                         rows[r / 3].name, got);
            tried++;
        }
    }
    end();
    assert_true(tried > 100);
}

static void test_results__get_what_they_have_room_for(void **state)
{
    static const uint32_t ids[] = {5, 6, 7, 8};
    const jc_compared text = {ids, 2, 4};
    char *pages = new_pages();
    jc_generate_params params;
    size_t n = 0;

    begin(state);
    jc_generate_params_init(&params);
    for (size_t size = FIRST; size <= sizeof(jc_generate_stats); size += 8) {
        params.stats = at_the_end(pages, size);
        memcpy(params.stats, &size, sizeof size);
        n = 0;
        assert_int_equal(jc_generate(model, &prompt, 1, &params, on_token, &n, &err),
                         JC_OK);
        assert_int_equal(params.stats->tokens, 11);
        assert_int_equal(params.stats->size, size);
    }
    for (size_t size = FIRST; size <= sizeof(jc_comparison); size += 8) {
        jc_comparison *found = at_the_end(pages, size);
        memcpy(found, &size, sizeof size);
        assert_int_equal(jc_generate_compare(found, model, &text, 1, NULL, &err), JC_OK);
        assert_int_equal(found->tokens, 2);
    }
    params.stats->size = 0;
    assert_int_equal(jc_generate(model, &prompt, 1, &params, on_token, &n, &err), JC_E_ARG);
    assert_non_null(strstr(err.message, "does not begin with its size"));
    end();
    munmap(pages, 2 * PAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_params__of_every_size_mean_what_they_hold),
        SCRATCH_TEST(test_params__out_of_range_are_refused),
        SCRATCH_TEST(test_results__get_what_they_have_room_for),
    };
    return cmocka_run_group_tests_name("api/params", tests, NULL, NULL);
}
