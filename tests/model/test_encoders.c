/* SPDX-License-Identifier: MIT */
/*
 * What is particular to encoders: heads for masked tokens that are there, in part or not at
 * all, spellings of their files, positions that count from elsewhere, and masks filled by a
 * trained model. The reference is as in test_golden.c.
 */
#include <stdlib.h>

#include "jumpcut/contents.h"
#include "model/golden.h"
#include "support/scratch.h"

/* A model folder made of another one with a change. */
typedef struct change {
    const char *from;           /* in MODELS */
    const char *text, *instead; /* in config.json; NULL: nothing */
    const char *drop;           /* a tensor to leave out */
    const char *edit;           /* a tensor to change */
    enum { TWICE, NAN_INSIDE, FLAT } how;
} change;

static void write_config(void **state, const change *c)
{
    char path[512], from[2048] = "", to[2048] = "";

    snprintf(path, sizeof path, MODELS "%s/config.json", c->from);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(from, 1, sizeof from - 1, f) > 0);
    fclose(f);
    const char *at = c->text ? strstr(from, c->text) : from + strlen(from);
    assert_non_null(at);
    snprintf(to, sizeof to, "%.*s%s%s", (int)(at - from), from, c->text ? c->instead : "",
             at + (c->text ? strlen(c->text) : 0));
    scratch_text(state, "config.json", to);
}

static bool is(const jc_tensor *tensor, const char *name)
{
    return name && strcmp(tensor->name, name) == 0;
}

static void write_tensor(jc_st_writer *w, const change *c, const jc_tensor *t, bool declare)
{
    bool edit = is(t, c->edit);

    if (declare) {
        bool flat = edit && c->how == FLAT;
        const size_t *shape = flat ? &t->count : t->shape;
        assert_int_equal(
            jc_st_writer_declare(w, t->name, t->dtype, shape, flat ? 1 : t->n_dims, NULL),
            JC_OK);
        return;
    }
    for (size_t i = 0; i < t->bytes; i += 4) {
        float x;
        memcpy(&x, t->data + i, sizeof x);
        if (edit && c->how == TWICE)
            x *= 2;
        if (edit && c->how == NAN_INSIDE && i == t->bytes / 8 * 4)
            x = NAN;
        const void *bytes = edit ? (const void *)&x : t->data + i;
        assert_int_equal(jc_st_writer_data(w, bytes, sizeof x, NULL), JC_OK);
    }
}

static void write_changed(void **state, const change *c)
{
    char path[512];
    jc_safetensors *file;
    jc_st_writer *w;

    write_config(state, c);
    snprintf(path, sizeof path, MODELS "%s/model.safetensors", c->from);
    assert_int_equal(jc_safetensors_open(&file, path, NULL), JC_OK);
    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, "model.safetensors"), NULL),
                     JC_OK);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < jc_safetensors_count(file); i++)
            if (!is(jc_safetensors_at(file, i), c->drop))
                write_tensor(w, c, jc_safetensors_at(file, i), pass == 0);
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
    jc_safetensors_close(file);
}

static void test_encoders__old_files_give_the_reference_states(void **state)
{
    (void)state;
    check_model("tiny-bert-old", MODELS "tiny-bert-old", "onednn");
    check_model("tiny-bert-old", MODELS "tiny-bert-old", "ref");
}

static void test_encoders__the_bias_of_the_decoder_has_two_names(void **state)
{
    static const char *const names[] = {"cls.predictions.bias",
                                        "cls.predictions.decoder.bias"};

    for (size_t i = 0; i < JC_COUNT(names); i++) {
        write_changed(state, &(change){.from = "tiny-bert-old", .drop = names[i]});
        check_model("tiny-bert-old", *state, "onednn");
    }
}

static void
test_encoders__a_checkpoint_without_a_head_runs_and_is_not_read_out(void **state)
{
    static const char message[] =
        "'" MODELS "tiny-bert-headless' has no masked-LM head, so "
        "its states cannot be read out";
    struct golden g;
    jc_error err = {JC_OK, ""};
    float logits[61];

    (void)state;
    golden_open(&g, "tiny-bert");
    jc_model *model = open_model(MODELS "tiny-bert-headless", "onednn", "f32");
    assert_false(jc_model_get_info(model)->has_head);
    assert_false(jc_model_get_info(model)->tied_head);
    jc_session *session = run(model, g.texts, g.n_texts);
    check_states(&g, session, "tiny-bert-headless");
    assert_int_equal(
        jc_model_readout(model, jc_session_states(session, 3), 1, logits, &err),
        JC_E_UNSUPPORTED);
    assert_string_equal(err.message, message);
    jc_session_free(session);
    jc_model_close(model);
    golden_close(&g);
}

static void read_row(const char *path, const float *h, float *logits)
{
    jc_model *model = open_model(path, "onednn", "f32");

    assert_int_equal(jc_model_readout(model, h, 1, logits, NULL), JC_OK);
    jc_model_close(model);
}

/* Twice the decoder is twice the logits less the bias; were the embedding used, nothing
 * would change. */
static void test_encoders__a_decoder_of_its_own_is_used(void **state)
{
    struct golden g;
    float own[61], doubled[61], *bias;

    golden_open(&g, "tiny-bert-old");
    write_changed(state, &(change){.from = "tiny-bert-old",
                                   .edit = "cls.predictions.decoder.weight",
                                   .how = TWICE});
    jc_safetensors *file;
    assert_int_equal(
        jc_safetensors_open(&file, MODELS "tiny-bert-old/model.safetensors", NULL), JC_OK);
    bias = read_all(file, "cls.predictions.bias");
    read_row(MODELS "tiny-bert-old", g.states, own);
    read_row(*state, g.states, doubled);
    for (size_t i = 0; i < 61; i++)
        own[i] = 2 * own[i] - bias[i];
    check_rows(doubled, own, 1, 61, 1e-5, "logits of a doubled decoder");
    jc_free(bias);
    jc_safetensors_close(file);
    golden_close(&g);
}

/* The longest text: all positions of the table are used, or all but the padding's. */
static void test_encoders__the_context_is_what_positions_leave(void **state)
{
    static const char *const names[] = {"tiny-bert", "tiny-roberta", "tiny-distilbert"};
    static const uint32_t ids[33] = {2};
    char path[512];

    (void)state;
    for (size_t i = 0; i < JC_COUNT(names); i++) {
        snprintf(path, sizeof path, MODELS "%s", names[i]);
        jc_model *model = open_model(path, "onednn", "f32");
        jc_session *session;
        assert_int_equal(jc_model_get_info(model)->context, 32);
        assert_false(jc_model_get_info(model)->causal);
        assert_int_equal(jc_session_new(&session, model, NULL), JC_OK);
        assert_int_equal(jc_session_run(session, &(jc_text){.ids = ids, .n = 32}, 1, NULL),
                         JC_OK);
        assert_int_equal(jc_session_run(session, &(jc_text){.ids = ids, .n = 33}, 1, NULL),
                         JC_E_ARG);
        jc_session_free(session);
        jc_model_close(model);
    }
}

#define QUERY "bert.encoder.layer.1.attention.self.query.weight"
#define KEYS  "bert.encoder.layer.1.attention.self.key.weight"
#define SHAPE " is [576, 1] in 1 dimensions, and the configuration wants [24, 24] in 2"

static const struct {
    change change;
    jc_status status;
    const char *message; /* the end of it */
} bad[] = {
    {{.from = "tiny-bert",
      .text = "\"pad_token_id\"",
      .instead = "\"position_embedding_type\": \"relative_key\", \"pad_token_id\""},
     JC_E_UNSUPPORTED,
     "position_embedding_type 'relative_key' is not supported, only 'absolute'"},
    {{.from = "tiny-roberta",
      .text = "\"pad_token_id\"",
      .instead = "\"is_decoder\": true, \"pad_token_id\""},
     JC_E_UNSUPPORTED,
     "is_decoder 'true' is not supported, only 'false'"},
    {{.from = "tiny-mpnet",
      .text = "\"relative_attention_num_buckets\": 32",
      .instead = "\"relative_attention_num_buckets\": 64"},
     JC_E_UNSUPPORTED,
     "relative_attention_num_buckets is not 32, the only number of which models are "
     "supported"},
    {{.from = "tiny-modernbert",
      .text = "\"global_rope_theta\": 1000.0",
      .instead = "\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"yarn\"}}"},
     JC_E_UNSUPPORTED,
     "rope_parameters.full_attention.rope_type 'yarn' is not supported, only 'default'"},
    {{.from = "tiny-bert", .text = "\"gelu\"", .instead = "\"mish\""},
     JC_E_UNSUPPORTED,
     "the activation 'mish' is not known"},
    {{.from = "tiny-bert",
      .text = "\"type_vocab_size\": 2",
      .instead = "\"type_vocab_size\": 0"},
     JC_E_FORMAT,
     "the number of token types is 0; it must be from 1 to 16777216"},
    {{.from = "tiny-roberta",
      .text = "\"pad_token_id\": 1",
      .instead = "\"pad_token_id\": 33"},
     JC_E_FORMAT,
     "of 34 positions none is left after the padding's, 33"},
    {{.from = "tiny-roberta",
      .text = "\"pad_token_id\": 1",
      .instead = "\"pad_token_id\": 4294967295"},
     JC_E_FORMAT,
     "of 34 positions none is left after the padding's, 4294967295"},
    {{.from = "tiny-distilbert", .text = "\"dim\": 24,", .instead = ""},
     JC_E_FORMAT,
     "'dim'"},
    {{.from = "tiny-bert", .text = "\"vocab_size\": 61", .instead = "\"vocab_size\": 62"},
     JC_E_FORMAT,
     "is [61, 24] in 2 dimensions, and the configuration wants [62, 24] in 2"},
    {{.from = "tiny-bert", .drop = QUERY},
     JC_E_FORMAT,
     "has no tensor 'encoder.layer.1.attention.self.query.weight' (nor '" QUERY "')"},
    {{.from = "tiny-bert", .edit = KEYS, .how = FLAT}, JC_E_FORMAT, SHAPE},
    {{.from = "tiny-bert", .edit = KEYS, .how = NAN_INSIDE},
     JC_E_NUMERIC,
     "has a value that is not finite"},
    {{.from = "tiny-bert", .drop = "cls.predictions.bias"},
     JC_E_FORMAT,
     "has no tensor 'cls.predictions.decoder.bias' (nor "
     "'bert.cls.predictions.decoder.bias')"},
    {{.from = "tiny-distilbert", .drop = "vocab_transform.weight"},
     JC_E_FORMAT,
     "has no tensor 'vocab_transform.weight' (nor 'distilbert.vocab_transform.weight')"},
    /* mixtures of experts, by the same means: one expert is not there, a router of another
     * shape */
    {{.from = "tiny-mixtral",
      .drop = "model.layers.1.block_sparse_moe.experts.2.w3.weight"},
     JC_E_FORMAT,
     "has no tensor 'layers.1.block_sparse_moe.experts.2.w3.weight' (nor"},
    {{.from = "tiny-mixtral",
      .edit = "model.layers.0.block_sparse_moe.gate.weight",
      .how = FLAT},
     JC_E_FORMAT,
     "is [96, 1] in 1 dimensions, and the configuration wants [4, 24] in 2"},
    {{.from = "tiny-deepseek_v3", .text = "\"n_group\": 4", .instead = "\"n_group\": 3"},
     JC_E_FORMAT,
     "3 of 8 experts in 3 groups cannot be chosen from 2 of the groups"},
    {{.from = "tiny-deepseek_v3",
      .text = "\"kv_lora_rank\": 10",
      .instead = "\"kv_lora_rank\": 11"},
     JC_E_FORMAT,
     "is [14, 24] in 2 dimensions, and the configuration wants [15, 24] in 2"},
};

static void test_encoders__bad_files_are_refused_in_one_line(void **state)
{
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_error err = {JC_OK, ""};
        jc_model *model;
        write_changed(state, &bad[i].change);
        if (jc_model_open(&model, *state, NULL, &err) != bad[i].status)
            fail_msg("case %zu: %s", i, err.message);
        assert_null(model);
        if (!strstr(err.message, bad[i].message) || !strstr(err.message, *state) ||
            (bad[i].change.edit && !strstr(err.message, bad[i].change.edit)))
            fail_msg("case %zu: %s", i, err.message);
    }
}

/* A value that is not finite within the head: read when the head is. */
static void test_encoders__a_bad_head_is_refused_when_it_is_used(void **state)
{
    static const float h[24] = {1};
    float logits[61];
    jc_error err = {JC_OK, ""};

    write_changed(state, &(change){.from = "tiny-bert",
                                   .edit = "cls.predictions.transform.dense.weight",
                                   .how = NAN_INSIDE});
    jc_model *model = open_model(*state, "onednn", "f32");
    assert_int_equal(jc_model_readout(model, h, 1, logits, &err), JC_E_NUMERIC);
    assert_non_null(strstr(err.message, "'cls.predictions.transform.dense.weight'"));
    jc_model_close(model);
}

static jc_status open_and_read(float *logits, jc_error *err)
{
    static const uint32_t ids[] = {5, 9, 2}, position = 1;
    jc_model *model = NULL;
    jc_session *session = NULL;
    jc_status st = jc_model_open(&model, MODELS "tiny-bert", NULL, err);

    if (st == JC_OK)
        st = jc_session_new(&session, model, err);
    if (st == JC_OK)
        st = jc_session_run(session, &(jc_text){ids, 3, &position, 1}, 1, err);
    if (st == JC_OK)
        st = jc_model_readout(model, jc_session_states(session, 3), 1, logits, err);
    if (st)
        assert_int_equal(st, JC_E_NOMEM);
    jc_session_free(session);
    jc_model_close(model);
    return st;
}

static void test_encoders__short_memory_is_said_and_nothing_leaks(void **state)
{
    float want[61], got[61];
    jc_error err = {JC_OK, ""};
    jc_status st = JC_E_NOMEM;

    (void)state;
    assert_int_equal(open_and_read(want, NULL), JC_OK);
    for (long n = 0; st != JC_OK; n++) {
        jc_alloc_fail_after(n);
        st = open_and_read(got, &err);
        jc_alloc_fail_after(-1);
        if (st)
            assert_non_null(strstr(err.message, "memory"));
    }
    assert_memory_equal(got, want, sizeof want);
}

/* ---- a trained model, where it is ---- */

static void wiki_bert(char *path, size_t size)
{
    const char *data = getenv("JC_DATA");

    snprintf(path, size, "%s/models/wiki-bert-8x128",
             data ? data : JC_SOURCE_DIR "/../shared/data");
    if (access(path, R_OK) != 0) {
        print_message("skipped: no '%s'\n", path);
        skip();
    }
}

static void test_encoders__a_trained_model_gives_the_reference_states(void **state)
{
    char path[512];

    (void)state;
    wiki_bert(path, sizeof path);
    check_model("wiki-bert", path, "onednn");
}

enum { VOCAB = 4096, BEST = 5 };

static void read_vocab(const char *folder, char (*words)[64])
{
    char path[600];

    snprintf(path, sizeof path, "%s/vocab.txt", folder);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (size_t i = 0; i < VOCAB; i++) {
        assert_non_null(fgets(words[i], sizeof words[i], f));
        words[i][strcspn(words[i], "\n")] = 0;
    }
    fclose(f);
}

/* Ids by the Python package `tokenizers`, 4 is [MASK]; in the package `transformers` the
 * word has this place among the best. */
static const struct {
    const char *text, *word;
    uint32_t ids[16], n, mask;
} masked[] = {
    {"The United [MASK] of America is a country.",
     "states",
     {2, 806, 1223, 4, 819, 2518, 854, 43, 1445, 18, 3},
     11,
     3},
    {"The first [MASK] war began in 1914.",
     "world",
     {2, 806, 1032, 4, 1372, 1853, 816, 2215, 424, 18, 3},
     11,
     3},
    {"The [MASK] of the United States lives in Washington.",
     "president",
     {2, 806, 4, 819, 806, 1223, 1257, 3578, 816, 3270, 18, 3},
     12,
     2},
};

/* The BEST largest logits, largest first, as text; whether `word` is among them. */
static bool list_best(float *logits, char (*words)[64], const char *word, char *list,
                      size_t size)
{
    bool found = false;

    for (size_t k = 0, used = 0; k < BEST; k++) {
        size_t best = 0;
        for (size_t i = 1; i < VOCAB; i++)
            best = logits[i] > logits[best] ? i : best;
        logits[best] = -HUGE_VALF;
        found |= strcmp(words[best], word) == 0;
        used += (size_t)snprintf(list + used, size - used, " %s", words[best]);
    }
    return found;
}

static void test_encoders__a_trained_model_fills_masks_with_words_that_fit(void **state)
{
    static char words[VOCAB][64];
    static float logits[VOCAB];
    char path[512], list[BEST * 66];

    (void)state;
    wiki_bert(path, sizeof path);
    read_vocab(path, words);
    jc_model *model = open_model(path, "onednn", "f32");
    for (size_t i = 0; i < JC_COUNT(masked); i++) {
        jc_session *session =
            run(model, &(jc_text){masked[i].ids, masked[i].n, &masked[i].mask, 1}, 1);
        assert_int_equal(
            jc_model_readout(model, jc_session_states(session, 8), 1, logits, NULL), JC_OK);
        bool found = list_best(logits, words, masked[i].word, list, sizeof list);
        print_message("%s ->%s\n", masked[i].text, list);
        if (!found)
            fail_msg("'%s' is not there", masked[i].word);
        jc_session_free(session);
    }
    jc_model_close(model);
}

/* Three blocks of one's weights: in memory once, and the numbers of the file are counted
 * once. */
static void test_encoders__one_block_is_in_memory_once(void **state)
{
    jc_model *model = open_model(MODELS "tiny-albert", "ref", "f32");
    const jc_model_info *info = jc_model_get_info(model);
    uint64_t numbers = 0;

    (void)state;
    for (size_t i = 0; i < jc_model_tensors(model); i++) {
        jc_contents_tensor t = jc_model_tensor(model, i);
        uint64_t count = 1;
        for (uint32_t k = 0; k < t.n_dims; k++)
            count *= t.shape[k];
        numbers += count;
    }
    assert_int_equal(info->layers, 3);
    assert_int_equal(info->parameters, numbers);
    assert_true(info->weight_bytes <= numbers * sizeof(float));
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encoders__old_files_give_the_reference_states),
        SCRATCH_TEST(test_encoders__the_bias_of_the_decoder_has_two_names),
        cmocka_unit_test(
            test_encoders__a_checkpoint_without_a_head_runs_and_is_not_read_out),
        SCRATCH_TEST(test_encoders__a_decoder_of_its_own_is_used),
        cmocka_unit_test(test_encoders__one_block_is_in_memory_once),
        cmocka_unit_test(test_encoders__the_context_is_what_positions_leave),
        SCRATCH_TEST(test_encoders__bad_files_are_refused_in_one_line),
        SCRATCH_TEST(test_encoders__a_bad_head_is_refused_when_it_is_used),
        cmocka_unit_test(test_encoders__short_memory_is_said_and_nothing_leaks),
        cmocka_unit_test(test_encoders__a_trained_model_gives_the_reference_states),
        cmocka_unit_test(test_encoders__a_trained_model_fills_masks_with_words_that_fit),
    };
    return cmocka_run_group_tests_name("model/encoders", tests, NULL, NULL);
}
