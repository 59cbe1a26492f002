/* SPDX-License-Identifier: MIT */
/*
 * view_json.c: a lens as one JSON document, written as it goes: a long text has a million
 * numbers. Tokens are ids, whose text stands once, under "tokens".
 */
#include <string.h>

#include "lens/lens.h"

/* Of readable text. Those of HTML are escaped too, so that it may stand in a <script>. */
static void put_string(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(f, "\\%c", *text);
        else if (*text == '<' || *text == '>' || *text == '&')
            fprintf(f, "\\u%04x", (unsigned)*text);
        else
            fputc(*text, f);
    }
    fputc('"', f);
}

static void put_ids(FILE *f, const uint32_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%c%u", i ? ',' : '[', ids[i]);
    fputs("]", f);
}

static void put_guesses(FILE *f, const jc_lens_cell *cell, int digits)
{
    (void)digits;
    put_ids(f, cell->ids, cell->n);
}

static void put_p(FILE *f, const jc_lens_cell *cell, int digits)
{
    for (size_t i = 0; i < cell->n; i++) {
        fputc(i ? ',' : '[', f);
        jc_lens_put_number(f, (double)cell->p[i], digits);
    }
    fputs("]", f);
}

static void put_rank(FILE *f, const jc_lens_cell *cell, int digits)
{
    (void)digits;
    fprintf(f, "%u", cell->rank);
}

static void put_entropy(FILE *f, const jc_lens_cell *cell, int digits)
{
    jc_lens_put_number(f, cell->entropy, digits);
}

static void put_kl(FILE *f, const jc_lens_cell *cell, int digits)
{
    jc_lens_put_number(f, cell->kl, digits);
}

/* "name":[[of each column] of each row] */
static void put_table(const jc_lens *lens, const jc_lens_detail *detail, size_t map,
                      const char *name,
                      void (*put)(FILE *f, const jc_lens_cell *cell, int digits), FILE *f)
{
    fprintf(f, ",\n\"%s\":[", name);
    for (size_t row = 0; row < lens->rows; row++) {
        fputs(row ? ",\n[" : "[", f);
        for (size_t c = 0; c < lens->columns; c++) {
            jc_lens_cell cell = jc_lens_at(lens, map, row, c);
            cell.n = cell.n < detail->top ? cell.n : detail->top;
            if (c)
                fputc(',', f);
            put(f, &cell, detail->digits);
        }
        fputc(']', f);
    }
    fputc(']', f);
}

/* What is put of the score of a token: rank 0 is null. */
typedef struct member {
    const char *name;
    size_t target; /* n_targets: the token that follows */
    bool rank;     /* else `loss` of the token that follows, `p` of a target */
} member;

static void put_score(const jc_lens *lens, const member *what, size_t map, size_t row,
                      size_t column, int digits, FILE *f)
{
    bool next = what->target == lens->n_targets;
    jc_lens_score score = next ? jc_lens_of_next(lens, map, row, column)
                               : jc_lens_of_target(lens, map, row, column, what->target);

    if (!score.rank)
        fputs("null", f);
    else if (what->rank)
        fprintf(f, "%u", score.rank);
    else
        jc_lens_put_number(f, next ? score.loss : score.p, digits);
}

/* [[of each column] of each row] */
static void put_scores(const jc_lens *lens, const jc_lens_detail *detail,
                       const member *what, size_t map, FILE *f)
{
    for (size_t row = 0; row < lens->rows; row++) {
        fputs(row ? ",\n[" : "[[", f);
        for (size_t c = 0; c < lens->columns; c++) {
            fputs(c ? "," : "", f);
            put_score(lens, what, map, row, c, detail->digits, f);
        }
        fputc(']', f);
    }
    fputc(']', f);
}

static void put_traces(const jc_lens *lens, const jc_lens_detail *detail, size_t map,
                       FILE *f)
{
    for (int rank = 1; rank >= 0 && jc_lens_has_next(lens); rank--) {
        const member what = {rank ? "next_rank" : "next_loss", lens->n_targets, rank};
        fprintf(f, ",\n\"%s\":", what.name);
        put_scores(lens, detail, &what, map, f);
    }
    for (int rank = 1; rank >= 0 && lens->n_targets; rank--) {
        fprintf(f, ",\n\"target_%s\":[", rank ? "rank" : "p");
        for (size_t i = 0; i < lens->n_targets; i++) {
            const member what = {NULL, i, rank};
            fputs(i ? ",\n" : "", f);
            put_scores(lens, detail, &what, map, f);
        }
        fputc(']', f);
    }
}

/* "next":[id or null of each column],"targets":[ids] */
static void put_traced(const jc_lens *lens, FILE *f)
{
    uint32_t id;

    fputs(",\n\"next\":[", f);
    for (size_t c = 0; c < lens->columns; c++) {
        fputs(c ? "," : "", f);
        if (jc_lens_next(lens, c, &id))
            fprintf(f, "%u", id);
        else
            fputs("null", f);
    }
    fputs("],\n\"targets\":", f);
    if (lens->n_targets)
        put_ids(f, lens->targets, lens->n_targets);
    else
        fputs("[]", f);
}

static void put_taps(const jc_lens *lens, FILE *f)
{
    char name[JC_TAP_NAME];

    for (size_t row = 0; row < lens->rows; row++) {
        jc_tap_name(lens->taps[row], name);
        fprintf(f, "%c\"%s\"", row ? ',' : '[', name);
    }
    fputc(']', f);
}

/* The map that reads each row: its name, "id" where a state is read as it is, null for the
 * model's own output. */
static void put_through(const jc_lens *lens, const char *name, FILE *f)
{
    for (size_t row = 0; row < lens->rows; row++) {
        fputs(row ? "," : ",\n\"through\":[", f);
        if (row + 1 == lens->rows)
            fputs("null", f);
        else
            put_string(f, !lens->taps[row].point                   ? name
                          : lens->through && lens->through[row][0] ? lens->through[row]
                                                                   : "id");
    }
    fputc(']', f);
}

static jc_status put_maps(const jc_lens *lens, const jc_lens_detail *detail, FILE *f,
                          jc_error *err)
{
    for (size_t m = 0; m < lens->n_maps; m++) {
        char *name;
        jc_status st = jc_lens_readable(lens->names[m], strlen(lens->names[m]), &name, err);
        if (st)
            return st;
        fputs(m ? ",\n" : "", f);
        put_string(f, name);
        fputs(":{\"settled\":", f);
        for (size_t c = 0; c < lens->columns; c++)
            fprintf(f, "%c%u", c ? ',' : '[', jc_lens_settled(lens, m, c));
        fputc(']', f);
        put_table(lens, detail, m, "rank", put_rank, f);
        put_table(lens, detail, m, "entropy", put_entropy, f);
        put_table(lens, detail, m, "kl", put_kl, f);
        put_table(lens, detail, m, "guesses", put_guesses, f);
        put_table(lens, detail, m, "p", put_p, f);
        put_traces(lens, detail, m, f);
        put_through(lens, name, f);
        jc_free(name);
        fputc('}', f);
    }
    return JC_OK;
}

/* Each id that occurs, once. */
static jc_status put_tokens(const jc_lens *lens, size_t top, FILE *f, jc_error *err)
{
    size_t guesses = lens->n_maps * lens->rows * lens->columns * lens->top;
    bool *used = jc_alloc_array(lens->info->vocab, sizeof *used);
    const char *comma = "";
    jc_status st = JC_OK;

    if (!used)
        return jc_fail_nomem(err, "the tokens");
    for (size_t i = 0; i < lens->n_ids; i++)
        used[lens->ids[i]] = true;
    for (size_t i = 0; i < lens->n_targets; i++)
        used[lens->targets[i]] = true;
    for (size_t i = 0; i < guesses; i++)
        if (i % lens->top < top)
            used[lens->guesses[i]] = true;
    for (uint32_t id = 0; id < lens->info->vocab && st == JC_OK; id++) {
        char *text;
        if (!used[id])
            continue;
        st = jc_lens_token(lens, id, &text, err);
        if (st)
            break;
        fprintf(f, "%s\"%u\":", comma, id);
        put_string(f, text);
        jc_free(text);
        comma = ",";
    }
    jc_free(used);
    return st;
}

/* Its name is that of the folder or file. */
static jc_status put_model_name(const char *path, bool shared, FILE *f, jc_error *err)
{
    size_t end = strlen(path), start;
    char *text, *name = NULL;

    while (end > 1 && path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && path[start - 1] != '/'; start--)
        ;
    jc_status st = jc_lens_readable(path, strlen(path), &text, err);
    if (st == JC_OK)
        st = jc_lens_readable(path + start, end - start, &name, err);
    if (st == JC_OK && !shared) {
        fputs("\"path\":", f);
        put_string(f, text);
        fputc(',', f);
    }
    if (st == JC_OK) {
        fputs("\"name\":", f);
        put_string(f, name);
    }
    jc_free(text);
    jc_free(name);
    return st;
}

jc_status jc_lens_put_json(const jc_lens *lens, const jc_lens_detail *detail, FILE *f,
                           jc_error *err)
{
    const jc_model_info *info = lens->info;

    fputs("{\"format\":\"jumpcut-lens/1\",\n\"model\":{", f);
    jc_status st = put_model_name(info->path, detail->shared, f, err);
    if (st)
        return st;
    fprintf(f,
            ",\"architecture\":\"%s\",\"causal\":%s,\"layers\":%u,\"vocab\":%u,"
            "\"fingerprint\":\"%s\"},\n\"ids\":",
            info->architecture, info->causal ? "true" : "false", info->layers, info->vocab,
            info->fingerprint);
    put_ids(f, lens->ids, lens->n_ids);
    fputs(",\n\"positions\":", f);
    put_ids(f, lens->positions, lens->columns);
    fputs(",\n\"answers\":", f);
    put_ids(f, lens->answers, lens->columns);
    put_traced(lens, f);
    fputs(",\n\"taps\":", f);
    put_taps(lens, f);
    jc_lens_put_experts(lens, detail->digits, f);
    fputs(",\n\"maps\":{", f);
    st = put_maps(lens, detail, f, err);
    fputs("},\n\"tokens\":{", f);
    if (st == JC_OK)
        st = put_tokens(lens, detail->top, f, err);
    fputs("}}\n", f);
    return st;
}

static jc_status put_json(const jc_lens *lens, const jc_lens_look *look, FILE *f,
                          jc_error *err)
{
    const jc_lens_detail all = {.top = lens->top, .digits = 6};

    (void)look;
    return jc_lens_put_json(lens, &all, f, err);
}

const jc_lens_view jc_lens_json = {
    {"json", "everything, tokens as ids with their texts"},
    put_json,
};
