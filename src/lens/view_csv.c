/* SPDX-License-Identifier: MIT */
/* view_csv.c: a lens as a table for other programs: one line per map, layer
 * and position. */
#include "lens/lens.h"

static jc_status put_token(const jc_lens *lens, uint32_t id, FILE *f, jc_error *err)
{
    char *text;
    jc_status st = jc_lens_token(lens, id, &text, err);

    if (st)
        return st;
    fputs(",\"", f);
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            fputc('"', f);
        fputc(*c, f);
    }
    fputc('"', f);
    jc_free(text);
    return JC_OK;
}

/* ",rank,loss" of the token that follows, ",rank,p" of a target; empty where there is none.
 */
static void put_score(jc_lens_score score, bool target, FILE *f)
{
    if (!score.rank) {
        fputs(",,", f);
        return;
    }
    fprintf(f, ",%u,", score.rank);
    jc_lens_put_number(f, target ? score.p : score.loss, 6);
}

/* All after the columns that every line has: next, targets, further guesses. */
static jc_status put_more(const jc_lens *lens, size_t map, size_t row, size_t column,
                          FILE *f, jc_error *err)
{
    jc_lens_cell cell = jc_lens_at(lens, map, row, column);
    jc_status st = JC_OK;
    uint32_t next;

    if (jc_lens_next(lens, column, &next))
        st = put_token(lens, next, f, err);
    else
        fputc(',', f);
    put_score(jc_lens_of_next(lens, map, row, column), false, f);
    for (size_t i = 0; i < lens->n_targets && st == JC_OK; i++) {
        st = put_token(lens, lens->targets[i], f, err);
        put_score(jc_lens_of_target(lens, map, row, column, i), true, f);
    }
    for (size_t i = 1; i < cell.n && st == JC_OK; i++) {
        st = put_token(lens, cell.ids[i], f, err);
        fputc(',', f);
        jc_lens_put_number(f, (double)cell.p[i], 6);
    }
    return st;
}

static jc_status put_line(const jc_lens *lens, size_t map, size_t row, size_t column,
                          FILE *f, jc_error *err)
{
    jc_lens_cell cell = jc_lens_at(lens, map, row, column);
    uint32_t position = lens->positions[column];
    char name[JC_TAP_NAME];

    jc_tap_name(lens->taps[row], name);
    fprintf(f, "%s,%s,%u", lens->names[map], name, position);
    jc_status st = put_token(lens, lens->ids[position], f, err);
    if (st == JC_OK)
        st = put_token(lens, cell.ids[0], f, err);
    fputc(',', f);
    jc_lens_put_number(f, (double)cell.p[0], 6);
    if (st == JC_OK)
        st = put_token(lens, lens->answers[column], f, err);
    fprintf(f, ",%u,", cell.rank);
    jc_lens_put_number(f, cell.entropy, 6);
    fputc(',', f);
    jc_lens_put_number(f, cell.kl, 6);
    fprintf(f, ",%u", jc_lens_settled(lens, map, column));
    if (st == JC_OK)
        st = put_more(lens, map, row, column, f, err);
    fputc('\n', f);
    return st;
}

static void put_head(const jc_lens *lens, FILE *f)
{
    fputs("map,layer,position,token,guess,p,answer,rank,entropy,kl,settled,next,next_rank,"
          "next_loss",
          f);
    for (size_t i = 1; i <= lens->n_targets; i++)
        fprintf(f, ",target_%zu,target_%zu_rank,target_%zu_p", i, i, i);
    for (size_t i = 2; i <= lens->top; i++)
        fprintf(f, ",guess_%zu,p_%zu", i, i);
    fputc('\n', f);
}

static jc_status put_csv(const jc_lens *lens, const jc_lens_look *look, FILE *f,
                         jc_error *err)
{
    jc_status st = JC_OK;

    (void)look;
    put_head(lens, f);
    for (size_t m = 0; m < lens->n_maps; m++)
        for (size_t row = 0; row < lens->rows; row++)
            for (size_t c = 0; c < lens->columns && st == JC_OK; c++)
                st = put_line(lens, m, row, c, f, err);
    return st;
}

const jc_lens_view jc_lens_csv = {
    {"csv", "one line per map, layer and position, with all guesses"},
    put_csv,
};
