/* SPDX-License-Identifier: MIT */
/* open.c: opening, describing and closing a model. */
#include <string.h>

#include "kernels/context.h"
#include "model/cost.h"
#include "model/model.h"
#include "model/session.h"

/* clang-format off */
static const jc_option rows[] = {
    {"backend", JC_OPTION_TEXT, offsetof(jc_model_params, backend), 0, 0, "onednn", jc_backend_choices + 1, "which code does the arithmetic; see 'jumpcut list backends'"},
    {"dtype",   JC_OPTION_TEXT, offsetof(jc_model_params, dtype),   0, 0, "f32", "f32|bf16", "type of the products; sums, norms and states are f32 in any case"},
    {"threads", JC_OPTION_U32,  offsetof(jc_model_params, threads), 0, 4096, "0", NULL, "threads to use, 0: one per processor; results do not depend on it"},
};
/* clang-format on */

const jc_option *jc_model_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

/* The row for the model_type of the configuration, which in a GGUF file is GGUF's name. */
static jc_status find_arch(jc_model *model, const jc_config *config, jc_error *err)
{
    bool gguf = jc_store_gguf(model->store) != NULL;
    const char *type;
    jc_status st = jc_config_text(config, "model_type", &type, err);

    if (st)
        return st;
    model->arch = gguf ? jc_arch_find_gguf(type) : jc_arch_find(type);
    if (model->arch)
        return JC_OK;
    if (gguf)
        return jc_arch_unknown_gguf(type, config, err);
    return jc_arch_unknown(type, config, err);
}

const char *const *jc_backend_list(void)
{
    return jc_backend_names();
}

const char *jc_backend_about(size_t i)
{
    return jc_backend_summary(i);
}

/* Everything that the configuration says. */
static jc_status configure(jc_model *model, const jc_config *config, jc_error *err)
{
    bool tied = false;
    jc_status st = find_arch(model, config, err);

    if (st == JC_OK)
        st = jc_quantised_check(model, err);
    if (st == JC_OK)
        st = jc_hparams_read(&model->hp, model->arch, config, err);
    /* of a multimodal model it is the whole that says so */
    if (jc_config_bool(jc_store_config(model->store), "tie_word_embeddings", &tied, NULL) ==
        JC_OK)
        model->hp.tied |= tied;
    if (st == JC_OK)
        st = jc_rows_prepare(model, err);
    if (st == JC_OK)
        st = jc_weights_check(model, err);
    if (st == JC_OK) /* of GGUF, keys that some architecture reads and this one does not */
        st = jc_unread_keys(&model->notes, model->arch, config, err);
    return st;
}

/* Everything but the weights. Of a multimodal model it is the text part that is run, whose
 * configuration is an object of its own. */
static jc_status describe(jc_model *model, const char *path, jc_error *err)
{
    jc_config *config;
    jc_status st;

    model->path = jc_strdup(path);
    if (!model->path)
        return jc_fail_nomem(err, "a path");
    st = jc_store_open(&model->store, path, err);
    if (st)
        return st;
    st = jc_config_part(&config, jc_store_config(model->store), JC_TEXT_PARTS, err);
    if (st)
        return st;
    st = configure(model, config, err);
    jc_config_close(config);
    if (st == JC_OK)
        st = jc_store_fingerprint(model->store, model->fingerprint, err);
    if (st)
        return st;

    const jc_hparams *hp = &model->hp;
    jc_model_info *info = &model->info;
    info->path = model->path;
    info->architecture = model->arch->name;
    info->fingerprint = model->fingerprint;
    info->layers = hp->layers;
    info->width = hp->width;
    info->heads = hp->heads;
    info->head_width = hp->head_width;
    info->ff_width = hp->ff_width;
    info->context = hp->context;
    info->vocab = hp->vocab;
    info->causal = model->arch->causal;
    info->weight_bytes = jc_cost_memory(model); /* until they are there */
    info->head_bytes = jc_cost_head_memory(model);
    return JC_OK;
}

static jc_status new_head(jc_model *model, jc_error *err)
{
    model->head = jc_alloc_array(1, sizeof *model->head);
    if (!model->head)
        return jc_fail_nomem(err, "the head");
    model->head->lock_ready = pthread_mutex_init(&model->head->lock, NULL) == 0;
    return model->head->lock_ready ? JC_OK : jc_fail_nomem(err, "a lock");
}

static jc_status choose_backend(jc_model *model, const jc_model_params *params,
                                jc_error *err)
{
    jc_context_params as_params;
    jc_context *own = NULL;

    jc_context_params_init(&as_params);
    as_params.backend = params->backend;
    as_params.threads = params->threads;
    jc_status st = params->context ? JC_OK : jc_context_new(&own, &as_params, err);
    if (st)
        return st;
    model->backend = params->context ? params->context->backend : own->backend;
    model->threads = params->context ? params->context->threads : own->threads;
    jc_context_free(own);
    bool bf16 = params->dtype[0] == 'b';
    model->precision = bf16 ? JC_PRECISION_BF16 : JC_PRECISION_F32;
    st = jc_backend_ready(model->backend, err);
    if (st)
        return st;
    if (!jc_backend_has(model->backend, model->precision))
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "the backend '%s' has no %s products on this processor",
                       params->backend, bf16 ? "bf16" : "f32");
    model->info.backend = jc_backend_name(model->backend);
    model->info.dtype = bf16 ? "bf16" : "f32";
    return JC_OK;
}

jc_status jc_model_open(jc_model **out, const char *path, const jc_model_params *params,
                        jc_error *err)
{
    jc_model_params p;
    jc_status st = jc_want_out(out, err);

    jc_model_params_init(&p);
    if (st == JC_OK)
        st = jc_want(path, "path", err);
    if (st == JC_OK)
        st = jc_params_take(&p, sizeof p, params, rows, JC_COUNT(rows), err);
    if (st)
        return st;
    jc_model *model = jc_alloc_array(1, sizeof *model);
    if (!model)
        return jc_fail_nomem(err, "a model");
    model->as_stored = p.as_stored;
    st = choose_backend(model, &p, err);
    JC_USE_THREADS(model->threads);
    if (st == JC_OK)
        st = describe(model, path, err);
    if (st == JC_OK)
        st = new_head(model, err);
    if (st == JC_OK)
        st = jc_weights_load(model, err);
    if (st) {
        jc_model_close(model);
        return st;
    }
    *out = model;
    return JC_OK;
}

uint32_t jc_model_threads(const jc_model *model)
{
    return model ? model->threads : 1;
}

jc_status jc_model_ready(const jc_model *model, jc_error *err)
{
    if (!model)
        return jc_fail(err, JC_E_ARG, "'model' is NULL");
    if (!model->blocks)
        return jc_fail(err, JC_E_ARG, "'%s' was opened to be inspected only", model->path);
    return JC_OK;
}

jc_status jc_model_inspect(jc_model **out, const char *path, jc_error *err)
{
    jc_status st = jc_want_out(out, err);

    if (st == JC_OK)
        st = jc_want(path, "path", err);
    if (st)
        return st;
    jc_model *model = jc_alloc_array(1, sizeof *model);
    if (!model)
        return jc_fail_nomem(err, "a model");
    st = describe(model, path, err);
    if (st) {
        jc_model_close(model);
        return st;
    }
    *out = model;
    return JC_OK;
}

void jc_model_close(jc_model *model)
{
    if (!model)
        return;
    jc_weights_release(model);
    jc_hparams_release(&model->hp);
    if (model->head) {
        jc_linear_free(model->head->transform);
        jc_linear_free(model->head->unembed);
        if (model->head->lock_ready)
            pthread_mutex_destroy(&model->head->lock);
    }
    jc_free(model->head);
    jc_notes_free(&model->notes);
    jc_free(model->weights);
    jc_free(model->zero);
    jc_store_close(model->store);
    jc_free(model->path);
    jc_free(model);
}

const jc_model_info *jc_model_get_info(const jc_model *model)
{
    return &model->info;
}

const char *jc_model_note(const jc_model *model, size_t i)
{
    if (!model)
        return NULL;
    size_t n = 0;

    while (n < i && jc_store_note(model->store, n))
        n++;
    const char *note = jc_store_note(model->store, n);
    if (note)
        return note;
    return i - n < model->notes.n ? model->notes.text[i - n] : NULL;
}
