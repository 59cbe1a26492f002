/* SPDX-License-Identifier: MIT */
/* sentencepiece's models and tokenizers of GGUF files: what is wrong with them is named,
 * and what stands around their texts. */
#include "support/check.h"

#include <math.h>
#include <time.h>

#include "build.h"
#include "files.h"
#include "jumpcut/samples.h"

enum { UNIGRAM = 1, BPE };
enum { UNK, BOS, EOS, SPACE, A, B, AB, SPACE_A, USER, PIECES };

static void put_pieces(built *b)
{
    put_piece(b, "<unk>", 0, JC_PIECE_UNKNOWN);
    put_piece(b, "<s>", 0, JC_PIECE_CONTROL);
    put_piece(b, "</s>", 0, JC_PIECE_CONTROL);
    put_piece(b, SIGN, -3, JC_PIECE_NORMAL);
    put_piece(b, "a", -1.5f, JC_PIECE_NORMAL);
    put_piece(b, "b", -2, JC_PIECE_NORMAL);
    put_piece(b, "ab", -2.5f, JC_PIECE_NORMAL);
    put_piece(b, SIGN "a", -2.25f, JC_PIECE_NORMAL);
    put_piece(b, "<ud>", 0, JC_PIECE_USER);
}

static jc_tokenizer *small(uint32_t type, const char *config)
{
    built b = {.n = 0};
    jc_tokenizer *t;
    jc_error err;

    put_pieces(&b);
    put_specs(&b, type, true, false);
    if (open_model(&b, config, &t, &err))
        fail_msg("%s", err.message);
    return t;
}

static void test_pieces__a_model_says_what_it_is(void **state)
{
    jc_tokenizer *t = small(BPE, NULL);

    (void)state;
    assert_string_equal(jc_tokenizer_kind(t), "bpe");
    assert_int_equal(jc_tokenizer_size(t), PIECES);
    assert_int_equal(jc_tokenizer_special(t, "bos"), BOS);
    assert_int_equal(jc_tokenizer_special(t, "eos"), EOS);
    assert_int_equal(jc_tokenizer_special(t, "unk"), UNK);
    assert_int_equal(jc_tokenizer_special(t, "pad"), -1);
    assert_true(jc_tokenizer_is_special(t, EOS));
    assert_false(jc_tokenizer_is_special(t, USER));
    jc_tokenizer_close(t);
    t = small(UNIGRAM, NULL);
    assert_string_equal(jc_tokenizer_kind(t), "unigram");
    jc_tokenizer_close(t);
}

/* By hand: the piece of the highest score goes first, "_a" at -2.25 before "ab" at -2.5. */
static void test_pieces__merges_go_by_score(void **state)
{
    jc_tokenizer *t = small(BPE, "{\"add_bos_token\":false}");

    (void)state;
    check_text_ids(t, "ab", CIDS(SPACE_A, B));
    check_text_ids(t, "bab", CIDS(SPACE, B, AB));
    check_text_ids(t, "a<ud>xyab</s>", CIDS(SPACE_A, USER, UNK, AB, EOS));
    jc_tokenizer_close(t);
}

/* Of equal scores the one further left. */
static void test_pieces__equal_scores_go_from_left_to_right(void **state)
{
    built b = {.n = 0};
    jc_tokenizer *t;
    jc_error err;

    (void)state;
    put_piece(&b, "<unk>", 0, JC_PIECE_UNKNOWN);
    put_piece(&b, "a", -2, JC_PIECE_NORMAL);
    put_piece(&b, "b", -3, JC_PIECE_NORMAL);
    put_piece(&b, "ab", -1, JC_PIECE_NORMAL);
    put_piece(&b, "ba", -1, JC_PIECE_NORMAL);
    put_specs(&b, BPE, false, false);
    if (open_model(&b, NULL, &t, &err))
        fail_msg("%s", err.message);
    check_text_ids(t, "aba", CIDS(3, 1));
    check_text_ids(t, "bab", CIDS(4, 2));
    jc_tokenizer_close(t);
}

/* By hand: "_a" + "b" is -4.25, "_" + "ab" -5.5; "_" + "b" + "ab" -7.5. */
static void test_pieces__a_unigram_takes_the_largest_sum(void **state)
{
    jc_tokenizer *t = small(UNIGRAM, NULL);

    (void)state;
    check_text_ids(t, "ab", CIDS(SPACE_A, B));
    check_text_ids(t, "bab", CIDS(SPACE, B, AB));
    jc_tokenizer_close(t);
}

/* ---- what stands around a text ---- */

static void test_pieces__the_configuration_says_what_stands_around(void **state)
{
    static const struct {
        const char *config;
        uint32_t ids[3];
        size_t n;
    } rows[] = {
        {NULL, {BOS, SPACE_A}, 2}, /* as models of this kind mostly want it */
        {"{\"tokenizer_class\":\"LlamaTokenizer\"}", {BOS, SPACE_A}, 2},
        {"{\"tokenizer_class\":\"LlamaTokenizer\",\"add_bos_token\":false}", {SPACE_A}, 1},
        {"{\"add_eos_token\":true}", {BOS, SPACE_A, EOS}, 3},
        {"{\"tokenizer_class\":\"T5Tokenizer\"}", {SPACE_A, EOS}, 2},
        {"{\"tokenizer_class\":\"Other\"}", {SPACE_A}, 1},
        {"{\"tokenizer_class\":\"Other\",\"add_bos_token\":true}", {BOS, SPACE_A}, 2},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        jc_tokenizer *t = small(BPE, rows[i].config);
        check_text_ids(t, "a", rows[i].ids, rows[i].n);
        jc_tokenizer_close(t);
    }
}

/* tokenizer.json says one thing, the class of the tokenizer another: that one counts. */
static void test_pieces__the_class_counts_more_than_the_post_processor(void **state)
{
#define JSON                                                                               \
    "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"<s>\":1},\"merges\":[]},"           \
    "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":"   \
    "{\"id\":\"<s>\"}},{\"Sequence\":{}}],\"special_tokens\":{\"<s>\":{\"ids\":[1]}}}}"
    static const file_texts said = {JSON};
    static const file_texts off = {
        JSON, NULL, NULL,
        "{\"tokenizer_class\":\"LlamaTokenizer\",\"add_bos_token\":false}"};
    static const file_texts other = {
        JSON, NULL, NULL,
        "{\"tokenizer_class\":\"Qwen2Tokenizer\",\"add_bos_token\":false}"};
    static const file_texts none = {JSON, NULL, NULL,
                                    "{\"tokenizer_class\":\"LlamaTokenizer\"}"};
    jc_tokenizer *t;
    jc_error err;

    (void)state;
    check_small(said, "a", CIDS(1, 0));
    check_small(off, "a", CIDS(0));
    check_small(other, "a", CIDS(1, 0));
    assert_int_equal(open_files(none, &t, &err), JC_E_FORMAT);
    assert_string_equal(err.message, "cannot read 'tokenizer.json': there is no bos token");
}

static jc_status two_texts(void *arg, jc_ids *ids, jc_error *err)
{
    int *left = arg;

    (void)err;
    for (int i = 0; *left > 0 && i < 2; i++)
        assert_true(jc_ids_add(ids, A));
    --*left;
    return JC_OK;
}

/* What stands around a text is in each sample, and no position. */
static void test_pieces__bos_is_no_position(void **state)
{
    jc_tokenizer *t = small(BPE, NULL);
    static const uint32_t ids[] = {BOS, A, A}, at[] = {1, 2};
    jc_samples_params p;
    jc_samples *s;
    jc_sample sample;
    int left = 1;

    (void)state;
    jc_samples_params_init(&p);
    p.tokenizer = t;
    assert_int_equal(jc_samples_from_source(&s, two_texts, &left, &p, NULL), JC_OK);
    assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
    assert_int_equal(sample.n_ids, 3);
    assert_memory_equal(sample.ids, ids, sizeof ids);
    assert_int_equal(sample.n_positions, 2);
    assert_memory_equal(sample.positions, at, sizeof at);
    jc_samples_close(s);
    p.positions = "one";
    for (uint64_t seed = 0; seed < 40; seed++) {
        left = 1;
        p.seed = seed;
        assert_int_equal(jc_samples_from_source(&s, two_texts, &left, &p, NULL), JC_OK);
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
        assert_int_equal(sample.n_positions, 1);
        assert_true(sample.positions[0] == 1 || sample.positions[0] == 2);
        assert_int_equal(sample.n_ids, sample.positions[0] + 1);
        jc_samples_close(s);
    }
    jc_tokenizer_close(t);
}

static void test_pieces__only_a_token_that_is_used_needs_a_row(void **state)
{
    static const uint32_t used[] = {0, PIECES - 2}, beyond[] = {1, PIECES - 1};
    jc_tokenizer *t = small(BPE, NULL);
    jc_samples_params p;
    jc_samples *s;
    jc_sample sample;
    jc_error err;
    int left = 1;

    (void)state;
    assert_int_equal(jc_tokenizer_check(t, used, 2, PIECES - 1, NULL), JC_OK);
    assert_int_equal(jc_tokenizer_check(t, beyond, 2, PIECES, NULL), JC_OK);
    assert_int_equal(jc_tokenizer_check(t, beyond, 2, PIECES - 1, &err), JC_E_MISMATCH);
    assert_string_equal(err.message,
                        "token '<ud>', id 8, has no row in the model's embedding: it has 8 "
                        "rows, and the tokenizer of 'tokenizer.model' 9 tokens");
    jc_samples_params_init(&p);
    p.tokenizer = t;
    for (p.vocab = 2; p.vocab <= PIECES; p.vocab += PIECES - 2) {
        left = 1;
        assert_int_equal(jc_samples_from_source(&s, two_texts, &left, &p, &err), JC_OK);
        assert_int_equal(jc_samples_next(s, &sample, &err),
                         p.vocab == 2 ? JC_E_MISMATCH : JC_OK);
        jc_samples_close(s);
    }
    jc_tokenizer_close(t);
}

/* ---- models that are not right ---- */

static void check_bad_model(const built *b, jc_status status, const char *message)
{
    jc_tokenizer *t;
    jc_error err = {JC_OK, ""};

    assert_int_equal(open_model(b, NULL, &t, &err), status);
    assert_string_equal(err.message, message);
    assert_null(t);
}

static void test_pieces__bad_pieces_are_named(void **state)
{
    static const struct {
        const char *name;
        float score;
        uint32_t type;
        jc_status status;
        const char *message;
    } bad[] = {
        {"x", NAN, 1, JC_E_FORMAT,
         "cannot read 'tokenizer.model': the score of piece 'x' is not a number"},
        {"x", INFINITY, 1, JC_E_FORMAT,
         "cannot read 'tokenizer.model': the score of piece 'x' is not a number"},
        {"x", 0, 7, JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.model': type 7 of piece 'x' is not known"},
        {"a", 0, 1, JC_E_FORMAT, "cannot read 'tokenizer.model': token 'a' has two ids"},
        {"\xff", 0, 1, JC_E_FORMAT,
         "cannot read 'tokenizer.model': piece 9, '\\xff', is not text"},
        {"", 0, 1, JC_E_FORMAT, "cannot read 'tokenizer.model': piece 9, '', is not text"},
        {"x", 0, JC_PIECE_UNUSED, JC_E_UNSUPPORTED,
         "cannot read 'tokenizer.model': an unused piece in a model of BPE is not "
         "supported"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        built b = {.n = 0};
        put_pieces(&b);
        put_piece(&b, bad[i].name, bad[i].score, bad[i].type);
        put_specs(&b, BPE, true, false);
        check_bad_model(&b, bad[i].status, bad[i].message);
    }
}

static void test_pieces__models_of_other_kinds_are_refused(void **state)
{
    built b = {.n = 0}, trainer = {.n = 0}, normalizer = {.n = 0};

    (void)state;
    check_bad_model(&b, JC_E_FORMAT, "cannot read 'tokenizer.model': it has no pieces");
    put_piece(&b, "a", 0, JC_PIECE_NORMAL);
    check_bad_model(&b, JC_E_FORMAT,
                    "cannot read 'tokenizer.model': it has no unknown piece");
    put_piece(&b, "<unk>", 0, JC_PIECE_UNKNOWN);
    put_number(&trainer, 3, 4);
    put_field(&b, 2, trainer.data, trainer.n);
    check_bad_model(&b, JC_E_UNSUPPORTED,
                    "cannot read 'tokenizer.model': model type 4 is not supported, only 1 "
                    "(unigram) and 2 (BPE)");
    trainer.n = 0;
    put_number(&trainer, 3, 2);
    put_number(&trainer, 35, 1);
    put_field(&b, 2, trainer.data, trainer.n);
    check_bad_model(&b, JC_E_FORMAT,
                    "cannot read 'tokenizer.model': it falls back to bytes, and has no "
                    "piece for some");
    trainer.n = 0;
    put_number(&trainer, 24, 1);
    put_number(&trainer, 35, 0);
    put_field(&b, 2, trainer.data, trainer.n);
    check_bad_model(&b, JC_E_UNSUPPORTED,
                    "cannot read 'tokenizer.model': 'treat_whitespace_as_suffix' is not "
                    "supported");
    trainer.n = 0;
    put_number(&trainer, 24, 0);
    put_field(&b, 2, trainer.data, trainer.n);
    put_field(&normalizer, 2, "\xff\xff\xff\x7fgarbage", 11);
    put_field(&b, 3, normalizer.data, normalizer.n);
    check_bad_model(&b, JC_E_FORMAT,
                    "cannot read 'tokenizer.model': its precompiled charsmap of 11 bytes "
                    "does not fit together");
}

static void test_pieces__damaged_buffers_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *what;
    } bad[] = {
        {"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x10", 10, "it"}, /* 2^60 bytes */
        {"\x0a\x05"
         "a",
         3, "it"},             /* past the end */
        {"\x0b", 1, "it"},     /* a group */
        {"\x0f\x01", 2, "it"}, /* no wire type */
        {"\x02\x01", 2, "it"}, /* no field */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, "it"},
        {"\x0a\x0b\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x10"
         "a",
         13, "a piece"},
        {"\x0a\x03\x15\x00\x00", 5, "a piece"}, /* a score of two bytes */
        {"\x12\x02\x1a\x09", 4, "'trainer_spec'"},
        {"\x1a\x01\x12", 3, "'normalizer_spec'"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        char message[128];
        built b = {.n = 0};
        put_bytes(&b, bad[i].bytes, bad[i].n);
        snprintf(message, sizeof message,
                 "cannot read 'tokenizer.model': %s is cut short or no protocol buffer",
                 bad[i].what);
        check_bad_model(&b, JC_E_FORMAT, message);
    }
}

/* However a model is cut short, it is refused or opened, and nothing else. */
static void test_pieces__every_prefix_of_a_model_is_handled(void **state)
{
    built b = {.n = 0};

    (void)state;
    put_pieces(&b);
    put_specs(&b, UNIGRAM, true, true);
    for (size_t n = b.n; n-- > 0;) {
        jc_tokenizer *t;
        jc_error err = {JC_OK, ""};
        b.n = n;
        jc_status st = open_model(&b, NULL, &t, &err);
        assert_true(st == JC_OK || st == JC_E_FORMAT);
        assert_int_equal(st == JC_OK, t != NULL);
        assert_int_equal(st == JC_OK, err.message[0] == 0);
        jc_tokenizer_close(t);
    }
}

static void test_pieces__what_has_no_token_is_named(void **state)
{
    static const file_texts bpe = {
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}"};
    static const file_texts unigram = {
        "{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",-1]],\"unk_id\":null}}"};
    static const file_texts *const files[] = {&bpe, &unigram};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(files); i++) {
        jc_tokenizer *t;
        jc_ids ids = {0};
        jc_error err;
        assert_int_equal(open_files(*files[i], &t, &err), JC_OK);
        assert_int_equal(jc_tokenizer_encode(t, "a\xc3\xa9", 3, &ids, &err), JC_E_FORMAT);
        assert_string_equal(err.message, "the vocabulary has no token for '\xc3\xa9', and "
                                         "none for what is unknown");
        assert_int_equal(ids.n, 0);
        assert_int_equal(jc_tokenizer_encode(t, "aa", 2, &ids, &err), JC_OK);
        assert_int_equal(ids.n, 2);
        jc_ids_free(&ids);
        jc_tokenizer_close(t);
    }
}

/* ---- laws ---- */

/* Time grows about as the length, also where nothing cuts the text up. */
static void test_pieces__long_lines_are_not_quadratic(void **state)
{
    enum { N = 1 << 20 };
    static char text[N];

    (void)state;
    for (size_t i = 0; i < N; i++)
        text[i] = "ab b a"[i * i % 7 % 6];
    for (uint32_t type = UNIGRAM; type <= BPE; type++) {
        jc_tokenizer *t = small(type, NULL);
        double seconds[2];
        jc_ids ids = {0};
        for (size_t i = 0; i < 2; i++) {
            clock_t start = clock();
            ids.n = 0;
            assert_int_equal(jc_tokenizer_encode(t, text, i ? N : N / 16, &ids, NULL),
                             JC_OK);
            seconds[i] = (double)(clock() - start) / CLOCKS_PER_SEC + 1e-3;
        }
        assert_true(seconds[1] < 100 * seconds[0]); /* 16 if linear, 256 if quadratic */
        jc_ids_free(&ids);
        jc_tokenizer_close(t);
    }
}

static void try_all(const built *b, jc_status *st)
{
    jc_tokenizer *t = NULL;
    jc_ids ids = {0};
    char *text = NULL;
    size_t length;

    *st = open_model(b, "{}", &t, NULL);
    if (*st == JC_OK)
        *st = jc_tokenizer_encode(t, "ab <s>b\xff<ud>a", 13, &ids, NULL);
    if (*st == JC_OK)
        *st = jc_tokenizer_decode(t, ids.id, ids.n, &text, &length, NULL);
    free(text);
    jc_ids_free(&ids);
    jc_tokenizer_close(t);
}

static void test_pieces__every_failed_allocation_is_reported(void **state)
{
    (void)state;
    for (uint32_t type = UNIGRAM; type <= BPE; type++) {
        built b = {.n = 0};
        jc_status st = JC_E_NOMEM;
        put_pieces(&b);
        put_specs(&b, type, true, false);
        for (long n = 0; st != JC_OK; n++) {
            assert_true(n < 10000);
            jc_alloc_fail_after(n);
            try_all(&b, &st);
            jc_alloc_fail_after(-1);
            assert_true(st == JC_OK || st == JC_E_NOMEM);
        }
    }
}

/* The same of the steps of tokenizer.json. */
static void test_pieces__every_failed_allocation_of_steps_is_reported(void **state)
{
    static const file_texts files = {
        "{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",-1],[\"_\",-2]],\"unk_id\":1},"
        "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFKC\"},"
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\s+\"},\"content\":\" \"},"
        "{\"type\":\"Prepend\",\"prepend\":\"a\"},{\"type\":\"Lowercase\"},"
        "{\"type\":\"Strip\"},{\"type\":\"StripAccents\"}]},"
        "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":["
        "{\"type\":\"Metaspace\",\"replacement\":\"_\"},{\"type\":\"Split\",\"behavior\":"
        "\"MergedWithNext\",\"pattern\":{\"String\":\"a\"}}]},"
        "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\","
        "\"pattern\":{\"String\":\"_\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},"
        "{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,"
        "\"stop\":0}]}}"};
    jc_status st = JC_E_NOMEM;

    (void)state;
    for (long n = 0; st != JC_OK; n++) {
        jc_tokenizer *t = NULL;
        jc_ids ids = {0};
        char *text = NULL;
        size_t length;
        assert_true(n < 10000);
        jc_alloc_fail_after(n);
        st = open_files(files, &t, NULL);
        if (st == JC_OK)
            st = jc_tokenizer_encode(t, " A\n\xc3\xa1  b", 7, &ids, NULL);
        if (st == JC_OK)
            st = jc_tokenizer_decode(t, ids.id, ids.n, &text, &length, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        free(text);
        jc_ids_free(&ids);
        jc_tokenizer_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces__a_model_says_what_it_is),
        cmocka_unit_test(test_pieces__merges_go_by_score),
        cmocka_unit_test(test_pieces__equal_scores_go_from_left_to_right),
        cmocka_unit_test(test_pieces__a_unigram_takes_the_largest_sum),
        cmocka_unit_test(test_pieces__the_configuration_says_what_stands_around),
        cmocka_unit_test(test_pieces__the_class_counts_more_than_the_post_processor),
        cmocka_unit_test(test_pieces__bos_is_no_position),
        cmocka_unit_test(test_pieces__only_a_token_that_is_used_needs_a_row),
        cmocka_unit_test(test_pieces__bad_pieces_are_named),
        cmocka_unit_test(test_pieces__models_of_other_kinds_are_refused),
        cmocka_unit_test(test_pieces__damaged_buffers_are_refused),
        cmocka_unit_test(test_pieces__every_prefix_of_a_model_is_handled),
        cmocka_unit_test(test_pieces__what_has_no_token_is_named),
        cmocka_unit_test(test_pieces__long_lines_are_not_quadratic),
        cmocka_unit_test(test_pieces__every_failed_allocation_is_reported),
        cmocka_unit_test(test_pieces__every_failed_allocation_of_steps_is_reported),
    };
    return cmocka_run_group_tests_name("text/pieces", tests, NULL, NULL);
}
