/* SPDX-License-Identifier: MIT */
/*
 * ends.c: the tokens that end what a model writes, as the model's files name them: in a
 * folder `eos_token_id`, a number or a list, of generation_config.json or, where that says
 * nothing, of config.json; in a GGUF file the ends of text, of turn and of message, and
 * tokens of names that chat templates end a turn with (llama.cpp takes the same).
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "jumpcut/generate.h"
#include "model/model.h"
#include "store/gguf.h"

static jc_status add(jc_ids *ids, const jc_model *model, uint32_t id, jc_error *err)
{
    for (size_t i = 0; i < ids->n; i++)
        if (ids->id[i] == id)
            return JC_OK;
    if (id >= model->info.vocab) /* no logit is of it */
        return JC_OK;
    if (!jc_grow(&ids->id, &ids->capacity, ids->n + 1, sizeof *ids->id))
        return jc_fail_nomem(err, "tokens that end a text");
    ids->id[ids->n++] = id;
    return JC_OK;
}

/* ---- a folder ---- */

/* -1 is what some files say where there is no such token. */
static jc_status add_key(jc_ids *ids, const jc_model *model, const jc_config *config,
                         const char *key, jc_error *err)
{
    double x;
    uint32_t id;

    if (jc_config_real(config, key, &x, NULL) == JC_OK && x == -1)
        return JC_OK;
    jc_status st = jc_config_u32(config, key, &id, err);
    return st ? st : add(ids, model, id, err);
}

static jc_status add_listed(jc_ids *ids, const jc_model *model, const jc_config *config,
                            jc_error *err)
{
    static const char key[] = "eos_token_id";
    size_t n = jc_config_length(config, key);
    char item[sizeof key + 24];
    jc_status st = JC_OK;

    if (n == 0 && !jc_config_has(config, key))
        return JC_OK;
    if (n == 0)
        return add_key(ids, model, config, key, err);
    for (size_t i = 0; i < n && st == JC_OK; i++) {
        snprintf(item, sizeof item, "%s.%zu", key, i);
        st = add_key(ids, model, config, item, err);
    }
    return st;
}

static jc_status add_file(jc_ids *ids, const jc_model *model, jc_error *err)
{
    char *path = jc_path_join(jc_store_path(model->store), "generation_config.json");
    jc_config *config = NULL;
    jc_status st = path ? JC_OK : jc_fail_nomem(err, "a path");

    if (st == JC_OK && jc_file_exists(path))
        st = jc_config_open(&config, path, err);
    if (st == JC_OK && config)
        st = add_listed(ids, model, config, err);
    jc_config_close(config);
    jc_free(path);
    return st;
}

static jc_status add_folder(jc_ids *ids, const jc_model *model, jc_error *err)
{
    const jc_config *whole = jc_store_config(model->store);
    jc_config *part = NULL;
    jc_status st = add_file(ids, model, err);

    if (st || ids->n)
        return st;
    st = jc_config_part(&part, whole, JC_TEXT_PARTS, err);
    if (st == JC_OK)
        st = add_listed(ids, model, part, err);
    jc_config_close(part);
    return st || ids->n ? st : add_listed(ids, model, whole, err);
}

/* ---- a GGUF file ---- */

/* Of gpt-oss, "<|end|>" ends a message and not the text. */
static const char *const harmony[] = {"<|end|>", "<|return|>", "<|call|>"};

static const char *const turn_ends[] = {
    "<｜end▁of▁sentence｜>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|im_end|>",
    "<|return|>",
    "<|call|>",
    "<end_of_turn>",
    "</s>",
    "<eos>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "<|flush|>",
    "<|calls|>",
    "<|end|>",
    "<turn|>",
    "<end_of_utterance>",
};

static bool is_one_of(jc_gguf_text token, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (token.n == strlen(names[i]) && memcmp(token.text, names[i], token.n) == 0)
            return true;
    return false;
}

static jc_status add_named(jc_ids *ids, const jc_model *model, const jc_gguf *file,
                           jc_error *err)
{
    const jc_gguf_value *tokens = jc_gguf_get(file, "tokenizer.ggml.tokens");
    size_t of_harmony = 0, at = 0;
    jc_status st = JC_OK;

    if (!tokens || !tokens->array || tokens->type != JC_GGUF_TEXT)
        return JC_OK;
    for (size_t i = 0; i < tokens->n; i++)
        of_harmony += is_one_of(jc_gguf_next(tokens, &at), harmony, JC_COUNT(harmony));
    at = 0;
    for (size_t id = 0; id < tokens->n && st == JC_OK; id++) {
        const jc_gguf_text token = jc_gguf_next(tokens, &at);
        if (is_one_of(token, turn_ends, JC_COUNT(turn_ends)) &&
            !(of_harmony == JC_COUNT(harmony) && is_one_of(token, harmony, 1)))
            st = add(ids, model, (uint32_t)id, err);
    }
    return st;
}

static jc_status add_gguf(jc_ids *ids, const jc_model *model, const jc_gguf *file,
                          jc_error *err)
{
    static const char *const keys[] = {"tokenizer.ggml.eos_token_id",
                                       "tokenizer.ggml.eot_token_id",
                                       "tokenizer.ggml.eom_token_id"};
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT(keys) && st == JC_OK; i++) {
        uint32_t id;
        if (!jc_gguf_get(file, keys[i]))
            continue;
        st = jc_gguf_u32(file, keys[i], &id, err);
        if (st == JC_OK)
            st = add(ids, model, id, err);
    }
    return st ? st : add_named(ids, model, file, err);
}

jc_status jc_model_ends(const jc_model *model, const jc_tokenizer *tokenizer, jc_ids *ends,
                        jc_error *err)
{
    jc_status st = jc_want(model, "model", err);

    if (st == JC_OK)
        st = jc_want(ends, "ends", err);
    if (st)
        return st;
    const jc_gguf *file = jc_store_gguf(model->store);
    int64_t eos = tokenizer ? jc_tokenizer_special(tokenizer, "eos") : -1;
    ends->n = 0;
    st = file ? add_gguf(ends, model, file, err) : add_folder(ends, model, err);
    return st || eos < 0 ? st : add(ends, model, (uint32_t)eos, err);
}
