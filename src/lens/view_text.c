/* SPDX-License-Identifier: MIT */
/* view_text.c: a lens for a terminal: layers down, positions across, in blocks as wide as
 * the terminal. */
#include <string.h>

#include "lens/lens.h"

/* A cell: the guess, its probability in percent, a star where it is the answer. */
enum { LABEL = 9, TOKEN = 10, CELL = TOKEN + 5 };

/* What shades a probability: a colour of 256 under it and one for it. */
typedef struct shade {
    double from;
    int under, ink;
} shade;

static const shade shades[] = {
    {0.8, 45, 16}, {0.6, 38, 16}, {0.4, 31, 231}, {0.2, 24, 231}, {0.05, 17, 231},
};

static const shade *find_shade(double p)
{
    for (size_t i = 0; i < JC_COUNT(shades); i++)
        if (p >= shades[i].from)
            return &shades[i];
    return NULL;
}

/* A token in TOKEN columns, cut where it is longer. */
static jc_status put_token(const jc_lens *lens, uint32_t id, FILE *f, jc_error *err)
{
    char *text;
    size_t bytes, cut;
    jc_status st = jc_lens_token(lens, id, &text, err);

    if (st)
        return st;
    size_t width = jc_lens_width(text, TOKEN, &bytes);
    if (text[bytes]) { /* room for the sign that something is missing */
        width = jc_lens_width(text, TOKEN - 1, &cut);
        fprintf(f, "%.*s\xE2\x80\xA6", (int)cut, text);
        width++;
    } else {
        fputs(text, f);
    }
    fprintf(f, "%*s", (int)(TOKEN - width), "");
    jc_free(text);
    return JC_OK;
}

/* What a cell shows: the first guess, or the rank and probability of a target. */
enum { GUESS = -1 };

static void put_shaded(double p, bool colour, FILE *f)
{
    const shade *paint = colour ? find_shade(p) : NULL;

    if (paint)
        fprintf(f, "\x1b[48;5;%d;38;5;%dm", paint->under, paint->ink);
}

static jc_status put_cell(const jc_lens *lens, size_t map, size_t row, size_t column,
                          int what, bool colour, FILE *f, jc_error *err)
{
    jc_lens_cell cell = jc_lens_at(lens, map, row, column);
    jc_status st = JC_OK;
    double p = (double)cell.p[0];
    uint32_t id = cell.ids[0];

    if (what == GUESS) {
        put_shaded(p, colour, f);
        st = put_token(lens, id, f, err);
    } else {
        jc_lens_score score = jc_lens_of_target(lens, map, row, column, (size_t)what);
        p = score.p;
        id = lens->targets[what];
        put_shaded(p, colour, f);
        fprintf(f, "%-*u", TOKEN - 2, score.rank);
    }
    fprintf(f, what == GUESS ? "%3.0f%c" : "%5.1f%c", 100 * p,
            id == lens->answers[column] ? '*' : ' ');
    fputs(colour && find_shade(p) ? "\x1b[0m " : " ", f);
    return st;
}

static jc_status put_head(const jc_lens *lens, size_t first, size_t end, FILE *f,
                          jc_error *err)
{
    jc_status st = JC_OK;

    fprintf(f, "%-*s", LABEL, "\nposition");
    for (size_t c = first; c < end; c++)
        fprintf(f, " %-*u", CELL - 1, lens->positions[c]);
    fprintf(f, "\n%-*s", LABEL, "token");
    for (size_t c = first; c < end && st == JC_OK; c++) {
        st = put_token(lens, lens->ids[lens->positions[c]], f, err);
        fprintf(f, "%*s", CELL - TOKEN, "");
    }
    return st;
}

/* The rank and loss of the token that follows, by the model itself. */
static void put_next(const jc_lens *lens, size_t map, size_t first, size_t end, FILE *f)
{
    fprintf(f, "\n%-*s", LABEL, "next");
    for (size_t c = first; c < end; c++) {
        jc_lens_score score = jc_lens_of_next(lens, map, lens->rows - 1, c);
        if (score.rank)
            fprintf(f, "%-*u%4.1f ", TOKEN, score.rank, score.loss);
        else
            fprintf(f, "%-*s", CELL, "");
    }
}

static jc_status put_block(const jc_lens *lens, size_t map, size_t first, size_t end,
                           int what, bool colour, FILE *f, jc_error *err)
{
    jc_status st = put_head(lens, first, end, f, err);

    for (size_t row = 0; row < lens->rows; row++) {
        char name[JC_TAP_NAME];
        jc_tap_name(lens->taps[row], name);
        if (lens->taps[row].point)
            fprintf(f, "\n %-*s", LABEL - 1, name);
        else
            fprintf(f, "\nlayer %-*s", LABEL - 6, name);
        for (size_t c = first; c < end && st == JC_OK; c++)
            st = put_cell(lens, map, row, c, what, colour, f, err);
    }
    if (what == GUESS) {
        fprintf(f, "\n%-*s", LABEL, "settled");
        for (size_t c = first; c < end; c++)
            fprintf(f, "%-*u", CELL, jc_lens_settled(lens, map, c));
        if (jc_lens_has_next(lens))
            put_next(lens, map, first, end, f);
    }
    fputc('\n', f);
    return st;
}

/* All columns, as many beside each other as fit. */
static jc_status put_blocks(const jc_lens *lens, size_t map, int what,
                            const jc_lens_look *look, FILE *f, jc_error *err)
{
    size_t fit = look->width > LABEL + CELL ? (look->width - LABEL) / CELL : 1;
    jc_status st = JC_OK;

    for (size_t c = 0; c < lens->columns && st == JC_OK; c += fit) {
        size_t end = lens->columns - c < fit ? lens->columns : c + fit;
        st = put_block(lens, map, c, end, what, look->colour, f, err);
    }
    return st;
}

static jc_status put_targets(const jc_lens *lens, size_t map, const jc_lens_look *look,
                             FILE *f, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; i < lens->n_targets && st == JC_OK; i++) {
        char *text;
        st = jc_lens_token(lens, lens->targets[i], &text, err);
        if (st)
            break;
        fprintf(f,
                "\nThe rank of '%s' (id %u) after each layer, read through '%s', with its\n"
                "probability in percent; * where it is the model's own answer.\n",
                text, lens->targets[i], lens->names[map]);
        jc_free(text);
        st = put_blocks(lens, map, (int)i, look, f, err);
    }
    return st;
}

/* The mean loss of the tokens that follow, and how often each is the first guess. */
static void put_losses(const jc_lens *lens, size_t map, FILE *f)
{
    size_t n = 0;
    uint32_t id;

    for (size_t c = 0; c < lens->columns; c++)
        n += jc_lens_next(lens, c, &id);
    if (n == 0)
        return;
    fprintf(f,
            "\nThe text's own next token, over %zu position%s: mean loss in nats, and the "
            "share\nof positions where it is the first guess, in percent.\n",
            n, n == 1 ? "" : "s");
    for (size_t row = 0; row < lens->rows; row++) {
        char name[JC_TAP_NAME];
        double loss = 0;
        size_t first = 0;
        jc_tap_name(lens->taps[row], name);
        for (size_t c = 0; c < lens->columns; c++) {
            jc_lens_score score = jc_lens_of_next(lens, map, row, c);
            loss += score.loss;
            first += score.rank == 1;
        }
        fprintf(f, "%s%-*s %5.2f %4.0f\n", lens->taps[row].point ? " " : "layer ",
                lens->taps[row].point ? LABEL - 1 : LABEL - 6, name, loss / (double)n,
                100 * (double)first / (double)n);
    }
}

/* How points inside blocks are read: through the maps that there are, others as they are.
 */
static void put_inner(const jc_lens *lens, FILE *f)
{
    char name[JC_TAP_NAME];
    bool some = false;

    fputs("Rows as 6.mlp are points inside a block, read as they are", f);
    for (size_t row = 0; lens->through && row < lens->rows; row++) {
        if (!lens->through[row][0])
            continue;
        jc_tap_name(lens->taps[row], name);
        fprintf(f, "%s%s through '%s'", some ? ", " : ",\nbut ", name, lens->through[row]);
        some = true;
    }
    fputs(".\n", f);
}

static jc_status put_text(const jc_lens *lens, const jc_lens_look *look, FILE *f,
                          jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t m = 0; m < lens->n_maps && st == JC_OK; m++) {
        fprintf(f,
                "%sThe first guess of %s after each layer, read through '%s',\n"
                "with its probability in percent; * where it is the model's own answer,\n"
                "settled: the layer from which on it is%s.\n",
                m ? "\n" : "", lens->info->causal ? "the next token" : "the masked token",
                lens->names[m],
                jc_lens_has_next(lens) ? "; next: rank and loss (nats)\n"
                                         "of the token that follows in the text, by the "
                                         "model itself"
                                       : "");
        if (lens->rows > lens->info->layers + 1)
            put_inner(lens, f);
        st = put_blocks(lens, m, GUESS, look, f, err);
        if (st == JC_OK)
            st = put_targets(lens, m, look, f, err);
        if (st == JC_OK)
            put_losses(lens, m, f);
    }
    return st ? st : jc_lens_tell_experts(lens, f, err);
}

const jc_lens_view jc_lens_text = {
    {"text", "the first guesses as a table, shaded on a terminal"},
    put_text,
};
