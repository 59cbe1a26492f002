/* SPDX-License-Identifier: MIT */
/*
 * tuned_file.c: the state of training, "jumpcut-training/1", a safetensors file: of each
 * layer l the float32 tensors `basis.<l>` [d, d], `mean.<l>` [1, d], and `w.<l>`,
 * `moment.<l>`, `square.<l>`, `best.<l>` [d, d + 1]; `mean` and `scale` [1, d] of the last
 * layer; and the float64 `losses` [2, L]. What was asked for and how far it came is
 * metadata. The file is foreign: shapes are checked, and then every number is looked at.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fit/tuned.h"
#include "kernels/vector.h"
#include "store/store.h"

#define FORMAT "jumpcut-training/1"

static const struct {
    const char *name;
    size_t offset; /* in jc_tuned, of a uint64_t */
} counters[] = {
    {"step", offsetof(jc_tuned, step)},
    {"vectors", offsetof(jc_tuned, vectors)},
    {"texts", offsetof(jc_tuned, texts)},
    {"best-step", offsetof(jc_tuned, best_step)},
    {"checked", offsetof(jc_tuned, checked)},
    {"patience", offsetof(jc_tuned, patience)},
    {"total", offsetof(jc_tuned, total)},
    {"held", offsetof(jc_tuned, held)},
    {"held-texts", offsetof(jc_tuned, held_texts)},
    {"rows", offsetof(jc_tuned, rows)},
    {"rows.texts", offsetof(jc_tuned, rows_texts)},
};

/* A tensor: its name, where it lies, and its sides. */
struct item {
    char name[40];
    void *data;
    size_t rows, cols;
    jc_dtype dtype;
};

enum { OF_A_LAYER = 6, OF_ALL = 3 };

/* Tensor i of the file; `losses` [2, n] is the caller's. */
static struct item item_of(const jc_tuned *t, double *losses, size_t i)
{
    size_t d = t->d, l = i / OF_A_LAYER;
    struct item item = {.rows = d, .cols = d + 1, .dtype = JC_F32};

    if (i >= OF_A_LAYER * (size_t)t->n) {
        static const char *const names[OF_ALL] = {"mean", "scale", "losses"};
        size_t k = i - OF_A_LAYER * (size_t)t->n;
        void *const data[OF_ALL] = {t->mean, t->scale, losses};
        item = (struct item){.data = data[k], .rows = 1, .cols = d, .dtype = JC_F32};
        if (k == 2) {
            item.dtype = JC_F64;
            item.rows = 2;
            item.cols = t->n;
        }
        snprintf(item.name, sizeof item.name, "%s", names[k]);
        return item;
    }
    static const char *const names[OF_A_LAYER] = {"basis",  "mean",   "w",
                                                  "moment", "square", "best"};
    const jc_tuned_layer *layer = &t->layer[l];
    void *const data[OF_A_LAYER] = {layer->basis,  layer->mean,   layer->w,
                                    layer->moment, layer->square, layer->best};
    size_t k = i % OF_A_LAYER;
    item.data = data[k];
    item.rows = k == 1 ? 1 : d;
    item.cols = k < 2 ? d : d + 1;
    snprintf(item.name, sizeof item.name, "%s.%zu", names[k], l);
    return item;
}

static size_t items_of(const jc_tuned *t)
{
    return OF_A_LAYER * (size_t)t->n + OF_ALL;
}

/* What must be the same for training to go on as it began. */
static void describe(const jc_train_params *p, char text[120])
{
    char rate[32];

    jc_real_format(p->rate, rate);
    snprintf(text, 120, "tokens %llu, rate %s, step %u", (unsigned long long)p->tokens,
             rate, p->step);
}

/* ---- saving ---- */

static jc_status put_meta(jc_st_writer *w, const jc_tuned *t, const jc_model *model,
                          const jc_train_params *params, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    char options[120], text[24];
    const char *meta[][2] = {{"format", FORMAT},
                             {"model", info->path},
                             {"model.fingerprint", info->fingerprint},
                             {"options", options}};
    jc_status st = JC_OK;

    describe(params, options);
    for (size_t i = 0; i < JC_COUNT(meta) && st == JC_OK; i++)
        st = jc_st_writer_meta(w, meta[i][0], meta[i][1], err);
    for (size_t i = 0; i < JC_COUNT(counters) && st == JC_OK; i++) {
        uint64_t count;
        memcpy(&count, (const char *)t + counters[i].offset, sizeof count);
        snprintf(text, sizeof text, "%llu", (unsigned long long)count);
        st = jc_st_writer_meta(w, counters[i].name, text, err);
    }
    return st;
}

static jc_status put_tensors(jc_st_writer *w, const jc_tuned *t, double *losses,
                             bool declare, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; i < items_of(t) && st == JC_OK; i++) {
        struct item item = item_of(t, losses, i);
        const size_t shape[2] = {item.rows, item.cols};
        st = declare ? jc_st_writer_declare(w, item.name, item.dtype, shape, 2, err)
                     : jc_st_writer_data(w, item.data,
                                         item.rows * item.cols * jc_dtype_bytes(item.dtype),
                                         err);
    }
    return st;
}

jc_status jc_tuned_save(const jc_tuned *t, const char *path, const jc_model *model,
                        const jc_train_params *params, jc_error *err)
{
    double *losses = jc_matrix_new(2, t->n, sizeof *losses);
    jc_st_writer *w = NULL;
    jc_status st = losses ? jc_st_writer_new(&w, path, err)
                          : jc_fail_nomem(err, "the state of training");

    for (uint32_t l = 0; losses && l < t->n; l++) {
        losses[l] = t->layer[l].start;
        losses[t->n + l] = t->layer[l].least;
    }
    if (st == JC_OK)
        st = put_meta(w, t, model, params, err);
    if (st == JC_OK)
        st = put_tensors(w, t, losses, true, err);
    if (st == JC_OK)
        st = put_tensors(w, t, losses, false, err);
    jc_free(losses);
    if (st == JC_OK)
        return jc_st_writer_commit(w, err);
    jc_st_writer_discard(w);
    return st;
}

/* ---- loading ---- */

static jc_status check_meta(const jc_safetensors *file, const char *path,
                            const jc_model *model, const jc_train_params *params,
                            jc_error *err)
{
    const char *format = jc_safetensors_meta(file, "format");
    const char *fingerprint = jc_safetensors_meta(file, "model.fingerprint");
    const char *options = jc_safetensors_meta(file, "options");
    const jc_model_info *info = jc_model_get_info(model);
    char own[120];

    if (!format || strcmp(format, FORMAT) != 0 || !fingerprint || !options)
        return jc_fail(err, JC_E_FORMAT,
                       "'%s' is not a state of training (its format is not '%s'): name "
                       "another file",
                       path, FORMAT);
    if (strcmp(fingerprint, info->fingerprint) != 0)
        return jc_fail(err, JC_E_MISMATCH,
                       "cannot go on from '%s': it is the training for model %.32s, and "
                       "'%s' is %s",
                       path, fingerprint, info->path, info->fingerprint);
    describe(params, own);
    if (strcmp(options, own) != 0)
        return jc_fail(err, JC_E_MISMATCH,
                       "cannot go on from '%s': it was begun with %.110s, this is %s", path,
                       options, own);
    return JC_OK;
}

static jc_status read_counters(jc_tuned *t, const jc_safetensors *file, const char *path,
                               jc_error *err)
{
    for (size_t i = 0; i < JC_COUNT(counters); i++) {
        const char *text = jc_safetensors_meta(file, counters[i].name);
        char *end = NULL;
        errno = 0;
        uint64_t count = text ? strtoull(text, &end, 10) : 0;
        if (!text || text[0] < '0' || text[0] > '9' || *end || errno || count >> 53)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot go on from '%s': metadata '%s' is not a count", path,
                           counters[i].name);
        memcpy((char *)t + counters[i].offset, &count, sizeof count);
    }
    return JC_OK;
}

static bool all_finite(const struct item *item)
{
    size_t n = item->rows * item->cols;
    bool finite = true;

    if (item->dtype == JC_F32)
        return jc_vector_get()->finite(n, item->data);
    for (size_t i = 0; i < n; i++)
        finite &= isfinite(((const double *)item->data)[i]) != 0;
    return finite;
}

static jc_status read_tensor(const struct item *item, const jc_safetensors *file,
                             const char *path, jc_error *err)
{
    const jc_tensor *t = jc_safetensors_find(file, item->name);

    if (!t || t->dtype != item->dtype || t->n_dims != 2 || t->shape[0] != item->rows ||
        t->shape[1] != item->cols)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot go on from '%s': it has no tensor '%s' of %zu by %zu", path,
                       item->name, item->rows, item->cols);
    memcpy(item->data, t->data, item->rows * item->cols * jc_dtype_bytes(item->dtype));
    return all_finite(item)
               ? JC_OK
               : jc_fail(err, JC_E_NUMERIC,
                         "cannot go on from '%s': tensor '%s' holds a number that is not "
                         "finite",
                         path, item->name);
}

jc_status jc_tuned_load(jc_tuned *t, const char *path, const jc_model *model,
                        const jc_train_params *params, jc_error *err)
{
    double *losses = jc_matrix_new(2, t->n, sizeof *losses);
    jc_safetensors *file = NULL;
    jc_status st = losses ? jc_safetensors_open(&file, path, err)
                          : jc_fail_nomem(err, "the state of training");

    if (st == JC_OK)
        st = check_meta(file, path, model, params, err);
    if (st == JC_OK)
        st = read_counters(t, file, path, err);
    for (size_t i = 0; i < items_of(t) && st == JC_OK; i++) {
        struct item item = item_of(t, losses, i);
        st = read_tensor(&item, file, path, err);
    }
    for (uint32_t l = 0; l < t->n && st == JC_OK; l++) {
        t->layer[l].start = losses[l];
        t->layer[l].least = losses[t->n + l];
    }
    jc_free(losses);
    jc_safetensors_close(file);
    return st;
}
