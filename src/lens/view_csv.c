/* SPDX-License-Identifier: MIT */
/* view_csv.c: a lens as a table for other programs, a line a map, layer and position. */
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
    fprintf(f, ",%u\n", jc_lens_settled(lens, map, column));
    return st;
}

static jc_status put_csv(const jc_lens *lens, const jc_lens_look *look, FILE *f,
                         jc_error *err)
{
    jc_status st = JC_OK;

    (void)look;
    fputs("map,layer,position,token,guess,p,answer,rank,entropy,kl,settled\n", f);
    for (size_t m = 0; m < lens->n_maps; m++)
        for (size_t row = 0; row < lens->rows; row++)
            for (size_t c = 0; c < lens->columns && st == JC_OK; c++)
                st = put_line(lens, m, row, c, f, err);
    return st;
}

const jc_lens_view jc_lens_csv = {
    {"csv", "a line a map, layer and position, with the first guess"},
    put_csv,
};
