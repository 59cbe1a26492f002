/* SPDX-License-Identifier: MIT */
/* The metadata of a GGUF file as a configuration: what each key becomes, what is made up
 * from others or from tensors, and what is refused. */
#include <math.h>
#include <stdlib.h>

#include "store/gguf_bytes.h"
#include "store/store_impl.h"

/* A key in short: real numbers are F32, `text` is text where it is not NULL. */
typedef struct key {
    const char *name;
    const char *text;
    double x;
    bool real, list; /* a list of x and then `last` */
    double last;
} key;

static void put_number(struct bytes *b, const key *k, double x)
{
    float real = (float)x;
    uint32_t bits;

    memcpy(&bits, &real, sizeof bits);
    put(b, k->real ? bits : (uint32_t)x, 4);
}

/* A file of these keys, ended by one without a name, and of two tensors: an embedding of
 * 61 tokens, and `name` [n] of F32 (NULL: none), the numbers being 1, 2, ... */
static void make(struct bytes *b, const char *arch, const key *keys, const char *name,
                 size_t n)
{
    size_t n_keys = 0;

    while (keys[n_keys].name)
        n_keys++;
    put_header(b, 3, name ? 2 : 1, n_keys + 1);
    put_text(b, "general.architecture");
    put(b, JC_GGUF_TEXT, 4);
    put_text(b, arch);
    for (const key *k = keys; k->name; k++) {
        put_text(b, k->name);
        if (k->list)
            put(b, JC_GGUF_ARRAY, 4);
        put(b, k->text ? JC_GGUF_TEXT : k->real ? JC_GGUF_F32 : JC_GGUF_U32, 4);
        if (k->list)
            put(b, 2, 8);
        if (k->text) {
            put_text(b, k->text);
            continue;
        }
        put_number(b, k, k->x);
        if (k->list)
            put_number(b, k, k->last);
    }
    put_tensor(b, "token_embd.weight", 61, 2, 0, 0);
    if (name)
        put_tensor(b, name, 1, n, 0, 512);
    pad(b, 32, 512);
    for (size_t i = 0; name && i < n; i++) {
        const key real = {.real = true};
        put_number(b, &real, (double)(i + 1));
    }
}

static jc_notes notes; /* of the last file that was opened */

static jc_status open_config(jc_config **out, const struct bytes *b, jc_error *err)
{
    jc_gguf *file;

    jc_notes_free(&notes);
    if (jc_gguf_parse(&file, b->data, b->n, "m.gguf", err))
        fail_msg("%s", err->message);
    jc_status st = jc_config_of_gguf(out, &file, 1, &notes, err);
    jc_gguf_close(file);
    return st;
}

static jc_config *config_of(const char *arch, const key *keys, const char *name, size_t n)
{
    struct bytes b;
    jc_config *config;
    jc_error err = {JC_OK, ""};

    make(&b, arch, keys, name, n);
    if (open_config(&config, &b, &err))
        fail_msg("%s", err.message);
    return config;
}

static double real_of(const jc_config *config, const char *at)
{
    double x = NAN;

    assert_int_equal(jc_config_real(config, at, &x, NULL), JC_OK);
    return x;
}

static const char *text_of(const jc_config *config, const char *at)
{
    const char *text = NULL;

    assert_int_equal(jc_config_text(config, at, &text, NULL), JC_OK);
    return text;
}

static void test_gguf_config__keys_become_those_of_a_folder(void **state)
{
    static const key keys[] = {
        {.name = "qwen3.block_count", .x = 2},
        {.name = "qwen3.embedding_length", .x = 24},
        {.name = "qwen3.attention.head_count", .x = 4, .list = true, .last = 4},
        {.name = "qwen3.attention.key_length", .x = 8},
        {.name = "qwen3.rope.dimension_count", .x = 4},
        {.name = "qwen3.attention.layer_norm_rms_epsilon", .x = 1e-5, .real = true},
        {.name = NULL}};
    jc_config *config = config_of("qwen3", keys, NULL, 0);

    (void)state;
    assert_string_equal(text_of(config, "model_type"), "qwen3");
    assert_true(real_of(config, "num_hidden_layers") == 2);
    assert_true(real_of(config, "hidden_size") == 24);
    assert_true(real_of(config, "num_attention_heads") == 4);
    assert_true(real_of(config, "head_dim") == 8);
    assert_true(real_of(config, "partial_rotary_factor") == 0.5);
    assert_true(real_of(config, "rms_norm_eps") == 1e-5); /* not the float32 nearest it */
    assert_true(real_of(config, "vocab_size") == 61);
    assert_string_equal(text_of(config, "rope_scaling.rope_type"), "default");
    assert_false(jc_config_has(config, "sliding_window"));
    jc_config_close(config);
}

/* llama.cpp's, which are not those of configurations: Qwen 3's there are 32 and 128. */
static void test_gguf_config__missing_sizes_follow_from_the_others(void **state)
{
    static const key keys[] = {
        {.name = "qwen3.embedding_length", .x = 24},
        {.name = "qwen3.attention.head_count", .x = 4, .list = true, .last = 4},
        {.name = NULL}};
    jc_config *config = config_of("qwen3", keys, NULL, 0);

    (void)state;
    assert_true(real_of(config, "num_attention_heads") == 4);
    assert_true(real_of(config, "num_key_value_heads") == 4);
    assert_true(real_of(config, "head_dim") == 6);
    assert_true(real_of(config, "partial_rotary_factor") == 1);
    assert_true(real_of(config, "rotary_pct") == 1);
    jc_config_close(config);
}

static void test_gguf_config__a_window_tells_two_of_a_name_apart(void **state)
{
    static const key llama[] = {{.name = "llama.attention.sliding_window", .x = 8},
                                {.name = NULL}};
    static const key olmo[] = {{.name = "olmo2.attention.sliding_window", .x = 8},
                               {.name = NULL}};
    static const key none[] = {{.name = NULL}};
    static const struct {
        const char *arch;
        const key *keys;
        const char *type;
    } rows[] = {{"llama", llama, "mistral"},
                {"llama", none, "llama"},
                {"olmo2", olmo, "olmo3"},
                {"olmo2", none, "olmo2"}};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        jc_config *config = config_of(rows[i].arch, rows[i].keys, NULL, 0);
        assert_string_equal(text_of(config, "model_type"), rows[i].type);
        jc_config_close(config);
    }
}

/* The file's factor is that beside YaRN's own, 0.1 ln 4 + 1; of the others it is all. */
static void test_gguf_config__scalings_are_told(void **state)
{
    static const key yarn[] = {
        {.name = "llama.rope.scaling.type", .text = "yarn"},
        {.name = "llama.rope.scaling.factor", .x = 4, .real = true},
        {.name = "llama.rope.scaling.attn_factor", .x = 0.5, .real = true},
        {.name = "llama.rope.scaling.original_context_length", .x = 16},
        {.name = "llama.rope.scaling.yarn_beta_fast", .x = 16, .real = true},
        {.name = NULL}};
    static const key other[] = {
        {.name = "llama.rope.scaling.type", .text = "linear"},
        {.name = "llama.rope.scaling.factor", .x = 4, .real = true},
        {.name = "llama.rope.scaling.attn_factor", .x = 0.5, .real = true},
        {.name = "llama.rope.dimension_count", .x = 6},
        {.name = "llama.context_length", .x = 64},
        {.name = NULL}};
    static const key context[] = {{.name = "llama.context_length", .x = 64},
                                  {.name = NULL}};

    (void)state;
    jc_config *config = config_of("llama", yarn, NULL, 0);
    assert_string_equal(text_of(config, "rope_scaling.rope_type"), "yarn");
    assert_true(real_of(config, "rope_scaling.factor") == 4);
    assert_true(fabs(real_of(config, "rope_scaling.attention_factor") -
                     0.5 * (0.1 * log(4) + 1)) < 1e-15);
    assert_true(real_of(config, "rope_scaling.original_max_position_embeddings") == 16);
    assert_true(real_of(config, "rope_scaling.beta_fast") == 16);
    jc_config_close(config);

    config = config_of("llama", other, NULL, 0); /* the same for all pairs */
    assert_string_equal(text_of(config, "rope_scaling.rope_type"), "longrope");
    assert_int_equal(jc_config_length(config, "rope_scaling.long_factor"), 3);
    assert_true(real_of(config, "rope_scaling.short_factor.2") == 4);
    assert_true(real_of(config, "rope_scaling.attention_factor") == 0.5);
    jc_config_close(config);

    config = config_of("llama", context, "rope_freqs.weight", 3); /* Llama 3 */
    assert_string_equal(text_of(config, "rope_scaling.rope_type"), "longrope");
    assert_int_equal(jc_config_length(config, "rope_scaling.short_factor"), 3);
    assert_true(real_of(config, "rope_scaling.long_factor.2") == 3);
    assert_true(real_of(config, "rope_scaling.attention_factor") == 1);
    assert_true(real_of(config, "rope_scaling.original_max_position_embeddings") == 64);
    jc_config_close(config);
}

/* llama.cpp: no type is "linear", no factor is 1, "none" turns a factor off, and where
 * there is no rope.scaling.factor, rope.scale_linear is it. */
static void test_gguf_config__factors_without_a_type_are_linear(void **state)
{
#define FACTOR(name, x)                                                                    \
    {                                                                                      \
        name, NULL, x, true, false, 0                                                      \
    }
#define TYPE(text)                                                                         \
    {                                                                                      \
        "llama.rope.scaling.type", text, 0, false, false, 0                                \
    }
    static const struct {
        key keys[4];
        const char *type;
        double factor;
    } rows[] = {
        {{{.name = NULL}}, "default", 1},
        {{FACTOR("llama.rope.scaling.factor", 2), {.name = NULL}}, "linear", 2},
        {{FACTOR("llama.rope.scale_linear", 4), {.name = NULL}}, "linear", 4},
        {{FACTOR("llama.rope.scale_linear", 4),
          FACTOR("llama.rope.scaling.factor", 2),
          {.name = NULL}},
         "linear",
         2},
        {{TYPE("none"), FACTOR("llama.rope.scaling.factor", 2), {.name = NULL}},
         "default",
         1},
        {{TYPE("none"), FACTOR("llama.rope.scale_linear", 2), {.name = NULL}},
         "default",
         1},
        {{TYPE("linear"), {.name = NULL}}, "default", 1},
        {{TYPE("linear"), FACTOR("llama.rope.scaling.factor", 0), {.name = NULL}},
         "default",
         1},
        {{TYPE("yarn"), FACTOR("llama.rope.scale_linear", 4), {.name = NULL}}, "yarn", 4},
        {{TYPE("longrope"), FACTOR("llama.rope.scaling.factor", 8), {.name = NULL}},
         "linear",
         8},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        jc_config *config = config_of("llama", rows[i].keys, NULL, 0);
        assert_string_equal(text_of(config, "rope_scaling.rope_type"), rows[i].type);
        assert_true(real_of(config, "rope_scaling.factor") == rows[i].factor);
        jc_config_close(config);
    }
}

/* A factor of all pairs and one of each are both applied. */
static void test_gguf_config__factors_of_pairs_are_times_the_factor(void **state)
{
    static const key keys[] = {{.name = "llama.rope.scaling.factor", .x = 4, .real = true},
                               {.name = "llama.context_length", .x = 64},
                               {.name = NULL}};
    jc_config *config = config_of("llama", keys, "rope_freqs.weight", 3);

    (void)state;
    assert_true(real_of(config, "rope_scaling.short_factor.1") == 8);
    assert_true(real_of(config, "rope_scaling.attention_factor") == 1);
    jc_config_close(config);
}

static void test_gguf_config__tensors_tell_what_has_biases(void **state)
{
    static const key none[] = {{.name = NULL}};
    bool has = false;

    (void)state;
    static const struct {
        const char *tensor;
        bool attention, mlp;
    } rows[] = {
        {"blk.0.attn_output.bias", true, false}, {"blk.11.attn_q.bias", true, false},
        {"blk.0.attn_v.bias", true, false},      {"blk.0.ffn_gate.bias", false, true},
        {"blk.3.ffn_down.bias", false, true},    {"blk.0.attn_norm.bias", false, false},
        {"blk.x.attn_q.bias", false, false}};
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        jc_config *config = config_of("llama", none, rows[i].tensor, 2);
        assert_int_equal(jc_config_bool(config, "attention_bias", &has, NULL), JC_OK);
        assert_int_equal(has, rows[i].attention);
        assert_int_equal(jc_config_bool(config, "mlp_bias", &has, NULL), JC_OK);
        assert_int_equal(has, rows[i].mlp);
        jc_config_close(config);
    }
}

#define IS(key) "cannot read '" key "' of 'm.gguf': "

static void test_gguf_config__keys_that_nothing_reads_are_noted(void **state)
{
    static const struct {
        key keys[3];
        const char *note; /* has this; NULL: there is none */
    } rows[] = {
        {{{.name = "llama.attention.clamp_odd", .x = 0.25, .real = true}, {.name = NULL}},
         "1 key of 'm.gguf' is not read: 'llama.attention.clamp_odd'"},
        {{{.name = "llama.odd_scale", .x = 8, .real = true},
          {.name = "llama.other_scale", .x = 0.5, .real = true},
          {.name = NULL}},
         "2 keys of 'm.gguf' are not read: 'llama.odd_scale', 'llama.other_scale'"},
        {{{.name = "llama.odd_scale", .x = 1, .real = true},
          {.name = "llama.expert_count", .x = 0},
          {.name = NULL}},
         NULL},
        {{{.name = "llama.vocab_size", .x = 61},
          {.name = "llama.rope.freq_base", .x = 1e6, .real = true},
          {.name = NULL}},
         NULL},
        {{{.name = "llama2.scale", .x = 8}, {.name = NULL}}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        jc_config_close(config_of("llama", rows[i].keys, NULL, 0));
        assert_int_equal(notes.n, rows[i].note != NULL);
        if (rows[i].note && !strstr(notes.text[0], rows[i].note))
            fail_msg("%s", notes.text[0]);
    }
    jc_notes_free(&notes);
}

static void test_gguf_config__what_is_no_language_model_is_told(void **state)
{
    static const struct {
        const char *arch, *type, *part;
    } rows[] = {{"clip", "model", "the projector of images (mmproj)"},
                {"clip", "mmproj", "the projector of images (mmproj)"},
                {"llama", "adapter", "an adapter (LoRA)"},
                {"llama", "imatrix", "an importance matrix"},
                {"controlvector", "model", "a control vector"}};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        struct bytes b;
        jc_config *config;
        jc_error err = {JC_OK, ""};
        const key keys[] = {{.name = "general.type", .text = rows[i].type}, {.name = NULL}};
        make(&b, rows[i].arch, keys, NULL, 0);
        assert_int_equal(open_config(&config, &b, &err), JC_E_UNSUPPORTED);
        assert_non_null(strstr(err.message, "'m.gguf'"));
        assert_non_null(strstr(err.message, rows[i].part));
    }
    struct bytes b;
    jc_config *config;
    jc_error err = {JC_OK, ""};
    put_header(&b, 3, 0, 1);
    put_text(&b, "tokenizer.ggml.tokens");
    put(&b, JC_GGUF_ARRAY, 4);
    put(&b, JC_GGUF_TEXT, 4);
    put(&b, 0, 8);
    assert_int_equal(open_config(&config, &b, &err), JC_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "a vocabulary and no weights"));
}

static void test_gguf_config__attention_that_looks_ahead_is_refused(void **state)
{
    struct bytes b;
    jc_config *config;
    jc_error err = {JC_OK, ""};

    (void)state;
    put_header(&b, 3, 1, 2);
    put_text(&b, "general.architecture");
    put(&b, JC_GGUF_TEXT, 4);
    put_text(&b, "llama");
    put_text(&b, "llama.attention.causal");
    put(&b, JC_GGUF_BOOL, 4);
    put(&b, 0, 1);
    put_tensor(&b, "token_embd.weight", 61, 2, 0, 0);
    pad(&b, 32, 488);
    assert_int_equal(open_config(&config, &b, &err), JC_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "'llama.attention.causal' is false"));
}

static void test_gguf_config__what_makes_no_sense_is_refused(void **state)
{
    static const struct {
        const char *arch;
        key keys[4];
        const char *message;
    } rows[] = {
        {"llama",
         {{.name = "llama.attention.layer_norm_rms_epsilon", .x = NAN, .real = true},
          {.name = NULL}},
         IS("llama.attention.layer_norm_rms_epsilon") "it is not a finite number"},
        {"llama",
         {{.name = "llama.rope.scaling.factor", .x = NAN, .real = true}, {.name = NULL}},
         IS("llama.rope.scaling.factor") "it is not a finite number"},
        {"lfm2",
         {{.name = "lfm2.shortconv.l_cache", .x = 3},
          {.name = "lfm2.attention.head_count_kv",
           .x = NAN,
           .real = true,
           .list = true,
           .last = 2},
          {.name = NULL}},
         IS("lfm2.attention.head_count_kv") "it has a number that is not a count"},
        {"mamba2",
         {{.name = "mamba2.ssm.conv_kernel", .x = 4},
          {.name = "mamba2.ssm.inner_size", .x = HUGE_VAL, .real = true},
          {.name = "mamba2.ssm.time_step_rank", .x = 4},
          {.name = NULL}},
         IS("mamba2.ssm.time_step_rank") "it and 'ssm.inner_size' are needed as numbers"},
        {"deepseek2",
         {{.name = "deepseek2.attention.kv_lora_rank", .x = 8},
          {.name = "deepseek2.expert_gating_func", .x = 3},
          {.name = NULL}},
         IS("deepseek2.expert_gating_func") "it is neither 1, softmax, nor 2, sigmoids"},
        {"deepseek2",
         {{.name = "deepseek2.attention.kv_lora_rank", .x = 8},
          {.name = "deepseek2.expert_gating_func", .text = "sigmoid"},
          {.name = NULL}},
         IS("deepseek2.expert_gating_func") "it is not a number"},
        {"", {{.name = NULL}}, IS("general.architecture") "it is not a name"},
        {"a b", {{.name = NULL}}, IS("general.architecture") "it is not a name"},
        {"llama",
         {{.name = "llama.block_count", .text = "two"}, {.name = NULL}},
         IS("llama.block_count") "it is not a number"},
        {"llama",
         {{.name = "llama.attention.head_count", .x = 4, .list = true, .last = 8},
          {.name = NULL}},
         IS("llama.attention.head_count") "it differs from block to block, which is not "
                                          "supported"},
        {"llama",
         {{.name = "llama.rope.freq_base", .x = HUGE_VAL, .real = true}, {.name = NULL}},
         IS("llama.rope.freq_base") "it is not a finite number"},
        {"llama",
         {{.name = "llama.rope.scaling.attn_factor", .text = "x"}, {.name = NULL}},
         IS("llama.rope.scaling.attn_factor") "it is not a number"},
        {"llama",
         {{.name = "llama.rope.scaling.type", .text = "\xff"}, {.name = NULL}},
         IS("llama.rope.scaling.type") "it is not UTF-8 text"},
        {"llama",
         {{.name = "llama.attention.key_length", .x = 1.5, .real = true}, {.name = NULL}},
         IS("llama.attention.key_length") "it is not a whole number from 0 to 4294967295"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        struct bytes b;
        jc_config *config;
        jc_error err = {JC_OK, ""};
        make(&b, rows[i].arch, rows[i].keys, NULL, 0);
        assert_int_equal(open_config(&config, &b, &err), JC_E_FORMAT);
        assert_null(config);
        assert_string_equal(err.message, rows[i].message);
    }
}

static void test_gguf_config__a_file_without_a_model_is_refused(void **state)
{
    struct bytes b;
    jc_config *config;
    jc_error err = {JC_OK, ""};

    (void)state;
    put_header(&b, 3, 0, 0);
    assert_int_equal(open_config(&config, &b, &err), JC_E_FORMAT);
    assert_string_equal(err.message, IS("general.architecture") "it is missing");
    put_header(&b, 3, 0, 1);
    put_text(&b, "general.architecture");
    put(&b, JC_GGUF_TEXT, 4);
    put_text(&b, "llama");
    assert_int_equal(open_config(&config, &b, &err), JC_E_FORMAT);
    assert_string_equal(err.message, "'m.gguf' has no tensor 'token_embd.weight'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gguf_config__keys_become_those_of_a_folder),
        cmocka_unit_test(test_gguf_config__missing_sizes_follow_from_the_others),
        cmocka_unit_test(test_gguf_config__a_window_tells_two_of_a_name_apart),
        cmocka_unit_test(test_gguf_config__scalings_are_told),
        cmocka_unit_test(test_gguf_config__factors_without_a_type_are_linear),
        cmocka_unit_test(test_gguf_config__factors_of_pairs_are_times_the_factor),
        cmocka_unit_test(test_gguf_config__tensors_tell_what_has_biases),
        cmocka_unit_test(test_gguf_config__keys_that_nothing_reads_are_noted),
        cmocka_unit_test(test_gguf_config__what_is_no_language_model_is_told),
        cmocka_unit_test(test_gguf_config__attention_that_looks_ahead_is_refused),
        cmocka_unit_test(test_gguf_config__what_makes_no_sense_is_refused),
        cmocka_unit_test(test_gguf_config__a_file_without_a_model_is_refused),
    };
    return cmocka_run_group_tests_name("store/gguf_config", tests, NULL, NULL);
}
