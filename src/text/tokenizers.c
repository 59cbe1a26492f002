/* SPDX-License-Identifier: MIT */
/* tokenizers.c: the TABLE of sources, and what is the same for all tokenizers: take out the
 * tokens that stand in the text as they are, make the rest normal, cut it, and leave the
 * pieces to the algorithm. */
#include "text/tokenizer.h"

#include <inttypes.h>
#include <string.h>

#include "base/sign.h"

/* The first that has its files is taken. */
static const jc_source *const sources[] = {
    &jc_source_gguf,     &jc_source_json,   &jc_source_tekken, &jc_source_model,
    &jc_source_tiktoken, &jc_source_merges, &jc_source_words,
};

static const jc_source *find_source(const jc_tokenizer_files *files)
{
    for (size_t i = 0; i < JC_COUNT(sources); i++)
        if (sources[i]->probe(files))
            return sources[i];
    return NULL;
}

jc_status jc_tokenizer_make(jc_tokenizer **out, const jc_tokenizer_files *files,
                            jc_error *err)
{
    const jc_source *source = find_source(files);

    *out = NULL;
    if (!source)
        return jc_fail(err, JC_E_IO,
                       "no tokenizer in '%s': it wants 'tokenizer.json', "
                       "'tokenizer.model', 'tekken.json', '*.tiktoken', 'vocab.json' and "
                       "'merges.txt', or 'vocab.txt'",
                       files->folder);
    jc_tokenizer *t = jc_alloc_array(1, sizeof *t);
    if (!t)
        return jc_fail_nomem(err, "a tokenizer");
    t->unknown = JC_NO_TOKEN;
    for (size_t i = 0; i < JC_ROLES; i++)
        t->role[i] = JC_NO_TOKEN;
    t->path = jc_strdup(source->path(files));
    jc_status st = t->path && jc_merges_init(&t->merges, 0)
                       ? source->read(t, files, err)
                       : jc_fail_nomem(err, "a tokenizer");
    if (st == JC_OK)
        st = t->algorithm->prepare(t, err);
    if (st == JC_OK)
        st = source->finish(t, files, err);
    if (st) {
        jc_tokenizer_close(t);
        return st;
    }
    *out = t;
    return JC_OK;
}

/* A file that was refused may be no file of a tokenizer at all. */
static jc_status look_closer(const jc_tokenizer_files *files, jc_status st, jc_error *err)
{
    for (size_t i = 0; st == JC_E_FORMAT && i < JC_TOKENIZER_FILES; i++) {
        const jc_mapped *map = &files->map[i];
        const char *sign = map->data && map->size ? jc_sign_of(map->data, map->size) : NULL;
        if (sign)
            return jc_fail(err, st, "cannot read '%s': %s", map->path, sign);
    }
    return st;
}

jc_status jc_tokenizer_open(jc_tokenizer **out, const char *path, jc_error *err)
{
    jc_tokenizer_files files;

    jc_status st = jc_want_out(out, err);
    if (st == JC_OK)
        st = jc_want(path, "path", err);
    if (st)
        return st;
    st = jc_tokenizer_files_open(&files, path, err);
    if (st == JC_OK)
        st = look_closer(&files, jc_tokenizer_make(out, &files, err), err);
    jc_tokenizer_files_close(&files);
    return st;
}

void jc_tokenizer_close(jc_tokenizer *t)
{
    if (!t)
        return;
    if (t->algorithm)
        t->algorithm->close(t->model);
    jc_added_free(&t->added);
    jc_vocab_free(&t->vocab);
    jc_normal_free(&t->normal);
    jc_cut_free(&t->cut);
    jc_undo_free(&t->undo);
    jc_merges_free(&t->merges);
    jc_ids_free(&t->before);
    jc_ids_free(&t->after);
    jc_free(t->score);
    jc_free(t->inside);
    jc_free(t->path);
    jc_free(t);
}

jc_status jc_tokenizer_check(const jc_tokenizer *t, const uint32_t *ids, size_t n,
                             uint32_t rows, jc_error *err)
{
    if (jc_want(t, "tokenizer", err))
        return JC_E_ARG;
    char quoted[JC_QUOTED];

    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        if (ids[i] < rows)
            continue;
        const char *name = jc_vocab_name(&t->vocab, ids[i], &length);
        return jc_fail(err, JC_E_MISMATCH,
                       "token '%s', id %" PRIu32
                       ", has no row in the model's embedding: it has %" PRIu32
                       " rows, and the tokenizer of '%s' %" PRIu32 " tokens",
                       jc_quoted(quoted, name ? name : "", length), ids[i], rows, t->path,
                       t->vocab.size);
    }
    return JC_OK;
}

const char *jc_tokenizer_kind(const jc_tokenizer *t)
{
    if (!t)
        return NULL;
    return t->algorithm->kind;
}

uint32_t jc_tokenizer_size(const jc_tokenizer *t)
{
    if (!t)
        return 0;
    return t->vocab.size;
}

int64_t jc_tokenizer_special(const jc_tokenizer *t, const char *role)
{
    if (!t)
        return -1;
    for (size_t i = 0; i < JC_ROLES; i++)
        if (strcmp(role, jc_tokenizer_role_name(i)) == 0)
            return t->role[i] == JC_NO_TOKEN ? -1 : (int64_t)t->role[i];
    return -1;
}

bool jc_tokenizer_is_special(const jc_tokenizer *t, uint32_t id)
{
    return t->vocab.token[id].special;
}

/* ---- encoding ---- */

/* Of a piece, such as a word, or where a tokenizer knows no words the whole text. The
 * algorithms want up to 60 bytes of memory for each byte of it. */
#define PIECE_LIMIT  ((size_t)8 << 20)
#define REPORT_EVERY ((size_t)1 << 20)

typedef struct encoding {
    const jc_tokenizer *t;
    jc_scratch scratch;
    jc_ids *ids;
    const jc_hooks *hooks;
    size_t done, total, reported; /* bytes */
} encoding;

static jc_status encode_piece(void *arg, const char *piece, size_t n, jc_error *err)
{
    encoding *e = arg;

    if (n > PIECE_LIMIT)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot tokenize a text: %zu MiB of it have no place to cut, and "
                       "at most %zu may",
                       n >> 20, PIECE_LIMIT >> 20);
    e->done += n;
    if (e->done - e->reported >= REPORT_EVERY) {
        const jc_progress progress = {"tokenizing", "bytes", e->done, e->total};
        e->reported = e->done;
        jc_status st = jc_report(e->hooks, &progress, err);
        if (st)
            return st;
    }
    return e->t->algorithm->encode(e->t, &e->scratch, piece, n, e->ids, err);
}

static jc_status encode_from(encoding *e, size_t pass, const char *text, size_t n,
                             bool first, jc_error *err);

/* Characters are what most algorithms know: a byte that is none counts as U+FFFD. */
static bool repair(const char *text, size_t n, jc_bytes *out)
{
    for (size_t at = 0; at < n;) {
        size_t good = jc_utf8_span(text + at, n - at);
        if (!jc_bytes_add(out, text + at, good))
            return false;
        at += good;
        if (at < n && !jc_bytes_add(out, "\xef\xbf\xbd", 3))
            return false;
        at += at < n;
    }
    return true;
}

static jc_status encode_normal(encoding *e, const char *text, size_t n, bool first,
                               jc_error *err)
{
    const jc_tokenizer *t = e->t;
    jc_bytes whole = {0}, normal = {0};
    jc_status st = JC_OK;

    if (!t->cut.bytes && jc_utf8_span(text, n) < n) {
        if (!repair(text, n, &whole))
            st = jc_fail_nomem(err, "a text");
        text = whole.data;
        n = whole.n;
    }
    if (st == JC_OK && t->normal.n > 0) {
        st = jc_normal_run(&t->normal, text, n, &normal, err);
        text = normal.data;
        n = normal.n;
    }
    if (st == JC_OK)
        st = encode_from(e, 1, text, n, first, err);
    jc_free(whole.data);
    jc_free(normal.data);
    return st;
}

/* What a pass leaves: pass 0 to be made normal, pass 1 to be cut. */
static jc_status encode_between(encoding *e, size_t pass, const char *text, size_t n,
                                bool first, jc_error *err)
{
    if (n == 0)
        return JC_OK;
    return pass == 0 ? encode_normal(e, text, n, first, err)
                     : jc_cut_run(&e->t->cut, text, n, first, encode_piece, e, err);
}

/* Take out the added tokens of this pass. `first`: the text begins here. */
static jc_status encode_from(encoding *e, size_t pass, const char *text, size_t n,
                             bool first, jc_error *err)
{
    size_t at = 0, done = 0;
    jc_added_match match;

    while (jc_added_next(&e->t->added, pass, text, n, &at, done, &match)) {
        /* a token may begin in white space that the one before has taken */
        size_t between = match.start > done ? match.start - done : 0;
        jc_status st =
            encode_between(e, pass, text + done, between, first && done == 0, err);
        if (st)
            return st;
        if (!jc_ids_add(e->ids, match.id))
            return jc_fail_nomem(err, "token ids");
        done = match.stop;
    }
    return encode_between(e, pass, text + done, n - done, first && done == 0, err);
}

jc_status jc_tokenizer_encode_bare(const jc_tokenizer *t, const char *text, size_t length,
                                   const jc_hooks *hooks, jc_ids *ids, jc_error *err)
{
    size_t before = ids->n;
    encoding e = {.t = t, .ids = ids, .hooks = hooks, .total = length};
    jc_status st = encode_from(&e, 0, text, length, true, err);

    jc_bpe_free(&e.scratch.bpe);
    jc_ids_free(&e.scratch.ids);
    jc_free(e.scratch.bytes.data);
    jc_free(e.scratch.best);
    if (st)
        ids->n = before;
    return st;
}

jc_status jc_tokenizer_encode(const jc_tokenizer *t, const char *text, size_t length,
                              jc_ids *ids, jc_error *err)
{
    if (jc_want(t, "tokenizer", err))
        return JC_E_ARG;
    if (jc_want(ids, "ids", err))
        return JC_E_ARG;
    size_t before = ids->n;
    jc_status st = JC_OK;

    if (!jc_ids_append(ids, &t->before))
        st = jc_fail_nomem(err, "token ids");
    if (st == JC_OK)
        st = jc_tokenizer_encode_bare(t, text, length, NULL, ids, err);
    if (st == JC_OK && !jc_ids_append(ids, &t->after))
        st = jc_fail_nomem(err, "token ids");
    if (st)
        ids->n = before;
    return st;
}

/* ---- decoding ---- */

jc_status jc_tokenizer_token_text(const jc_tokenizer *t, uint32_t id, jc_bytes *text,
                                  jc_error *err)
{
    return jc_undo_run(t, &id, 1, JC_UNDO_ALONE, text, err);
}

jc_status jc_tokenizer_decode(const jc_tokenizer *t, const uint32_t *ids, size_t n,
                              char **text, size_t *length, jc_error *err)
{
    jc_bytes bytes = {0};
    size_t ignored;

    if (jc_want_out(text, err))
        return JC_E_ARG;
    if (jc_want(t, "tokenizer", err))
        return JC_E_ARG;
    if (jc_want(length, "length", err))
        return JC_E_ARG;
    *length = 0;
    for (size_t i = 0; i < n; i++)
        if (!jc_vocab_name(&t->vocab, ids[i], &ignored))
            return jc_fail(err, JC_E_ARG,
                           "no token has id %" PRIu32 " (the vocabulary has %" PRIu32 ")",
                           ids[i], t->vocab.size);
    jc_status st = jc_undo_run(t, ids, n, JC_UNDO_WHOLE, &bytes, err);
    if (st == JC_OK && !jc_bytes_add(&bytes, "", 1))
        st = jc_fail_nomem(err, "a text");
    if (st) {
        jc_free(bytes.data);
        return st;
    }
    *text = bytes.data;
    *length = bytes.n - 1;
    return JC_OK;
}
