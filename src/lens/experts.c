/* SPDX-License-Identifier: MIT */
/* experts.c: what the routers of a mixture of experts choose: no states, so they are no
 * rows of the lens, but asked for like taps. */
#include <string.h>

#include "lens/lens.h"
#include "model/session.h"

#define POINT "experts"

static void add_all(jc_lens *lens)
{
    lens->n_mixtures = 0;
    for (uint32_t b = 1; b <= lens->info->layers; b++)
        if (jc_model_experts(lens->model, b))
            lens->mixtures[lens->n_mixtures++] = b;
}

static jc_status no_mixture(const jc_lens *lens, const char *item, size_t n, jc_error *err)
{
    return jc_fail(err, JC_E_ARG, "'%.*s': %s '%s' is %s mixture of experts", (int)n, item,
                   n == strlen(POINT) ? "no block of" : "that block of", lens->info->path,
                   n == strlen(POINT) ? "a" : "no");
}

/* Whether the item is of experts; then their blocks are added, in order and once. */
static jc_status add(jc_lens *lens, const char *item, size_t n, bool *is, jc_error *err)
{
    size_t end = strlen(POINT), at = 0;
    jc_tap tap;

    *is = n >= end && memcmp(item + n - end, POINT, end) == 0 &&
          (n == end || item[n - end - 1] == '.');
    if (!*is)
        return JC_OK;
    if (n == end) {
        add_all(lens);
        return lens->n_mixtures ? JC_OK : no_mixture(lens, item, n, err);
    }
    if (!jc_tap_read(&tap, item, n - end - 1, lens->info->layers) || tap.point ||
        !jc_model_experts(lens->model, tap.block))
        return no_mixture(lens, item, n, err);
    while (at < lens->n_mixtures && lens->mixtures[at] < tap.block)
        at++;
    if (at < lens->n_mixtures && lens->mixtures[at] == tap.block)
        return jc_fail(err, JC_E_ARG, "'%.*s' is asked for twice", (int)n, item);
    memmove(lens->mixtures + at + 1, lens->mixtures + at,
            (lens->n_mixtures - at) * sizeof *lens->mixtures);
    lens->mixtures[at] = tap.block;
    lens->n_mixtures++;
    return JC_OK;
}

jc_status jc_lens_choose_experts(jc_lens *lens, const char *at, char **rest, jc_error *err)
{
    char *left = jc_alloc_array(strlen(at) + 2, 1);
    size_t used = 0;
    jc_status st = JC_OK;

    *rest = NULL;
    lens->mixtures = jc_alloc_array((size_t)lens->info->layers + 1, sizeof(uint32_t));
    if (!left || !lens->mixtures)
        st = jc_fail_nomem(err, "the taps");
    if (st == JC_OK && strcmp(at, "all") == 0)
        add_all(lens);
    for (size_t n; st == JC_OK; at += n + 1) {
        bool is;
        n = strcspn(at, ",");
        st = add(lens, at, n, &is, err);
        if (st == JC_OK && !is) { /* the comma is that before it or the end */
            memcpy(left + used, at, n);
            used += n;
            left[used++] = ',';
        }
        if (!at[n])
            break;
    }
    if (st || used == 0) {
        jc_free(left);
        return st;
    }
    left[used - 1] = 0;
    *rest = left;
    return JC_OK;
}

jc_status jc_lens_want_experts(const jc_lens *lens, jc_session *session, jc_error *err)
{
    return lens->n_mixtures
               ? jc_session_want_experts(session, lens->mixtures, lens->n_mixtures, err)
               : JC_OK;
}

jc_status jc_lens_take_experts(jc_lens *lens, const jc_session *session, jc_error *err)
{
    size_t n;

    if (lens->n_mixtures == 0)
        return JC_OK;
    lens->used = jc_model_experts(lens->model, lens->mixtures[0]);
    if (jc_mul(lens->n_mixtures * lens->columns, lens->used, &n)) {
        lens->experts = jc_alloc_array(n, sizeof *lens->experts);
        lens->shares = jc_alloc_array(n, sizeof *lens->shares);
    }
    if (!lens->experts || !lens->shares)
        return jc_fail_nomem(err, "the shares of experts");
    for (size_t i = 0; i < lens->n_mixtures; i++)
        for (size_t c = 0; c < lens->columns; c++) {
            size_t at = (i * lens->columns + c) * lens->used;
            jc_session_experts(session, i, c, lens->experts + at, lens->shares + at);
        }
    return JC_OK;
}

static void put_list(const jc_lens *lens, size_t i, bool ids, int digits, FILE *f)
{
    fprintf(f, "\"%s\":[", ids ? "ids" : "weights");
    for (size_t c = 0; c < lens->columns; c++) {
        size_t at = (i * lens->columns + c) * lens->used;
        fputs(c ? ",[" : "[", f);
        for (size_t k = 0; k < lens->used; k++) {
            fputs(k ? "," : "", f);
            if (ids)
                fprintf(f, "%u", lens->experts[at + k]);
            else
                jc_lens_put_number(f, (double)lens->shares[at + k], digits);
        }
        fputc(']', f);
    }
    fputc(']', f);
}

void jc_lens_put_experts(const jc_lens *lens, int digits, FILE *f)
{
    if (lens->n_mixtures == 0)
        return;
    fputs(",\n\"" POINT "\":{", f);
    for (size_t i = 0; i < lens->n_mixtures; i++) {
        fprintf(f, "%s\"%u." POINT "\":{", i ? ",\n" : "", lens->mixtures[i]);
        put_list(lens, i, true, digits, f);
        fputs(",\n", f);
        put_list(lens, i, false, digits, f);
        fputc('}', f);
    }
    fputc('}', f);
}

jc_status jc_lens_tell_experts(const jc_lens *lens, FILE *f, jc_error *err)
{
    for (size_t i = 0; i < lens->n_mixtures; i++) {
        fprintf(f, "\n%u." POINT ": experts that each position takes, and their shares\n",
                lens->mixtures[i]);
        for (size_t c = 0; c < lens->columns; c++) {
            size_t at = (i * lens->columns + c) * lens->used;
            char *text;
            jc_status st = jc_lens_token(lens, lens->ids[lens->positions[c]], &text, err);
            if (st)
                return st;
            fprintf(f, "  %u '%s' ", lens->positions[c], text);
            jc_free(text);
            for (size_t k = 0; k < lens->used; k++)
                fprintf(f, " %u (%.3f)", lens->experts[at + k],
                        (double)lens->shares[at + k]);
            fputc('\n', f);
        }
    }
    return JC_OK;
}
