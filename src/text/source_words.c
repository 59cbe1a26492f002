/* SPDX-License-Identifier: MIT */
/* source_words.c: vocab.txt, the file that BERT was published with. */
#include <inttypes.h>
#include <string.h>

#include "text/chars.h"
#include "text/tokenizer.h"

static bool probe(const jc_tokenizer_files *files)
{
    return files->map[JC_FILE_WORDS].data != NULL;
}

static const char *path_of(const jc_tokenizer_files *files)
{
    return files->map[JC_FILE_WORDS].path;
}

/* As the reference: a line is a token without the white space at its end, and its number
 * the id; of two lines that are the same, the first has an id and no token. */
static jc_status read_words(jc_tokenizer *t, const jc_mapped *map, jc_error *err)
{
    const char *text = (const char *)map->data;
    uint64_t line = 0;

    for (size_t at = 0; at < map->size; line++) {
        const char *start = text + at, *end = memchr(start, '\n', map->size - at);
        size_t n = end ? (size_t)(end - start) : map->size - at, kept = 0;
        at += n + (end != NULL);
        for (size_t i = 0; i < n;) {
            uint32_t c;
            size_t length = jc_utf8_next(start + i, n - i, &c);
            if (length == 0)
                return jc_fail(err, JC_E_FORMAT,
                               "cannot read '%s': line %" PRIu64 " is not UTF-8", map->path,
                               line + 1);
            i += length;
            if (!jc_char_is_space(c))
                kept = i;
        }
        jc_status st = jc_vocab_put(&t->vocab, start, kept, line, map->path, err);
        if (st)
            return st;
    }
    return JC_OK;
}

/* What tokenizer_config.json says counts; then the normalizer of tokenizer.json. Accents go
 * with capitals, unless something is said of them. */
jc_status jc_bert_normal_read(jc_bert_normal *normal, const json_t *object,
                              const jc_tokenizer_files *files, jc_error *err)
{
    const json_t *config = files->json[JC_FILE_CONFIG];
    const char *path[] = {files->map[JC_FILE_TOKENIZER].path,
                          files->map[JC_FILE_CONFIG].path};
    const struct {
        const json_t *in;
        const char *key, *path;
        bool *flag;
    } row[] = {
        {object, "clean_text", path[0], &normal->clean},
        {object, "handle_chinese_chars", path[0], &normal->cjk},
        {config, "tokenize_chinese_chars", path[1], &normal->cjk},
        {object, "lowercase", path[0], &normal->lower},
        {config, "do_lower_case", path[1], &normal->lower},
        {object, "strip_accents", path[0], &normal->strip},
        {config, "strip_accents", path[1], &normal->strip},
    };
    jc_status st = JC_OK;

    *normal = (jc_bert_normal){.clean = true, .cjk = true, .lower = true};
    for (size_t i = 0; i < JC_COUNT(row) && st == JC_OK; i++) {
        if (i == 5)
            normal->strip = normal->lower;
        st = jc_json_flag(row[i].in, row[i].key, row[i].path, row[i].flag, err);
    }
    return st;
}

jc_status jc_tokenizer_bert(jc_tokenizer *t, const jc_bert_normal *normal, jc_error *err)
{
    jc_normal_step step = {.run = jc_normal_bert, .bert = *normal};
    jc_cut_step cut = {.kind = JC_CUT_BERT};
    jc_undo_step words = {.kind = JC_UNDO_WORDPIECE, .extra = true, .n_text = 2};

    t->algorithm = &jc_wordpiece;
    t->roles = jc_roles_bert;
    t->word_limit = 100;
    t->inside = jc_strdup("##");
    words.text = jc_strdup("##");
    jc_status st =
        words.text ? jc_undo_add(&t->undo, &words, err) : jc_fail_nomem(err, "a tokenizer");
    if (st == JC_OK && !t->inside)
        st = jc_fail_nomem(err, "a tokenizer");
    if (st == JC_OK)
        st = jc_normal_add(&t->normal, &step, err);
    return st ? st : jc_cut_add(&t->cut, &cut, err);
}

static jc_status read(jc_tokenizer *t, const jc_tokenizer_files *files, jc_error *err)
{
    const json_t *named = jc_tokenizer_content(jc_tokenizer_files_role(files, JC_ROLE_UNK));
    const char *unknown = named ? json_string_value(named) : jc_roles_bert[JC_ROLE_UNK];
    char quoted[JC_QUOTED];
    jc_bert_normal normal;
    jc_status st = read_words(t, &files->map[JC_FILE_WORDS], err);

    t->framed = true;
    if (st == JC_OK)
        st = jc_bert_normal_read(&normal, NULL, files, err);
    if (st == JC_OK)
        st = jc_tokenizer_bert(t, &normal, err);
    if (st)
        return st;
    t->unknown = jc_vocab_find(&t->vocab, unknown, strlen(unknown));
    if (t->unknown == JC_NO_TOKEN)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': there is no unknown token '%s'",
                       t->path, jc_quoted(quoted, unknown, strlen(unknown)));
    return JC_OK;
}

const jc_source jc_source_words = {
    .probe = probe,
    .path = path_of,
    .read = read,
    .finish = jc_tokenizer_finish,
};
