/* SPDX-License-Identifier: MIT */
/* foreign.c: TABLE of the kinds of files that maps are read from and written to. */
#include "shortcut/foreign.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* In the order in which they are tried. */
static const jc_foreign *const kinds[] = {
    &jc_foreign_tuned_lens, &jc_foreign_pickles, &jc_foreign_shortcuts, &jc_foreign_dense,
    &jc_foreign_npy,        &jc_foreign_j_lens,  &jc_foreign_torch};

const jc_convert_format *jc_convert_format_at(size_t i)
{
    for (size_t k = 0; k < JC_COUNT(kinds); k++)
        if (kinds[k]->write && i-- == 0)
            return &kinds[k]->info;
    return NULL;
}

bool jc_foreign_ends(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);

    return n >= m && strcmp(path + n - m, end) == 0;
}

static jc_status read_pair(jc_foreign_job *job, const char *pair, uint32_t layers)
{
    jc_tap from, to;
    const char *colon = pair ? strchr(pair, ':') : NULL;

    if (!pair)
        return JC_OK;
    if (!colon || !jc_tap_read(&from, pair, (size_t)(colon - pair), layers) ||
        !jc_tap_read(&to, colon + 1, strlen(colon + 1), layers) || from.point || to.point ||
        from.block >= to.block)
        return jc_fail(
            job->err, JC_E_ARG,
            "'%.40s' is not a pair of layers: it is written as 0:%u, from a layer "
            "to a later one of 0 to %u",
            pair, layers, layers);
    job->has_pair = true;
    job->from = from.block;
    job->to = to.block;
    return JC_OK;
}

/* "[128, 64]"; of more than three dimensions the first three. */
static const char *shape_of(char text[80], const jc_tensor *t)
{
    size_t used = (size_t)snprintf(text, 80, "[");

    for (uint32_t i = 0; i < t->n_dims && i < 3; i++)
        used +=
            (size_t)snprintf(text + used, 80 - used, "%s%zu", i ? ", " : "", t->shape[i]);
    snprintf(text + used, 80 - used, "%s", t->n_dims > 3 ? ", ...]" : "]");
    return text;
}

static jc_status check_tensor(const jc_foreign_job *job, const jc_tensor *t, uint32_t dims)
{
    uint32_t d = job->info->width;
    char shape[80], second[16] = "";

    if (!jc_dtype_real(t->dtype))
        return jc_fail(job->err, JC_E_UNSUPPORTED,
                       "cannot read tensor '%.100s' of '%s': it is %s, no real numbers",
                       t->name, job->path, jc_dtype_name(t->dtype));
    if (dims == 2)
        snprintf(second, sizeof second, ", %u", d);
    if (t->n_dims != dims || t->shape[0] != d || (dims == 2 && t->shape[1] != d))
        return jc_fail(job->err, JC_E_MISMATCH,
                       "cannot read tensor '%.100s' of '%s': it is %s, and a map of '%s' "
                       "has [%u%s]",
                       t->name, job->path, shape_of(shape, t), job->info->path, d, second);
    return JC_OK;
}

static jc_status check_finite(const jc_foreign_job *job, const jc_tensor *t, const float *x)
{
    for (size_t i = 0; i < t->count; i++)
        if (!isfinite(x[i]))
            return jc_fail(job->err, JC_E_NUMERIC,
                           "cannot read tensor '%.100s' of '%s': element %zu is not finite",
                           t->name, job->path, i);
    return JC_OK;
}

static void transpose(float *x, size_t d)
{
    for (size_t r = 0; r < d; r++)
        for (size_t c = 0; c < r; c++) {
            float y = x[r * d + c];
            x[r * d + c] = x[c * d + r];
            x[c * d + r] = y;
        }
}

jc_status jc_foreign_add(jc_foreign_job *job, uint32_t from, uint32_t to,
                         const jc_tensor *weight, const jc_tensor *bias, bool residual)
{
    size_t d = job->info->width;
    const jc_map_spec spec = {.form = bias ? &jc_form_affine : &jc_form_dense,
                              .place = jc_place_layers(from, to)};
    jc_map *map;
    jc_status st = check_tensor(job, weight, 2);

    if (st == JC_OK && bias)
        st = check_tensor(job, bias, 1);
    if (st == JC_OK &&
        (from >= to || to > job->info->layers || jc_shortcut_find(job->shortcut, from, to)))
        st =
            jc_fail(job->err, JC_E_FORMAT,
                    "cannot read '%s': a map from layer %u to %u is none of '%s', or there "
                    "twice",
                    job->path, from, to, job->info->path);
    if (st == JC_OK)
        st = jc_shortcut_add(job->shortcut, &spec, &map, job->err);
    if (st)
        return st;
    float *w = jc_map_fill(map, "weight"), *b = jc_map_fill(map, "bias");
    jc_tensor_read(weight, 0, weight->count, w);
    st = check_finite(job, weight, w);
    if (job->transpose)
        transpose(w, d);
    for (size_t i = 0; i < d && residual; i++)
        w[i * d + i] += 1;
    if (bias)
        jc_tensor_read(bias, 0, bias->count, b);
    return st || !bias ? st : check_finite(job, bias, b);
}

/* Number k of the tensors that a stack [n, ...] is of. */
static jc_tensor slice(const jc_tensor *stack, size_t k)
{
    jc_tensor t = *stack;

    t.n_dims--;
    t.count /= stack->shape[0];
    t.bytes /= stack->shape[0];
    memmove(t.shape, t.shape + 1, (JC_TENSOR_DIMS - 1) * sizeof *t.shape);
    t.data += k * t.bytes;
    return t;
}

jc_status jc_foreign_add_stack(jc_foreign_job *job, uint32_t first, const jc_tensor *weight,
                               const jc_tensor *bias)
{
    uint32_t last = job->info->layers;
    size_t n = weight->shape[0], want = last - first;
    jc_status st = JC_OK;

    if (job->has_pair)
        return jc_fail(job->err, JC_E_ARG,
                       "'%s' holds a map of every layer in one tensor: leave out '--pair'",
                       job->path);
    if (n != want && n != want + 1)
        return jc_fail(
            job->err, JC_E_MISMATCH,
            "cannot read tensor '%.100s' of '%s': it has %zu matrices; '%s' has %zu "
            "layers, %u to %u, that are mapped to the last",
            weight->name, job->path, n, job->info->path, want, first, last - 1);
    for (uint32_t k = 0; k < want && st == JC_OK; k++) {
        jc_tensor w = slice(weight, k), b = {0};
        if (bias)
            b = slice(bias, k);
        st = jc_foreign_add(job, first + k, last, &w, bias ? &b : NULL, false);
    }
    return st;
}

/* What metadata a file of ours has of its model. */
static jc_status describe(const jc_foreign_job *job, const char *method)
{
    jc_shortcut *s = job->shortcut;
    jc_status st = jc_shortcut_set_meta(s, "method", method, job->err);

    if (st == JC_OK)
        st = jc_shortcut_set_meta(s, "model", job->info->path, job->err);
    if (st == JC_OK)
        st = jc_shortcut_set_meta(s, "model.fingerprint", job->info->fingerprint, job->err);
    return st ? st : jc_shortcut_set_meta(s, "converted.from", job->path, job->err);
}

static const jc_foreign *kind_of(const char *path)
{
    for (size_t k = 0; k < JC_COUNT(kinds); k++)
        if (kinds[k]->is && kinds[k]->is(path))
            return kinds[k];
    return NULL;
}

/* clang-format off */
static const jc_option rows[] = {
    {"pair", JC_OPTION_TEXT, offsetof(jc_convert_params, pair), 0, 0, NULL, NULL,
     "the layers of a file with one matrix, as 3:12"},
    {"transpose", JC_OPTION_BOOL, offsetof(jc_convert_params, transpose), 0, 0, "false", NULL,
     "matrices are stored [d_in, d_out]"},
    {"last", JC_OPTION_TEXT, offsetof(jc_convert_params, last), 0, 0, "auto", "auto|state|normed",
     "what maps to the last layer give: its state, or that after the final norm; auto runs "
     "the model to find out"},
};
/* clang-format on */

const jc_option *jc_convert_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

jc_status jc_convert_read(jc_shortcut **out, const char *path, const jc_model *model,
                          const jc_convert_params *params, jc_error *err)
{
    if (jc_want_out(out, err))
        return JC_E_ARG;
    if (jc_want(path, "path", err))
        return JC_E_ARG;
    const jc_foreign *kind = kind_of(path);
    jc_convert_params p;
    jc_foreign_job job = {.path = path, .err = err};

    jc_option_defaults(&p, sizeof p, rows, JC_COUNT(rows));
    if (jc_params_take(&p, sizeof p, params, rows, JC_COUNT(rows), err))
        return JC_E_ARG;
    job.transpose = p.transpose;
    job.ids = p.ids;
    job.n_ids = p.ids ? p.n_ids : 0;
    if (!kind && !jc_file_exists(path) && !jc_dir_exists(path))
        return jc_fail(err, JC_E_IO, "cannot read '%s': no such file or folder", path);
    if (!kind)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': no shortcuts, tuned lens, pickles, .npy, .pt or "
                       ".safetensors file",
                       path);
    if (kind == &jc_foreign_shortcuts)
        return jc_shortcut_open(out, path, err);
    if (!model)
        return jc_fail(err, JC_E_ARG,
                       "the maps of '%s' do not say which model they are of: name it",
                       path);
    job.info = jc_model_get_info(model);
    jc_status st = read_pair(&job, p.pair, job.info->layers);
    if (st == JC_OK)
        st = jc_shortcut_new(&job.shortcut, &jc_form_affine, job.info->layers,
                             job.info->width, err);
    if (st == JC_OK)
        st = describe(&job, kind->info.name);
    if (st == JC_OK)
        st = kind->read(&job);
    if (st == JC_OK)
        st = jc_foreign_last(&job, model,
                             kind->last_state && strcmp(p.last, "auto") == 0 ? "state"
                                                                             : p.last);
    if (st) {
        jc_shortcut_free(job.shortcut);
        return st;
    }
    *out = job.shortcut;
    return JC_OK;
}

jc_status jc_foreign_one(const jc_foreign_job *job, const jc_map **map)
{
    const jc_shortcut *s = job->source;

    *map = job->has_pair ? jc_shortcut_find(s, job->from, job->to) : jc_shortcut_map(s, 0);
    if (job->has_pair && !*map)
        return jc_fail(job->err, JC_E_ARG, "there is no map from layer %u to %u", job->from,
                       job->to);
    if (!*map || (!job->has_pair && jc_shortcut_map(s, 1)))
        return jc_fail(job->err, JC_E_ARG,
                       "'%s' holds one map: say which, as '--pair 0:%u'", job->path,
                       s->layers);
    return JC_OK;
}

jc_status jc_convert_write(const jc_shortcut *shortcut, const char *path,
                           const char *format, const char *pair, jc_error *err)
{
    if (jc_want(shortcut, "shortcut", err))
        return JC_E_ARG;
    if (jc_want(path, "path", err))
        return JC_E_ARG;
    jc_foreign_job job = {.path = path, .source = shortcut, .err = err};
    jc_status st = read_pair(&job, pair, shortcut->layers);

    if (st)
        return st;
    for (size_t k = 0; k < JC_COUNT(kinds); k++)
        if (kinds[k]->write && strcmp(kinds[k]->info.name, format) == 0)
            return kinds[k]->write(&job);
    return jc_fail(err, JC_E_ARG, "no format is called '%.40s'", format);
}
