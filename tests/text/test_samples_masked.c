/* SPDX-License-Identifier: MIT */
/* Samples for encoders: which positions are masked, and what the ids are then. */
#include "support/check.h"

#include <math.h>

#include "base/base.h"
#include "files.h"
#include "golden.h"
#include "jumpcut/samples.h"

enum { PAD, UNK, CLS, SEP, MASK, A, LINES = 3000 }; /* the letters are A, A + 1, ... */

#define LETTERS "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\nq\nr\ns\nt\n"

static const char *const names[] = {"a.txt", "s.jsonl"};
static jc_tokenizer *bert;
static char *folder;
static char path[1024];

static int open_bert(void **state)
{
    static const file_texts files = {[JC_FILE_WORDS] =
                                         "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n" LETTERS};

    (void)state;
    folder = temp_folder();
    snprintf(path, sizeof path, "%s/%s", folder, names[0]);
    return open_files(files, &bert, NULL);
}

static int close_bert(void **state)
{
    (void)state;
    jc_tokenizer_close(bert);
    drop_folder(folder, names, JC_COUNT(names));
    return 0;
}

typedef struct notes {
    char text[4][128];
    size_t n;
} notes;

static void keep_note(void *arg, const char *message)
{
    notes *n = arg;

    assert_true(n->n < 4);
    snprintf(n->text[n->n++], sizeof n->text[0], "%s", message);
}

static jc_samples_params masked(const char *positions)
{
    jc_samples_params p;

    jc_samples_params_init(&p);
    p.masked = true;
    p.positions = positions;
    return p;
}

static jc_samples *open_text(const char *text, const jc_samples_params *p)
{
    const char *paths[] = {path};
    jc_samples *s;
    jc_error err;

    write_text(folder, names[0], text);
    if (jc_samples_from_text(&s, bert, paths, 1, p, &err))
        fail_msg("%s", err.message);
    return s;
}

static bool next(jc_samples *s, jc_sample *sample)
{
    jc_error err;

    if (jc_samples_next(s, sample, &err))
        fail_msg("%s", err.message);
    return sample->ids != NULL;
}

/* `n` lines, each of these 20 letters. */
static const char *twenty(size_t n)
{
    static char text[LINES * 40 + 1];
    static const char line[] = "a b c d e f g h i j k l m n o p q r s t\n";

    for (size_t i = 0; i < n; i++)
        memcpy(text + i * 40, line, 40);
    text[n * 40] = '\0';
    return text;
}

/* The ids are [CLS] a b c ... [SEP], with the mask at the positions and nowhere else. */
static void check_masks(const jc_sample *s, size_t n_ids, size_t n_positions)
{
    size_t at = 0;

    assert_int_equal(s->n_ids, n_ids);
    assert_int_equal(s->n_positions, n_positions);
    for (size_t i = 0; i < n_ids; i++) {
        uint32_t id = i == 0 ? CLS : i + 1 == n_ids ? SEP : A + (uint32_t)i - 1;
        bool chosen = at < s->n_positions && s->positions[at] == i;
        assert_int_equal(s->ids[i], chosen ? MASK : id);
        at += chosen;
    }
    assert_int_equal(at, n_positions);
}

static void test_samples_masked__a_share_of_the_tokens_is_masked(void **state)
{
    static const struct {
        double rate;
        size_t want;
    } row[] = {{0, 1}, {0.01, 1}, {0.15, 3}, {0.17, 3}, {0.18, 4}, {1, 20}};
    jc_samples_params p = masked("all");
    jc_sample sample;

    (void)state;
    assert_true(p.mask_rate == 0.15 && !p.mask_specials);
    for (size_t i = 0; i < JC_COUNT(row); i++) {
        p.mask_rate = row[i].rate;
        jc_samples *s = open_text(twenty(50), &p);
        for (size_t line = 0; line < 50; line++) {
            assert_true(next(s, &sample));
            check_masks(&sample, 22, row[i].want);
        }
        assert_false(next(s, &sample));
        jc_samples_close(s);
    }
}

/* Each of the tokens as often: LINES * share expected, within five deviations. */
static void check_uniform(const jc_samples_params *p, size_t first, size_t last)
{
    size_t count[22] = {0}, choices = 0;
    jc_samples *s = open_text(twenty(LINES), p);
    jc_sample sample;

    while (next(s, &sample))
        for (size_t i = 0; i < sample.n_positions; i++) {
            count[sample.positions[i]]++;
            choices++;
        }
    jc_samples_close(s);
    double share = (double)choices / LINES / (double)(last - first + 1);
    double expected = LINES * share, deviation = sqrt(LINES * share * (1 - share));
    for (size_t i = 0; i < JC_COUNT(count); i++)
        check_close((double[]){(double)count[i]},
                    (double[]){i >= first && i <= last ? expected : 0}, 1, 0,
                    i >= first && i <= last ? 5 * deviation : 0);
}

static void test_samples_masked__every_token_is_as_likely_and_no_special_one(void **state)
{
    jc_samples_params p = masked("all");

    (void)state;
    check_uniform(&p, 1, 20);
    p = masked("one");
    check_uniform(&p, 1, 20);
}

static void test_samples_masked__specials_too_when_asked_for(void **state)
{
    jc_samples_params p = masked("one");

    (void)state;
    p.mask_specials = true;
    check_uniform(&p, 0, 21);
    p.positions = "all";
    check_uniform(&p, 0, 21);
}

static void test_samples_masked__one_position_leaves_the_text_whole(void **state)
{
    jc_samples_params p = masked("one");
    jc_samples *s = open_text(twenty(100), &p);
    jc_sample sample;

    (void)state;
    while (next(s, &sample))
        check_masks(&sample, 22, 1);
    jc_samples_close(s);
}

/* Special tokens that the text itself has are not chosen; an unknown word may be. */
static void test_samples_masked__specials_inside_a_text_are_left(void **state)
{
    static const uint32_t want[] = {CLS, MASK, SEP, MASK, PAD, MASK, SEP};
    jc_samples_params p = masked("all");

    (void)state;
    p.mask_rate = 1;
    jc_samples *s = open_text("a [SEP] xyz [PAD] [MASK]\n", &p);
    jc_sample sample;
    assert_true(next(s, &sample));
    assert_int_equal(sample.n_ids, JC_COUNT(want));
    assert_memory_equal(sample.ids, want, sizeof want);
    assert_int_equal(sample.n_positions, 2); /* the mask in the text is not one of them */
    assert_int_equal(sample.positions[0], 1);
    assert_int_equal(sample.positions[1], 3);
    jc_samples_close(s);
}

static void test_samples_masked__texts_without_a_token_are_skipped_and_counted(void **state)
{
    notes n = {.n = 0};
    jc_hooks hooks = {.note = keep_note, .arg = &n};
    jc_samples_params p = masked("all");
    jc_sample sample;

    (void)state;
    p.hooks = &hooks;
    jc_samples *s = open_text("\na\n \x01\n\xef\xbf\xbd\n[SEP]\nb\n[PAD] [CLS]\n", &p);
    assert_true(next(s, &sample));
    assert_int_equal(sample.text, 0);
    assert_true(next(s, &sample));
    assert_int_equal(sample.text, 4);
    assert_int_equal(sample.n_ids, 3);
    assert_false(next(s, &sample));
    jc_samples_close(s);
    assert_int_equal(n.n, 2);
    assert_string_equal(n.text[0], "3 empty texts were skipped");
    assert_string_equal(n.text[1], "2 texts without a token to mask were skipped");
}

static void test_samples_masked__nothing_to_mask_is_a_failure(void **state)
{
    jc_samples_params p = masked("one");
    jc_sample sample;
    jc_error err;

    (void)state;
    jc_samples *s = open_text(" \x01\n[SEP]\n[PAD] [CLS]\n", &p);
    assert_int_equal(jc_samples_next(s, &sample, &err), JC_E_FORMAT);
    assert_non_null(strstr(err.message, ": 2 without a token to mask"));
    jc_samples_close(s);
}

static void test_samples_masked__the_context_cuts_before_the_last_sep(void **state)
{
    notes n = {.n = 0};
    jc_hooks hooks = {.note = keep_note, .arg = &n};
    jc_samples_params p = masked("all");
    jc_sample sample;

    (void)state;
    p.hooks = &hooks;
    p.context = 12;
    jc_samples *s = open_text(twenty(3), &p);
    while (next(s, &sample))
        check_masks(&sample, 12, 2);
    jc_samples_close(s);
    assert_int_equal(n.n, 1);
    assert_string_equal(n.text[0], "3 texts were longer than 12 tokens and were cut");
    p.context = 22; /* just long enough */
    s = open_text(twenty(3), &p);
    while (next(s, &sample))
        check_masks(&sample, 22, 3);
    jc_samples_close(s);
    assert_int_equal(n.n, 1);
}

static void test_samples_masked__documents_are_windows_with_both_ends(void **state)
{
    static const size_t want[] = {9, 9, 8};
    jc_samples_params p = masked("one");
    jc_sample sample;

    (void)state;
    p.unit = "document";
    p.context = 9;
    jc_samples *s = open_text(twenty(1), &p);
    for (size_t w = 0; w < 3; w++) {
        assert_true(next(s, &sample));
        assert_int_equal(sample.text, 0);
        assert_int_equal(sample.n_ids, want[w]);
        assert_int_equal(sample.ids[0], CLS);
        assert_int_equal(sample.ids[want[w] - 1], SEP);
        assert_int_equal(sample.n_positions, 1);
        for (size_t i = 1; i + 1 < want[w]; i++)
            assert_int_equal(sample.ids[i],
                             i == sample.positions[0] ? MASK : A + 7 * w + i - 1);
    }
    assert_false(next(s, &sample));
    jc_samples_close(s);
}

/* Without masks the same texts have the same ends, which are no positions. */
static void test_samples_masked__without_masks_ids_are_those_of_encode(void **state)
{
    jc_samples_params p = masked("all");
    jc_sample sample;
    jc_ids ids = {0};

    (void)state;
    p.masked = false;
    jc_samples *s = open_text("a b c\n", &p);
    assert_true(next(s, &sample));
    assert_int_equal(jc_tokenizer_encode(bert, "a b c", 5, &ids, NULL), JC_OK);
    assert_int_equal(sample.n_ids, ids.n);
    assert_memory_equal(sample.ids, ids.id, ids.n * sizeof *ids.id);
    assert_int_equal(sample.n_positions, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(sample.positions[i], i + 1);
    jc_ids_free(&ids);
    jc_samples_close(s);
}

/* The masks of each text, as one number. */
static void hash_texts(const jc_samples_params *p, uint64_t *hash, size_t n)
{
    jc_samples *s = open_text(twenty(n), p);
    jc_sample sample;

    memset(hash, 0, n * sizeof *hash);
    while (next(s, &sample))
        for (size_t i = 0; i < sample.n_positions; i++)
            hash[sample.text] |= (uint64_t)1 << sample.positions[i];
    jc_samples_close(s);
}

static void test_samples_masked__masks_depend_on_seed_and_text_alone(void **state)
{
    enum { N = 200 };
    uint64_t all[N], train[N], val[N], other[N];
    jc_samples_params p = masked("all");
    size_t same = 0, n_val = 0;

    (void)state;
    hash_texts(&p, all, N);
    p.split = "train";
    hash_texts(&p, train, N);
    p.split = "val";
    hash_texts(&p, val, N);
    for (size_t i = 0; i < N; i++) {
        assert_true((train[i] == 0) != (val[i] == 0));
        assert_true(all[i] == (train[i] | val[i]));
        n_val += val[i] != 0;
        same += i > 0 && all[i] == all[i - 1];
    }
    assert_in_range(n_val, 20, 80);
    assert_in_range(same, 0, 5); /* of 1140 sets of three */
    p = masked("all");
    p.seed++;
    hash_texts(&p, other, N);
    same = 0;
    for (size_t i = 0; i < N; i++)
        same += all[i] == other[i];
    assert_in_range(same, 0, 5);
}

static void test_samples_masked__a_written_file_says_the_same(void **state)
{
    jc_samples_params p = masked("all");
    jc_sample sample, again;
    jc_samples *s = open_text(twenty(20), &p), *file;
    char file_path[1024];

    (void)state;
    snprintf(file_path, sizeof file_path, "%s/%s", folder, names[1]);
    FILE *f = fopen(file_path, "w");
    assert_non_null(f);
    while (next(s, &sample)) {
        char *line;
        assert_int_equal(jc_sample_line(&sample, &line, NULL), JC_OK);
        fputs(line, f);
        free(line);
    }
    assert_int_equal(fclose(f), 0);
    jc_samples_close(s);
    s = open_text(twenty(20), &p);
    assert_int_equal(jc_samples_from_file(&file, file_path, &p, NULL), JC_OK);
    while (next(s, &sample)) {
        assert_true(next(file, &again));
        assert_int_equal(again.n_ids, sample.n_ids);
        assert_memory_equal(again.ids, sample.ids, sample.n_ids * sizeof *sample.ids);
        assert_int_equal(again.n_positions, sample.n_positions);
        assert_memory_equal(again.positions, sample.positions,
                            sample.n_positions * sizeof *sample.positions);
    }
    assert_false(next(file, &again));
    jc_samples_close(file);
    jc_samples_close(s);
}

/* ---- what cannot be done ---- */

static void check_refused(const jc_tokenizer *t, const jc_samples_params *p,
                          jc_status status, const char *message)
{
    const char *paths[] = {path};
    jc_samples *s;
    jc_error err = {JC_OK, ""};

    assert_int_equal(jc_samples_from_text(&s, t, paths, 1, p, &err), status);
    assert_string_equal(err.message, message);
    assert_null(s);
}

static void test_samples_masked__a_vocabulary_without_a_mask_only_tokenizes(void **state)
{
    static const file_texts files = {[JC_FILE_WORDS] = "[UNK]\n[CLS]\n[SEP]\na\n"};
    static const uint32_t want[] = {1, 3, 2};
    jc_tokenizer *t;
    const char *paths[] = {path};
    jc_samples *s;
    jc_sample sample;
    jc_samples_params p = masked("all");

    (void)state;
    write_text(folder, names[0], "a\n");
    assert_int_equal(open_files(files, &t, NULL), JC_OK);
    assert_int_equal(jc_tokenizer_special(t, "mask"), -1);
    check_refused(t, &p, JC_E_UNSUPPORTED,
                  "cannot mask texts: 'vocab.txt' has no mask token, such as '[MASK]'");
    p.masked = false;
    assert_int_equal(jc_samples_from_text(&s, t, paths, 1, &p, NULL), JC_OK);
    assert_true(next(s, &sample));
    assert_memory_equal(sample.ids, want, sizeof want);
    jc_samples_close(s);
    jc_tokenizer_close(t);
}

static jc_status no_text(void *arg, jc_ids *ids, jc_error *err)
{
    (void)arg;
    (void)ids;
    (void)err;
    return JC_OK;
}

static void test_samples_masked__what_does_not_fit_is_refused(void **state)
{
    jc_samples_params p = masked("all");
    jc_samples *s;
    jc_error err;

    (void)state;
    p.context = 2;
    check_refused(bert, &p, JC_E_ARG,
                  "a context of 2 leaves no room for a text: 2 tokens stand around each");
    p = masked("all");
    p.vocab = MASK;
    check_refused(
        bert, &p, JC_E_MISMATCH,
        "token '[MASK]', id 4, has no row in the model's embedding: it has 4 rows, "
        "and the tokenizer of 'vocab.txt' 25 tokens");
    p = masked("all");
    p.mask_rate = 1.5;
    check_refused(bert, &p, JC_E_ARG, "'--mask-rate' must be from 0 to 1, not '1.5'");
    p.mask_rate = (double)NAN;
    check_refused(bert, &p, JC_E_ARG, "'--mask-rate' must be from 0 to 1, not 'nan'");
    p = masked("all");
    assert_int_equal(jc_samples_from_source(&s, no_text, NULL, &p, &err), JC_E_ARG);
    assert_string_equal(err.message, "texts of a function cannot be masked");
    assert_null(s);
}

static void test_samples_masked__the_options_have_their_names(void **state)
{
    size_t n;
    const jc_option *rows = jc_samples_options(&n);
    jc_samples_params p = masked("all");

    (void)state;
    assert_int_equal(jc_option_set(&p, rows, n, "mask-rate", "0.5", NULL), JC_OK);
    assert_true(p.mask_rate == 0.5);
    assert_int_equal(jc_option_set(&p, rows, n, "mask-specials", "true", NULL), JC_OK);
    assert_true(p.mask_specials);
    assert_int_equal(jc_option_set(&p, rows, n, "mask-rate", "1.1", NULL), JC_E_ARG);
    /* a program built before they were added */
    jc_samples_params old = {.size = offsetof(jc_samples_params, masked)};
    jc_option_defaults(&old, old.size, rows, n);
    write_text(folder, names[0], "a\n");
    jc_samples *s;
    const char *paths[] = {path};
    assert_int_equal(jc_samples_from_text(&s, bert, paths, 1, &old, NULL), JC_OK);
    jc_samples_close(s);
}

static void test_samples_masked__every_failed_allocation_is_reported(void **state)
{
    jc_status st = JC_E_NOMEM;
    const char *paths[] = {path};
    jc_samples_params p = masked("all");

    (void)state;
    write_text(folder, names[0], twenty(3));
    for (long n = 0; st != JC_OK; n++) {
        jc_samples *s = NULL;
        jc_sample sample = {.n_ids = 1};
        size_t texts = 0;
        assert_true(n < 10000);
        jc_alloc_fail_after(n);
        st = jc_samples_from_text(&s, bert, paths, 1, &p, NULL);
        while (st == JC_OK) {
            st = jc_samples_next(s, &sample, NULL);
            if (st || !sample.ids)
                break;
            texts++;
        }
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        assert_true(st || texts == 3);
        jc_samples_close(s);
    }
}

/* A list of strings, for jc_samples_from_strings(). */
typedef struct strings {
    const char *const *text; /* NULL-ended */
} strings;

static jc_status next_string(void *arg, const char **text, size_t *length, jc_error *err)
{
    strings *list = arg;

    (void)err;
    *text = *list->text;
    if (*text) {
        *length = strlen(*text);
        list->text++;
    }
    return JC_OK;
}

static void test_samples_masked__strings_are_as_lines_of_a_file(void **state)
{
    static const char *const texts[] = {"a b c d e f g", "", "h i j", "k l m n o p", NULL};
    strings list = {texts};
    jc_sample want, got;
    jc_samples *listed;

    (void)state;
    jc_samples_params p = masked("all");
    p.mask_rate = 0.4;
    p.context = 6; /* the first is cut */
    jc_samples *file = open_text("a b c d e f g\n\nh i j\nk l m n o p\n", &p);
    assert_int_equal(jc_samples_from_strings(&listed, bert, next_string, &list, &p, NULL),
                     JC_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_true(next(file, &want) && next(listed, &got));
        assert_int_equal(got.n_ids, want.n_ids);
        assert_memory_equal(got.ids, want.ids, want.n_ids * sizeof *want.ids);
        assert_int_equal(got.n_positions, want.n_positions);
        assert_memory_equal(got.positions, want.positions,
                            want.n_positions * sizeof *want.positions);
    }
    assert_false(next(file, &want) || next(listed, &got));
    jc_samples_close(file);
    jc_samples_close(listed);
}

static void test_samples_masked__no_string_is_an_error(void **state)
{
    static const char *const none[] = {NULL};
    strings list = {none};
    jc_samples *s;
    jc_sample sample;
    jc_error err;

    (void)state;
    jc_samples_params p = masked("all");
    assert_int_equal(jc_samples_from_strings(&s, bert, next_string, &list, &p, NULL),
                     JC_OK);
    assert_int_equal(jc_samples_next(s, &sample, &err), JC_E_FORMAT);
    assert_string_equal(err.message, "there is no text");
    jc_samples_close(s);
    assert_int_equal(jc_samples_from_strings(&s, bert, NULL, NULL, &p, NULL), JC_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_masked__a_share_of_the_tokens_is_masked),
        cmocka_unit_test(test_samples_masked__every_token_is_as_likely_and_no_special_one),
        cmocka_unit_test(test_samples_masked__specials_too_when_asked_for),
        cmocka_unit_test(test_samples_masked__one_position_leaves_the_text_whole),
        cmocka_unit_test(test_samples_masked__specials_inside_a_text_are_left),
        cmocka_unit_test(
            test_samples_masked__texts_without_a_token_are_skipped_and_counted),
        cmocka_unit_test(test_samples_masked__the_context_cuts_before_the_last_sep),
        cmocka_unit_test(test_samples_masked__documents_are_windows_with_both_ends),
        cmocka_unit_test(test_samples_masked__without_masks_ids_are_those_of_encode),
        cmocka_unit_test(test_samples_masked__masks_depend_on_seed_and_text_alone),
        cmocka_unit_test(test_samples_masked__a_written_file_says_the_same),
        cmocka_unit_test(test_samples_masked__a_vocabulary_without_a_mask_only_tokenizes),
        cmocka_unit_test(test_samples_masked__what_does_not_fit_is_refused),
        cmocka_unit_test(test_samples_masked__the_options_have_their_names),
        cmocka_unit_test(test_samples_masked__every_failed_allocation_is_reported),
        cmocka_unit_test(test_samples_masked__nothing_to_mask_is_a_failure),
        cmocka_unit_test(test_samples_masked__strings_are_as_lines_of_a_file),
        cmocka_unit_test(test_samples_masked__no_string_is_an_error),
    };
    return cmocka_run_group_tests_name("text/samples_masked", tests, open_bert, close_bert);
}
