/* SPDX-License-Identifier: MIT */
/*
 * Files that are not quite as an architecture's rows have them: names with what a wrapper
 * put before them, models without a head, tensors that nothing reads, weights quantised by
 * other programs, GGUF files that leave out biases. The reference is as in test_golden.c.
 */
#include <stdlib.h>

#include "model/golden.h"
#include "support/scratch.h"

#define LLAMA  "tiny-llama"
#define UNTIED "\"tie_word_embeddings\": false"

/* A model folder made of LLAMA with changes. */
typedef struct change {
    const char *text, *instead; /* in config.json; NULL: nothing */
    const char *drop;           /* tensors whose names have this are left out */
    const char *prefix;         /* before all names; NULL: none */
    const char *inner;          /* in the place of "model." in names; NULL: it stays */
    const char *extra; /* a further tensor, of shape [1, 1, 2, 2] if it is a mask */
    bool mask;
    bool multimodal;   /* the configuration is that of a text part */
    const char *outer; /* beside that part */
} change;

static void write_config(void **state, const change *c)
{
    char from[2048] = "", to[2048] = "", whole[4096] = "";
    FILE *f = fopen(MODELS LLAMA "/config.json", "r");

    assert_non_null(f);
    assert_true(fread(from, 1, sizeof from - 1, f) > 0);
    fclose(f);
    const char *at = c->text ? strstr(from, c->text) : from + strlen(from);
    assert_non_null(at);
    snprintf(to, sizeof to, "%.*s%s%s", (int)(at - from), from, c->text ? c->instead : "",
             at + (c->text ? strlen(c->text) : 0));
    if (c->multimodal)
        snprintf(whole, sizeof whole, "{\"model_type\": \"both\", %s\"text_config\": %s}",
                 c->outer ? c->outer : "", to);
    scratch_text(state, "config.json", c->multimodal ? whole : to);
}

static void name_of(char *out, size_t room, const change *c, const char *name)
{
    const char *prefix = c->prefix ? c->prefix : "", *inner = "";

    if (c->inner && strncmp(name, "model.", 6) == 0) {
        inner = c->inner;
        name += 6;
    }
    snprintf(out, room, "%s%s%s", prefix, inner, name);
}

static void put_all(jc_st_writer *w, const jc_safetensors *file, const change *c,
                    bool declare)
{
    static const size_t shape[] = {1, 1, 2, 2};
    static const float four[4] = {1, 2, 3, 4};
    char name[256];

    for (size_t i = 0; i < jc_safetensors_count(file); i++) {
        const jc_tensor *t = jc_safetensors_at(file, i);
        if (c->drop && strstr(t->name, c->drop))
            continue;
        name_of(name, sizeof name, c, t->name);
        assert_int_equal(
            declare ? jc_st_writer_declare(w, name, t->dtype, t->shape, t->n_dims, NULL)
                    : jc_st_writer_data(w, t->data, t->bytes, NULL),
            JC_OK);
    }
    if (c->extra)
        assert_int_equal(declare ? jc_st_writer_declare(w, c->extra, JC_F32,
                                                        shape + (c->mask ? 0 : 2),
                                                        c->mask ? 4 : 2, NULL)
                                 : jc_st_writer_data(w, four, sizeof four, NULL),
                         JC_OK);
}

static void write_changed(void **state, const change *c)
{
    jc_safetensors *file;
    jc_st_writer *w;

    write_config(state, c);
    assert_int_equal(jc_safetensors_open(&file, MODELS LLAMA "/model.safetensors", NULL),
                     JC_OK);
    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, "model.safetensors"), NULL),
                     JC_OK);
    put_all(w, file, c, true);
    put_all(w, file, c, false);
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
    jc_safetensors_close(file);
}

/* The message has all of the parts, [n]. */
static void check_refused(void **state, const change *c, const char *const *parts, size_t n)
{
    jc_model *model;
    jc_error err = {JC_OK, ""};

    write_changed(state, c);
    assert_int_not_equal(jc_model_inspect(&model, *state, &err), JC_OK);
    for (size_t i = 0; i < n && parts[i]; i++)
        if (!strstr(err.message, parts[i]))
            fail_msg("no \"%s\" in: %s", parts[i], err.message);
}

static void test_files__wrappers_before_names_are_seen_through(void **state)
{
    static const change rows[] = {
        {.prefix = "_orig_mod."},
        {.prefix = "module."},
        {.prefix = "module._orig_mod."},
        {.prefix = "language_model."},
        {.prefix = "base_model.model."},
        {.prefix = "model.", .inner = "model."},
        {.inner = ""},
        {.inner = "model.language_model."},
        {.prefix = "language_model.", .multimodal = true, .extra = "vision_tower.x"},
        {.inner = "model.language_model.", .multimodal = true, .extra = "model.visual.x"},
        {.prefix = "_orig_mod.", .inner = ""},
    };

    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        write_changed(state, &rows[i]);
        check_model(LLAMA, *state, "ref");
    }
}

static void test_files__an_unknown_prefix_is_named(void **state)
{
    static const char *const parts[] = {"'embed_tokens.weight'",
                                        "'net.model.embed_tokens.weight'"};

    check_refused(state, &(change){.prefix = "net."}, parts, 2);
}

/* States need no head, and it need not be in the file. */
static void test_files__a_decoder_may_lack_its_head(void **state)
{
    static const change rows[] = {
        {.drop = "lm_head"},
        {.drop = "lm_head", .inner = ""},
        {.drop = "lm_head", .extra = "score.weight"},
    };

    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        struct golden g;
        jc_error err = {JC_OK, ""};
        write_changed(state, &rows[i]);
        golden_open(&g, LLAMA);
        jc_model *model = open_model(*state, "ref", "f32");
        assert_false(jc_model_get_info(model)->has_head);
        assert_null(jc_model_note(model, 0));
        jc_session *session = run(model, g.texts, g.n_texts);
        check_states(&g, session, "without a head");
        float *logits = jc_matrix_new(1, g.vocab, sizeof *logits);
        assert_int_equal(jc_model_readout(model, g.states, 1, logits, &err),
                         JC_E_UNSUPPORTED);
        assert_non_null(strstr(err.message, "head"));
        jc_free(logits);
        jc_session_free(session);
        jc_model_close(model);
        golden_close(&g);
    }
}

/* The same without its weights in the place of the head: the embedding is tied to it. */
static void test_files__a_tied_head_is_none_that_is_missing(void **state)
{
    static const change rows[] = {
        {.drop = "lm_head", .text = UNTIED, .instead = "\"tie_word_embeddings\": true"},
        {.drop = "lm_head",
         .prefix = "language_model.",
         .multimodal = true,
         .outer = "\"tie_word_embeddings\": true, "},
    };

    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        jc_model *model;
        write_changed(state, &rows[i]);
        assert_int_equal(jc_model_inspect(&model, *state, NULL), JC_OK);
        assert_true(jc_model_get_info(model)->has_head);
        assert_true(jc_model_get_info(model)->tied_head);
        jc_model_close(model);
    }
}

static void test_files__what_nothing_reads_is_noted(void **state)
{
    static const struct {
        change change;
        const char *note; /* has this; NULL: there is none */
    } rows[] = {
        {{.extra = "model.layers.0.self_attn.q_proj.bias"}, "self_attn.q_proj.bias"},
        {{.extra = "model.layers.1.self_attn.k_norm.weight"}, "k_norm.weight"},
        {{.extra = "model.layers.1.transform.weight"}, "1 tensor of"},
        {{.text = "\"num_hidden_layers\": 2", .instead = "\"num_hidden_layers\": 1"},
         "9 tensors of"},
        {{.extra = "model.layers.0.self_attn.rotary_emb.inv_freq"}, NULL},
        {{.extra = "model.layers.0.self_attn.bias", .mask = true}, NULL},
        {{.extra = "score.weight"}, NULL},
        {{.extra = "pooler.dense.weight"}, NULL},
        {{.extra = ".bert.pooler.dense.weight"}, NULL},
        {{.extra = "..x."}, "'..x.'"},
        {{.prefix = NULL}, NULL},
    };

    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        jc_model *model;
        write_changed(state, &rows[i].change);
        assert_int_equal(jc_model_inspect(&model, *state, NULL), JC_OK);
        const char *note = jc_model_note(model, 0);
        if (!rows[i].note)
            assert_null(note);
        else if (!note || !strstr(note, rows[i].note))
            fail_msg("case %zu: %s", i, note ? note : "no note");
        if (note)
            assert_null(jc_model_note(model, 1));
        jc_model_close(model);
    }
}

#define TYPE "\"torch_dtype\": \"float32\""

static void test_files__quantised_weights_are_refused_by_name(void **state)
{
    static const struct {
        change change;
        const char *parts[3];
    } rows[] = {
        {{.text = TYPE, .instead = "\"quantization_config\": {\"quant_method\": \"hqq\"}"},
         {"quantised by hqq", "not supported"}},
        {{.text = TYPE, .instead = "\"quantization_config\": {\"load_in_8bit\": true}"},
         {"quantised by bitsandbytes", "not supported"}},
        {{.text = TYPE, .instead = "\"quantization\": {\"bits\": 4}"},
         {"quantised by mlx", "not supported"}},
        {{.extra = "model.layers.0.mlp.up_proj.weight_scale"},
         {"'model.layers.0.mlp.up_proj.weight_scale'", "quantised", "not supported"}},
        {{.drop = "q_proj.weight", .extra = "model.layers.0.self_attn.q_proj.qweight"},
         {"'model.layers.0.self_attn.q_proj.qweight'", "gptq or awq", "not supported"}},
        {{.drop = "q_proj.weight", .extra = "model.layers.0.self_attn.q_proj.g_idx"},
         {"'model.layers.0.self_attn.q_proj.g_idx'", "by gptq", "not supported"}},
        {{.text = "\"hidden_size\": 24",
          .instead =
              "\"hidden_size\": 32", /* so that no shape fits, as of packed weights */
          .extra = "model.embed_tokens.weight.absmax"},
         {"'model.embed_tokens.weight.absmax'", "by bitsandbytes", "not supported"}},
        {{.extra = "model.layers.0.self_attn.q_proj.lora_A.weight"}, {"adapter (LoRA)"}},
        {{.drop = "mlp.gate_proj", .extra = "model.layers.0.mlp.experts.0.w1.weight"},
         {"mixture of experts", "its architecture is not"}},
    };

    for (size_t i = 0; i < JC_COUNT(rows); i++)
        check_refused(state, &rows[i].change, rows[i].parts, JC_COUNT(rows[i].parts));
    jc_model *model;
    write_changed(state,
                  &(change){.text = TYPE, .instead = "\"quantization_config\": null"});
    assert_int_equal(jc_model_inspect(&model, *state, NULL), JC_OK);
    jc_model_close(model);
}

/* ---- eight bits with scales by block ---- */

enum { BLOCK = 16, LARGEST = 64 * 64 };

/* Number i of E4M3 by its definition, for bytes that are numbers. */
static float e4m3(unsigned char x)
{
    int exponent = x >> 3 & 15, mantissa = x & 7;
    double value = exponent ? ldexp(8 + mantissa, exponent - 10) : ldexp(mantissa, -9);

    return (float)(x & 128 ? -value : value);
}

static bool is_matrix(const jc_tensor *t)
{
    return strstr(t->name, "_proj.weight") != NULL;
}

/* Bytes and scales of a matrix in the place of a golden one, of its rough size. */
static void make_matrix(const jc_tensor *t, unsigned char *bytes, float *scales)
{
    size_t across = (t->shape[1] + BLOCK - 1) / BLOCK;
    uint64_t seed = t->shape[0] * 1000 + t->shape[1] + (uint64_t)t->name[13];

    for (size_t i = 0; i < t->count; i++)
        bytes[i] = (unsigned char)((uint32_t)(check_rand(&seed) * 1e6f) % 255 & 0xbf);
    for (size_t i = 0; i < (t->shape[0] + BLOCK - 1) / BLOCK * across; i++)
        scales[i] = 0.1f + 0.01f * (float)(i % 7);
}

/* tiny-llama with such matrices: as they are, or multiplied out. */
static void write_eight_bits(void **state, const char *folder, bool out)
{
    static unsigned char bytes[LARGEST];
    static float scales[LARGEST], whole[LARGEST];
    char name[256];
    jc_safetensors *file;
    jc_st_writer *w;

    assert_int_equal(mkdir(scratch_path(state, folder), 0700), 0);
    snprintf(name, sizeof name, "%s/model.safetensors", folder);
    assert_int_equal(jc_safetensors_open(&file, MODELS LLAMA "/model.safetensors", NULL),
                     JC_OK);
    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, name), NULL), JC_OK);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < jc_safetensors_count(file); i++) {
            const jc_tensor *t = jc_safetensors_at(file, i);
            const size_t blocks[2] = {(t->shape[0] + BLOCK - 1) / BLOCK,
                                      (t->shape[1] + BLOCK - 1) / BLOCK};
            bool eight = is_matrix(t) && !out;
            jc_dtype dtype = eight ? JC_F8_E4M3 : t->dtype;
            const void *data = t->data;
            if (is_matrix(t)) {
                make_matrix(t, bytes, scales);
                for (size_t k = 0; k < t->count; k++)
                    whole[k] = e4m3(bytes[k]) * scales[k / t->shape[1] / BLOCK * blocks[1] +
                                                       k % t->shape[1] / BLOCK];
                data = out ? (const void *)whole : bytes;
            }
            snprintf(name, sizeof name, "%s_scale_inv", t->name);
            assert_int_equal(
                pass ? jc_st_writer_data(w, data, t->count * jc_dtype_bytes(dtype), NULL)
                     : jc_st_writer_declare(w, t->name, dtype, t->shape, t->n_dims, NULL),
                JC_OK);
            if (eight)
                assert_int_equal(
                    pass ? jc_st_writer_data(w, scales,
                                             blocks[0] * blocks[1] * sizeof(float), NULL)
                         : jc_st_writer_declare(w, name, JC_F32, blocks, 2, NULL),
                    JC_OK);
        }
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
    jc_safetensors_close(file);
}

#define SCHEME(scheme, block)                                                              \
    "\"quantization_config\": {\"quant_method\": \"fp8\", \"activation_scheme\": "         \
    "\"" scheme "\", \"weight_block_size\": [" block ", 16]}"

/* What a folder of eight bits gives is what the numbers multiplied out give. */
static void test_files__eight_bits_are_multiplied_by_their_scales(void **state)
{
    struct golden g;
    char path[1024];
    jc_model *model;
    jc_error err = {JC_OK, ""};

    write_eight_bits(state, "eight", false);
    write_eight_bits(state, "whole", true);
    write_config(state, &(change){.text = TYPE, .instead = SCHEME("dynamic", "16")});
    snprintf(path, sizeof path, "cp %s/config.json %s/eight && cp %s/config.json %s/whole",
             (char *)*state, (char *)*state, (char *)*state, (char *)*state);
    assert_int_equal(system(path), 0);
    golden_open(&g, LLAMA);
    for (const char *const *backend = jc_backend_list(); *backend; backend++) {
        jc_model *a = open_model(scratch_path(state, "eight"), *backend, "f32");
        jc_model *b = open_model(scratch_path(state, "whole"), *backend, "f32");
        assert_null(jc_model_note(a, 0));
        jc_session *x = run(a, g.texts, g.n_texts), *y = run(b, g.texts, g.n_texts);
        for (uint32_t tap = 0; tap < g.taps; tap++)
            assert_memory_equal(jc_session_states(x, tap), jc_session_states(y, tap),
                                g.used * g.width * sizeof(float));
        jc_session_free(x);
        jc_session_free(y);
        jc_model_close(a);
        jc_model_close(b);
    }
    golden_close(&g);

    static const struct {
        const char *config, *part;
    } bad[] = {{SCHEME("none", "16"), "quantised by fp8"},
               {SCHEME("dynamic", "8"), "wants [3, 3] of real numbers"},
               {SCHEME("dynamic", "0"), "quantised by fp8"},
               {TYPE, "weight_scale_inv': its weights are quantised"}};
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        write_config(state, &(change){.text = TYPE, .instead = bad[i].config});
        snprintf(path, sizeof path, "cp %s/config.json %s/eight", (char *)*state,
                 (char *)*state);
        assert_int_equal(system(path), 0);
        assert_int_not_equal(jc_model_inspect(&model, scratch_path(state, "eight"), &err),
                             JC_OK);
        if (!strstr(err.message, bad[i].part))
            fail_msg("%s", err.message);
    }
}

/* ---- blocks of two kinds ---- */

/* tiny-lfm2 with another list of blocks. */
static const char *write_list(void **state, const char *list)
{
    char command[2048];

    snprintf(command, sizeof command,
             "mkdir -p %s/m && cp %stiny-lfm2/model.safetensors %s/m && tr -d '\\n' "
             "<%stiny-lfm2/config.json | sed 's/\"layer_types\": \\[[^]]*\\]/%s/' "
             ">%s/m/config.json",
             (char *)*state, MODELS, (char *)*state, MODELS, list, (char *)*state);
    assert_int_equal(system(command), 0);
    return scratch_path(state, "m");
}

static void test_files__blocks_with_attention_may_be_listed_by_number(void **state)
{
    check_model("tiny-lfm2", write_list(state, "\"full_attn_idxs\": [2]"), "ref");
}

static void test_files__a_list_of_blocks_must_fit_the_model(void **state)
{
    static const struct {
        const char *list, *message;
    } bad[] = {
        {"\"layer_types\": [\"conv\", \"conv\", \"full_attention\"]",
         "the list of convolutions is for 3 blocks of 4"},
        {"\"layer_types\": [\"conv\", \"conv\", \"rwkv\", \"conv\"]",
         "is 'rwkv', neither attention, 'conv', 'mamba' nor 'linear_attention'"},
        {"\"layer_types\": [\"conv\", \"full_attention\", \"conv\", \"conv\"]",
         "has no tensor 'layers.1.self_attn.q_proj.weight'"},
        {"\"full_attn_idxs\": [2, 4]", "is 4, and there are 4 blocks"},
        {"\"full_attn_idxs\": [2, \"conv\"]", "full_attn_idxs.1"},
        {"\"layer_types\": []", "is not a list of 1 to"},
        {"\"x\": 0", "'layer_types' is not a list of 1 to"},
    };

    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_model *model;
        jc_error err = {JC_OK, ""};
        const char *path = write_list(state, bad[i].list);
        assert_int_not_equal(jc_model_inspect(&model, path, &err), JC_OK);
        if (!strstr(err.message, bad[i].message))
            fail_msg("case %zu: %s", i, err.message);
    }
}

/* ---- GGUF ---- */

enum { MOST = 1 << 20 }; /* bytes of a golden file */

/* Copy the GGUF file of a golden model, with every `from` in it made `to`, as long. */
static void write_gguf(void **state, const char *name, const char *from, const char *to)
{
    char path[512];
    unsigned char *bytes = malloc(MOST);
    size_t length = strlen(from), found = 0;

    assert_int_equal(length, strlen(to));
    snprintf(path, sizeof path, JC_SOURCE_DIR "/tests/golden/gguf/%s.gguf", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_non_null(bytes);
    size_t n = fread(bytes, 1, MOST, f);
    assert_true(n > 0 && n < MOST);
    fclose(f);
    for (size_t i = 0; i + length <= n; i++)
        if (memcmp(bytes + i, from, length) == 0) {
            memcpy(bytes + i, to, length);
            found++;
        }
    assert_int_equal(found, 1);
    scratch_write(state, "m.gguf", bytes, n);
    free(bytes);
}

/* A factor without a type is linear. */
static void test_files__a_gguf_factor_needs_no_type(void **state)
{
    write_gguf(state, "tiny-llama-linear", "llama.rope.scaling.type",
               "llama.rope.scaling.typ_");
    check_model("tiny-llama-linear", scratch_path(state, "m.gguf"), "ref");
}

/* One bias that is left out is zeros: what a folder has with zeros there. */
static void test_files__a_gguf_bias_may_be_left_out(void **state)
{
    static const char bias[] = "model.layers.1.self_attn.k_proj.bias";
    static const float zeros[64];
    struct golden g;
    jc_safetensors *file;
    jc_st_writer *w;
    char config[2048] = "";
    FILE *f = fopen(MODELS "tiny-llama-linear/config.json", "r");

    assert_non_null(f);
    assert_true(fread(config, 1, sizeof config - 1, f) > 0);
    fclose(f);
    scratch_text(state, "config.json", config);
    assert_int_equal(
        jc_safetensors_open(&file, MODELS "tiny-llama-linear/model.safetensors", NULL),
        JC_OK);
    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, "model.safetensors"), NULL),
                     JC_OK);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < jc_safetensors_count(file); i++) {
            const jc_tensor *t = jc_safetensors_at(file, i);
            const void *data = strcmp(t->name, bias) == 0 ? (const void *)zeros : t->data;
            assert_int_equal(pass ? jc_st_writer_data(w, data, t->bytes, NULL)
                                  : jc_st_writer_declare(w, t->name, t->dtype, t->shape,
                                                         t->n_dims, NULL),
                             JC_OK);
        }
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
    jc_safetensors_close(file);
    write_gguf(state, "tiny-llama-linear", "blk.1.attn_k.bias", "blk.1.attn_x.bias");

    golden_open(&g, "tiny-llama-linear");
    jc_model *a = open_model(*state, "ref", "f32");
    jc_model *b = open_model(scratch_path(state, "m.gguf"), "ref", "f32");
    jc_session *x = run(a, g.texts, g.n_texts), *y = run(b, g.texts, g.n_texts);
    for (uint32_t tap = 0; tap < g.taps; tap++)
        assert_memory_equal(jc_session_states(x, tap), jc_session_states(y, tap),
                            g.used * g.width * sizeof(float));
    assert_non_null(strstr(jc_model_note(b, 0), "'blk.1.attn_x.bias'"));
    assert_int_equal(jc_model_get_info(a)->parameters,
                     jc_model_get_info(b)->parameters + 32); /* 4 heads of 8 */
    jc_session_free(x);
    jc_session_free(y);
    jc_model_close(a);
    jc_model_close(b);
    golden_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_files__wrappers_before_names_are_seen_through),
        SCRATCH_TEST(test_files__an_unknown_prefix_is_named),
        SCRATCH_TEST(test_files__a_decoder_may_lack_its_head),
        SCRATCH_TEST(test_files__a_tied_head_is_none_that_is_missing),
        SCRATCH_TEST(test_files__what_nothing_reads_is_noted),
        SCRATCH_TEST(test_files__quantised_weights_are_refused_by_name),
        SCRATCH_TEST(test_files__eight_bits_are_multiplied_by_their_scales),
        SCRATCH_TEST(test_files__blocks_with_attention_may_be_listed_by_number),
        SCRATCH_TEST(test_files__a_list_of_blocks_must_fit_the_model),
        SCRATCH_TEST(test_files__a_gguf_factor_needs_no_type),
        SCRATCH_TEST(test_files__a_gguf_bias_may_be_left_out),
    };
    return cmocka_run_group_tests_name("model/files", tests, NULL, NULL);
}
