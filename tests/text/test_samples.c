/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include "base/base.h"
#include "golden.h"
#include "jumpcut/samples.h"

enum { MANY = 4000 };

/* Texts of a function: text i is {i, 0, 1, ..., length - 2}. */
typedef struct numbers {
    uint32_t next, n, length;
} numbers;

static jc_status number_text(void *arg, jc_ids *ids, jc_error *err)
{
    numbers *t = arg;

    if (t->next == t->n)
        return JC_OK;
    if (!jc_grow(&ids->id, &ids->capacity, t->length, sizeof *ids->id))
        return jc_fail_nomem(err, "a text");
    for (uint32_t i = 0; i < t->length; i++)
        ids->id[i] = i ? i - 1 : t->next;
    ids->n = t->length;
    t->next++;
    return JC_OK;
}

static jc_samples_params params_of(uint64_t train, uint64_t val, const char *split)
{
    jc_samples_params p;

    jc_samples_params_init(&p);
    p.train = train;
    p.val = val;
    p.split = split;
    return p;
}

/* Mark in seen[] the texts that come, by their split + 1; returns how many came. */
static size_t collect(const jc_samples_params *p, uint32_t n, unsigned char *seen)
{
    numbers t = {0, n, 3};
    jc_samples *s;
    jc_sample sample;
    size_t count = 0;

    memset(seen, 0, n);
    assert_int_equal(jc_samples_from_source(&s, number_text, &t, p, NULL), JC_OK);
    for (;; count++) {
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
        if (!sample.ids)
            break;
        assert_true(sample.text < n && !seen[sample.text]);
        assert_int_equal(sample.ids[0], sample.text);
        seen[sample.text] = (unsigned char)(1 + sample.split);
    }
    jc_samples_close(s);
    return count;
}

static void test_samples__both_numbers_are_met_exactly_and_disjoint(void **state)
{
    static unsigned char train[MANY], val[MANY], all[MANY];
    jc_samples_params p = params_of(900, 300, "train");

    (void)state;
    assert_int_equal(collect(&p, MANY, train), 900);
    p.split = "val";
    assert_int_equal(collect(&p, MANY, val), 300);
    p.split = "all";
    assert_int_equal(collect(&p, MANY, all), 1200);
    size_t early = 0; /* of those for validation; mixed, so about half */
    for (size_t i = 0; i < MANY; i++) {
        assert_true((train[i] != 0) + (val[i] != 0) == (i < 1200));
        assert_int_equal(all[i], train[i] + val[i]);
        early += i < 600 && val[i];
    }
    assert_in_range(early, 100, 200);
}

static void test_samples__one_number_takes_the_first_texts(void **state)
{
    static unsigned char train[MANY], val[MANY];
    jc_samples_params p = params_of(0, 50, "train");

    (void)state;
    assert_int_equal(collect(&p, MANY, train), MANY - 50);
    p.split = "val";
    assert_int_equal(collect(&p, MANY, val), 50);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(val[i] != 0, i < 50);
        assert_int_equal(train[i] != 0, i >= 50);
    }
    p = params_of(70, 0, "train");
    assert_int_equal(collect(&p, MANY, train), 70);
    p.split = "val";
    assert_int_equal(collect(&p, MANY, val), MANY - 70);
    assert_true(train[69] && !val[69] && val[70]);
}

static void test_samples__without_numbers_one_text_in_four_is_for_validation(void **state)
{
    static unsigned char train[MANY], val[MANY], all[MANY];
    jc_samples_params p = params_of(0, 0, "train");

    (void)state;
    size_t n_train = collect(&p, MANY, train);
    p.split = "val";
    size_t n_val = collect(&p, MANY, val);
    assert_int_equal(n_train + n_val, MANY);
    assert_in_range(n_val, MANY / 4 - 150, MANY / 4 + 150); /* 5 standard deviations: 137 */
    for (size_t i = 0; i < MANY; i++)
        assert_true((train[i] != 0) != (val[i] != 0));
    p.split = "all"; /* and no numbers: nothing is divided */
    assert_int_equal(collect(&p, MANY, all), MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(all[i], 1 + JC_SPLIT_NONE);
}

static void test_samples__another_seed_divides_otherwise(void **state)
{
    static unsigned char a[MANY], b[MANY], again[MANY];
    jc_samples_params p = params_of(300, 300, "train");
    size_t same = 0;

    (void)state;
    collect(&p, MANY, a);
    collect(&p, MANY, again);
    assert_memory_equal(a, again, MANY);
    p.seed++;
    collect(&p, MANY, b);
    for (size_t i = 0; i < 600; i++)
        same += (a[i] != 0) == (b[i] != 0);
    assert_in_range(same, 230, 370);
}

/* The reader must not go on through a corpus of which it has all it wants. */
static void test_samples__reading_stops_when_there_is_enough(void **state)
{
    numbers t = {0, MANY, 3};
    jc_samples_params p = params_of(20, 10, "all");
    jc_samples *s;
    jc_sample sample = {.n_ids = 1};

    (void)state;
    assert_int_equal(jc_samples_from_source(&s, number_text, &t, &p, NULL), JC_OK);
    do
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
    while (sample.ids);
    assert_int_equal(t.next, 30);
    jc_samples_close(s);
}

/* ---- positions, windows, cuts ---- */

static void test_samples__one_position_is_the_last_and_uniform(void **state)
{
    numbers t = {0, MANY, 8};
    jc_samples_params p = params_of(0, 0, "all");
    jc_samples *s;
    jc_sample sample;
    size_t count[8] = {0};

    (void)state;
    p.positions = "one";
    assert_int_equal(jc_samples_from_source(&s, number_text, &t, &p, NULL), JC_OK);
    for (;;) {
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
        if (!sample.ids)
            break;
        assert_int_equal(sample.n_positions, 1);
        assert_int_equal(sample.positions[0] + 1, sample.n_ids);
        count[sample.positions[0]]++;
    }
    for (size_t i = 0; i < 8; i++)
        assert_in_range(count[i], 400, 600); /* 500 expected, deviation 21 */
    jc_samples_close(s);
}

/* The position of a text is its own, whatever comes before it. */
static void test_samples__one_position_does_not_depend_on_the_split_asked_for(void **state)
{
    static size_t length[MANY];
    jc_samples_params p = params_of(0, 0, "all");

    (void)state;
    p.positions = "one";
    for (size_t pass = 0; pass < 3; pass++) {
        numbers t = {0, MANY, 30};
        jc_samples *s;
        jc_sample sample;
        p.split = ((const char *[]){"all", "train", "val"})[pass];
        assert_int_equal(jc_samples_from_source(&s, number_text, &t, &p, NULL), JC_OK);
        for (;;) {
            assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
            if (!sample.ids)
                break;
            if (pass == 0)
                length[sample.text] = sample.n_ids;
            assert_int_equal(length[sample.text], sample.n_ids);
        }
        jc_samples_close(s);
    }
}

typedef struct notes {
    char text[8][128];
    size_t n;
} notes;

static void keep_note(void *arg, const char *message)
{
    notes *n = arg;

    assert_true(n->n < 8);
    snprintf(n->text[n->n++], sizeof n->text[0], "%s", message);
}

static void test_samples__documents_are_cut_into_windows(void **state)
{
    numbers t = {0, 2, 10};
    jc_samples_params p = params_of(0, 0, "all");
    static const size_t want[] = {4, 4, 2, 4, 4, 2};
    jc_samples *s;
    jc_sample sample;
    notes n = {.n = 0};
    jc_hooks hooks = {.note = keep_note, .arg = &n};

    (void)state;
    p.unit = "document";
    p.context = 4;
    p.hooks = &hooks;
    assert_int_equal(jc_samples_from_source(&s, number_text, &t, &p, NULL), JC_OK);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
        assert_int_equal(sample.n_ids, want[i]);
        assert_int_equal(sample.n_positions, want[i]);
        assert_int_equal(sample.text, i / 3);
        assert_int_equal(sample.ids[1], 4 * (i % 3)); /* id 1 of window w is word 4w + 1 */
        for (size_t k = 0; k < want[i]; k++)
            assert_int_equal(sample.positions[k], k);
    }
    assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
    assert_null(sample.ids);
    assert_int_equal(n.n, 0);
    jc_samples_close(s);
}

static void test_samples__long_texts_are_cut_and_counted_once(void **state)
{
    numbers t = {0, 12, 300};
    jc_samples_params p = params_of(13, 0, "train");
    jc_samples *s;
    jc_sample sample;
    notes n = {.n = 0};
    jc_hooks hooks = {.note = keep_note, .arg = &n};

    (void)state;
    p.context = 256;
    p.hooks = &hooks;
    assert_int_equal(jc_samples_from_source(&s, number_text, &t, &p, NULL), JC_OK);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
        assert_int_equal(sample.n_ids, 256);
    }
    for (size_t i = 0; i < 3; i++) { /* the end stays the end, and is noted once */
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
        assert_null(sample.ids);
    }
    assert_int_equal(n.n, 2);
    assert_string_equal(n.text[0], "12 texts were longer than 256 tokens and were cut");
    assert_string_equal(n.text[1], "only 12 of 13 texts for training were found");
    jc_samples_close(s);
}

static void test_samples__tokens_outside_the_model_are_refused(void **state)
{
    numbers t = {0, 12, 5};
    jc_samples_params p = params_of(0, 0, "all");
    jc_samples *s;
    jc_sample sample;
    jc_error err;

    (void)state;
    p.vocab = 4;
    assert_int_equal(jc_samples_from_source(&s, number_text, &t, &p, NULL), JC_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
    assert_int_equal(jc_samples_next(s, &sample, &err), JC_E_MISMATCH);
    assert_string_equal(err.message,
                        "token 4 of text 4 is not in the model's vocabulary (4)");
    jc_samples_close(s);
}

/* ---- options ---- */

static void test_samples__options_are_checked_also_when_set_by_hand(void **state)
{
    numbers t = {0, 1, 5};
    jc_samples_params p = params_of(0, 0, "all");
    jc_samples *s;
    jc_error err;

    (void)state;
    assert_string_equal(p.unit, "line");
    assert_string_equal(p.field, "text");
    assert_string_equal(p.positions, "all");
    p.unit = "page";
    assert_int_equal(jc_samples_from_source(&s, number_text, &t, &p, &err), JC_E_ARG);
    assert_string_equal(err.message,
                        "'--unit' must be one of line|document|file, not 'page'");
    assert_null(s);
    p.unit = NULL; /* the default */
    assert_int_equal(jc_samples_from_source(&s, number_text, &t, &p, &err), JC_OK);
    jc_samples_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples__both_numbers_are_met_exactly_and_disjoint),
        cmocka_unit_test(test_samples__one_number_takes_the_first_texts),
        cmocka_unit_test(test_samples__without_numbers_one_text_in_four_is_for_validation),
        cmocka_unit_test(test_samples__another_seed_divides_otherwise),
        cmocka_unit_test(test_samples__reading_stops_when_there_is_enough),
        cmocka_unit_test(test_samples__one_position_is_the_last_and_uniform),
        cmocka_unit_test(test_samples__one_position_does_not_depend_on_the_split_asked_for),
        cmocka_unit_test(test_samples__documents_are_cut_into_windows),
        cmocka_unit_test(test_samples__long_texts_are_cut_and_counted_once),
        cmocka_unit_test(test_samples__tokens_outside_the_model_are_refused),
        cmocka_unit_test(test_samples__options_are_checked_also_when_set_by_hand),
    };
    return cmocka_run_group_tests_name("text/samples", tests, NULL, NULL);
}
