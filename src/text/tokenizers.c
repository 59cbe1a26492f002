/* SPDX-License-Identifier: MIT */
/* tokenizers.c: the TABLE of tokenizers, and what is the same for all of them: find the
 * row, take out the tokens that stand in the text as they are, leave the rest to the row.
 */
#include "text/tokenizer.h"

#include <inttypes.h>
#include <string.h>

static const jc_tokenizer_row *const rows[] = {
    &jc_tokenizer_byte_bpe,
    &jc_tokenizer_wordpiece,
};

static const jc_tokenizer_row *find_row(const jc_tokenizer_files *files, jc_error *err)
{
    const char *type = jc_tokenizer_files_model(files);
    char quoted[JC_QUOTED];

    for (size_t i = 0; i < JC_COUNT(rows); i++)
        if (rows[i]->probe(files))
            return rows[i];
    if (type)
        jc_fail(err, JC_E_UNSUPPORTED, "cannot read '%s': model type '%s' is not supported",
                files->map[JC_FILE_TOKENIZER].path, jc_quoted(quoted, type, strlen(type)));
    else
        jc_fail(err, JC_E_IO,
                "no tokenizer in '%s': it wants 'tokenizer.json', 'vocab.json' and "
                "'merges.txt', or 'vocab.txt'",
                files->folder);
    return NULL;
}

jc_status jc_tokenizer_make(jc_tokenizer **out, const jc_tokenizer_files *files,
                            jc_error *err)
{
    const jc_tokenizer_row *row = find_row(files, err);

    *out = NULL;
    if (!row)
        return jc_tokenizer_files_model(files) ? JC_E_UNSUPPORTED : JC_E_IO;
    jc_tokenizer *t = jc_alloc_array(1, sizeof *t);
    if (!t)
        return jc_fail_nomem(err, "a tokenizer");
    t->row = row;
    t->path = jc_strdup(files->map[jc_tokenizer_files_vocab(files)].path);
    jc_status st = t->path ? row->open(t, files, err) : jc_fail_nomem(err, "a tokenizer");
    if (st == JC_OK)
        st = jc_tokenizer_read_added(t, files, err);
    if (st == JC_OK)
        st = jc_tokenizer_read_frame(t, files, err);
    if (st) {
        jc_tokenizer_close(t);
        return st;
    }
    *out = t;
    return JC_OK;
}

jc_status jc_tokenizer_open(jc_tokenizer **out, const char *path, jc_error *err)
{
    jc_tokenizer_files files;

    *out = NULL;
    jc_status st = jc_tokenizer_files_open(&files, path, err);
    if (st == JC_OK)
        st = jc_tokenizer_make(out, &files, err);
    jc_tokenizer_files_close(&files);
    return st;
}

void jc_tokenizer_close(jc_tokenizer *t)
{
    if (!t)
        return;
    t->row->close(t->model);
    jc_added_free(&t->added);
    jc_vocab_free(&t->vocab);
    jc_ids_free(&t->before);
    jc_ids_free(&t->after);
    jc_free(t->path);
    jc_free(t);
}

const char *jc_tokenizer_kind(const jc_tokenizer *t)
{
    return t->row->kind;
}

uint32_t jc_tokenizer_size(const jc_tokenizer *t)
{
    return t->vocab.size;
}

int64_t jc_tokenizer_special(const jc_tokenizer *t, const char *role)
{
    for (size_t i = 0; i < JC_ROLES; i++)
        if (strcmp(role, jc_tokenizer_role_name(i)) == 0)
            return t->role[i] == JC_NO_TOKEN ? -1 : (int64_t)t->role[i];
    return -1;
}

bool jc_tokenizer_is_special(const jc_tokenizer *t, uint32_t id)
{
    return t->vocab.token[id].special;
}

static jc_status encode_from(const jc_tokenizer *t, size_t pass, const char *text, size_t n,
                             jc_ids *ids, jc_error *err);

/* What a pass leaves: pass 0 to be made normal, pass 1 for the row. */
static jc_status encode_between(const jc_tokenizer *t, size_t pass, const char *text,
                                size_t n, jc_ids *ids, jc_error *err)
{
    jc_bytes normal = {0};

    if (n == 0)
        return JC_OK;
    if (pass == 1)
        return t->row->encode(t, text, n, ids, err);
    if (!t->row->normalize)
        return encode_from(t, 1, text, n, ids, err);
    jc_status st = t->row->normalize(t, text, n, &normal, err);
    if (st == JC_OK)
        st = encode_from(t, 1, normal.data, normal.n, ids, err);
    jc_free(normal.data);
    return st;
}

/* Take out the added tokens of this pass. */
static jc_status encode_from(const jc_tokenizer *t, size_t pass, const char *text, size_t n,
                             jc_ids *ids, jc_error *err)
{
    size_t at = 0, done = 0;
    jc_added_match match;

    while (jc_added_next(&t->added, pass, text, n, &at, done, &match)) {
        jc_status st = encode_between(t, pass, text + done, match.start - done, ids, err);
        if (st)
            return st;
        if (!jc_ids_add(ids, match.id))
            return jc_fail_nomem(err, "token ids");
        done = match.stop;
    }
    return encode_between(t, pass, text + done, n - done, ids, err);
}

jc_status jc_tokenizer_encode_bare(const jc_tokenizer *t, const char *text, size_t length,
                                   jc_ids *ids, jc_error *err)
{
    size_t before = ids->n;
    jc_status st = encode_from(t, 0, text, length, ids, err);

    if (st)
        ids->n = before;
    return st;
}

jc_status jc_tokenizer_encode(const jc_tokenizer *t, const char *text, size_t length,
                              jc_ids *ids, jc_error *err)
{
    size_t before = ids->n;
    jc_status st = JC_OK;

    if (!jc_ids_append(ids, &t->before))
        st = jc_fail_nomem(err, "token ids");
    if (st == JC_OK)
        st = jc_tokenizer_encode_bare(t, text, length, ids, err);
    if (st == JC_OK && !jc_ids_append(ids, &t->after))
        st = jc_fail_nomem(err, "token ids");
    if (st)
        ids->n = before;
    return st;
}

/* Runs of the row's tokens, with added tokens between them as they are written. */
static jc_status decode_all(const jc_tokenizer *t, const uint32_t *ids, size_t n,
                            jc_bytes *text, jc_error *err)
{
    jc_status st = JC_OK;

    if (t->row->whole)
        return t->row->decode(t, ids, n, text, err);
    for (size_t i = 0; i < n && st == JC_OK;) {
        size_t run = i, length;
        while (run < n && !t->vocab.token[ids[run]].added)
            run++;
        if (run > i)
            st = t->row->decode(t, ids + i, run - i, text, err);
        if (st == JC_OK && run < n) {
            const char *name = jc_vocab_name(&t->vocab, ids[run], &length);
            if (!jc_bytes_add(text, name, length))
                st = jc_fail_nomem(err, "a text");
            run++;
        }
        i = run;
    }
    return st;
}

jc_status jc_tokenizer_decode(const jc_tokenizer *t, const uint32_t *ids, size_t n,
                              char **text, size_t *length, jc_error *err)
{
    jc_bytes bytes = {0};
    size_t ignored;

    *text = NULL;
    *length = 0;
    for (size_t i = 0; i < n; i++)
        if (!jc_vocab_name(&t->vocab, ids[i], &ignored))
            return jc_fail(err, JC_E_ARG,
                           "no token has id %" PRIu32 " (the vocabulary has %" PRIu32 ")",
                           ids[i], t->vocab.size);
    jc_status st = decode_all(t, ids, n, &bytes, err);
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
