/* SPDX-License-Identifier: MIT */
/* Folders that are not what their configuration says, or of kinds that are not read: each
 * is refused in one line that names what is wrong. */
#include <stdlib.h>

#include "model/golden.h"
#include "support/scratch.h"

typedef struct change {
    const char *model;
    const char *drop;    /* tensors with this in their names are left out */
    const char *cut;     /* and of those with this, all rows but the first */
    const char *edit;    /* of config.json on one line, as sed's */
    const char *part[2]; /* of the message */
} change;

static void write_model(void **state, const change *c)
{
    char text[2048];
    jc_safetensors *file;
    jc_st_writer *w;

    snprintf(text, sizeof text, "tr -d '\n' <" MODELS "%s/config.json | sed '%s' >%s",
             c->model, c->edit ? c->edit : "", scratch_path(state, "config.json"));
    assert_int_equal(system(text), 0);
    snprintf(text, sizeof text, MODELS "%s/model.safetensors", c->model);
    assert_int_equal(jc_safetensors_open(&file, text, NULL), JC_OK);
    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, "model.safetensors"), NULL),
                     JC_OK);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < jc_safetensors_count(file); i++) {
            const jc_tensor *t = jc_safetensors_at(file, i);
            size_t shape[4] = {t->shape[0], t->shape[1], t->shape[2], t->shape[3]};
            if (c->drop && strstr(t->name, c->drop))
                continue;
            if (c->cut && strstr(t->name, c->cut))
                shape[0] = 1;
            assert_int_equal(
                pass
                    ? jc_st_writer_data(w, t->data, t->bytes / t->shape[0] * shape[0], NULL)
                    : jc_st_writer_declare(w, t->name, t->dtype, shape, t->n_dims, NULL),
                JC_OK);
        }
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
    jc_safetensors_close(file);
}

static void check(void **state, const change *c)
{
    jc_model *model;
    jc_error err = {JC_OK, ""};

    write_model(state, c);
    if (jc_model_inspect(&model, *state, &err) == JC_OK)
        fail_msg("%s %s %s is opened", c->model, c->drop ? c->drop : "",
                 c->edit ? c->edit : "");
    assert_null(strchr(err.message, '\n'));
    for (size_t i = 0; i < JC_COUNT(c->part); i++)
        if (c->part[i] && !strstr(err.message, c->part[i]))
            fail_msg("'%s' is not in: %s", c->part[i], err.message);
}

static void test_bad_models__say_what_does_not_fit(void **state)
{
    static const change rows[] = {
        {"tiny-mixtral",
         "layers.1.block_sparse_moe.experts.2.",
         NULL,
         NULL,
         {"has no tensor 'layers.1.block_sparse_moe.experts.2.w1.weight'", NULL}},
        {"tiny-mixtral",
         NULL,
         NULL,
         "s/local_experts\": 4/local_experts\": 0/",
         {"it has 0 experts, and 'mixtral' has nothing", NULL}},
        {"tiny-qwen3",
         NULL,
         NULL,
         "s/{/{\"rope_scaling\": \"yarn\",/",
         {"cannot read 'rope_scaling'", "not an object"}},
        {"tiny-qwen3",
         NULL,
         NULL,
         "s/{/{\"rope_parameters\": {\"type\": \"odd\"},/",
         {"the scaling 'odd' of rotary positions is not known", NULL}},
        {"tiny-llama-gptq-32",
         "down_proj.scales",
         NULL,
         NULL,
         {"down_proj.g_idx' of a quantised weight that is not whole", NULL}},
        {"tiny-gpt_oss-mxfp4",
         "layers.0.mlp.experts.down_proj_scales",
         NULL,
         NULL,
         {"has no tensor", "experts.down_proj_blocks'"}},
        {"tiny-llama-awq-32",
         NULL,
         NULL,
         "s/group_size\": 32/group_size\": 33/",
         {"inputs, which groups of 33 do not divide", NULL}},
        {"tiny-mixtral",
         NULL,
         "layers.0.block_sparse_moe.gate",
         NULL,
         {"block_sparse_moe.gate.weight' of", "is [1, 24]"}},
        {"tiny-mixtral",
         NULL,
         NULL,
         "s/local_experts\": 4/local_experts\": 5/",
         {"is [4, 24] in 2 dimensions", "wants [5, 24]"}},
        {"tiny-mixtral",
         NULL,
         NULL,
         "s/per_tok\": 2/per_tok\": 5/",
         {"of 4 experts, 5 cannot be used", NULL}},
        {"tiny-gpt_oss",
         NULL,
         "mlp.experts.down_proj",
         NULL,
         {"mlp.experts.down_proj", "wants [4, "}},
        {"tiny-deepseek_v3",
         NULL,
         NULL,
         "s/n_group\": 4/n_group\": 3/",
         {"3 of 8 experts in 3 groups cannot be chosen", NULL}},
        {"tiny-llama",
         NULL,
         NULL,
         "s/\"llama3\"/\"spiral\"/",
         {"the scaling 'spiral' of rotary positions is not known", NULL}},
        {"tiny-gemma2",
         NULL,
         NULL,
         "s/{/{\"layer_types\": [\"full_attention\"],/",
         {"the kinds of attention are for 1 blocks of", NULL}},
        {"tiny-gemma3",
         NULL,
         NULL,
         "s/.*/{\"model_type\": \"gemma3\", \"vision_config\": {\"x\": 1}}/",
         {"no text part ('text_config')", NULL}},
        {"tiny-llama",
         NULL,
         NULL,
         "s/\"rms_norm_eps\": [^,}]*/\"rms_norm_eps\": NaN/",
         {"'rms_norm_eps'", "it is not a number"}},
        {"tiny-llama",
         NULL,
         NULL,
         "s/\"rms_norm_eps\": [^,}]*/\"rms_norm_eps\": Infinity/",
         {"'rms_norm_eps'", "it is not finite"}},
        {"tiny-llama",
         NULL,
         NULL,
         "s/\"rope_theta\": [^,}]*/\"rope_theta\": \"1e4\"/",
         {"rope_theta'", "it is not a number"}},
        {"tiny-llama",
         NULL,
         NULL,
         "s/\"num_hidden_layers\": [0-9]*/\"num_hidden_layers\": -2/",
         {"'num_hidden_layers'", "it is not a whole number from 0"}},
        {"tiny-llama",
         NULL,
         NULL,
         "s/\"hidden_size\": [0-9]*/\"hidden_size\": NaN/",
         {"'hidden_size'", "it is not a whole number from 0"}},
        {"tiny-gemma3",
         "layers",
         NULL,
         NULL,
         {"has no tensor 'layers.0.input_layernorm.weight'", NULL}},
    };

    for (size_t i = 0; i < JC_COUNT(rows); i++)
        check(state, &rows[i]);
}

static void test_bad_models__quantised_in_other_ways_are_told_by_name(void **state)
{
    static const char *const methods[] = {
        "bitsandbytes", "hqq",  "exl2", "exl3",   "torchao", "quanto", "aqlm",      "eetq",
        "higgs",        "vptq", "spqr", "bitnet", "quark",   "mlx",    "auto-round"};

    for (size_t i = 0; i < JC_COUNT(methods); i++) {
        char edit[128], by[64];
        snprintf(edit, sizeof edit,
                 "s/{/{\"quantization_config\": {\"quant_method\": \"%s\"},/", methods[i]);
        snprintf(by, sizeof by, "quantised by %s (", methods[i]);
        check(state, &(change){"tiny-llama", NULL, NULL, edit, {by, "is not supported"}});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_bad_models__say_what_does_not_fit),
        SCRATCH_TEST(test_bad_models__quantised_in_other_ways_are_told_by_name),
    };
    return cmocka_run_group_tests_name("model/bad_models", tests, NULL, NULL);
}
