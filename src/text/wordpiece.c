/* SPDX-License-Identifier: MIT */
/*
 * wordpiece.c: WordPiece (Wu et al. 2016) as BERT has it.
 *
 * A text is made normal (bert_normal.c), parted at white space and around punctuation, and
 * each word is cut into the longest tokens that the vocabulary has, from the left; tokens
 * inside a word begin with "##". A word that cannot be cut up whole is unknown.
 */
#include "text/bert_normal.h"
#include "text/chars.h"
#include "text/tokenizer.h"

#include <inttypes.h>
#include <string.h>

typedef struct wordpiece {
    jc_bert_normal normal;
    uint32_t unknown;
    uint64_t word_limit; /* characters of the longest word that is not unknown for length */
    size_t longest;      /* bytes of the longest token */
    char *inside;        /* what tokens inside a word begin with */
    size_t n_inside;
} wordpiece;

/* ---- opening ---- */

static bool probe(const jc_tokenizer_files *files)
{
    const char *type = jc_tokenizer_files_model(files);

    if (type)
        return strcmp(type, "WordPiece") == 0;
    return jc_tokenizer_files_vocab(files) == JC_FILE_WORDS;
}

/* As the reference: a line is a token without the white space at its end, and its number
 * the id; of two lines that are the same, the first has an id and no token. */
static jc_status read_words(jc_tokenizer *t, const jc_map *map, jc_error *err)
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

/* object[key] into *flag, where it is there. */
static jc_status read_flag(const json_t *object, const char *key, const char *path,
                           bool *flag, jc_error *err)
{
    const json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value))
        return JC_OK;
    if (!json_is_boolean(value))
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': '%s' is neither true nor false",
                       path, key);
    *flag = json_is_true(value);
    return JC_OK;
}

/* What tokenizer_config.json says counts; then the normalizer of tokenizer.json. Accents go
 * with capitals, unless something is said of them. */
static jc_status read_normal(wordpiece *w, const jc_tokenizer_files *files, jc_error *err)
{
    const json_t *config = files->json[JC_FILE_CONFIG];
    const json_t *object = json_object_get(files->json[JC_FILE_TOKENIZER], "normalizer");
    const struct {
        const json_t *in;
        const char *key, *path;
        bool *flag;
    } row[] = {
        {object, "clean_text", files->map[JC_FILE_TOKENIZER].path, &w->normal.clean},
        {object, "handle_chinese_chars", files->map[JC_FILE_TOKENIZER].path,
         &w->normal.cjk},
        {config, "tokenize_chinese_chars", files->map[JC_FILE_CONFIG].path, &w->normal.cjk},
        {object, "lowercase", files->map[JC_FILE_TOKENIZER].path, &w->normal.lower},
        {config, "do_lower_case", files->map[JC_FILE_CONFIG].path, &w->normal.lower},
        {object, "strip_accents", files->map[JC_FILE_TOKENIZER].path, &w->normal.strip},
        {config, "strip_accents", files->map[JC_FILE_CONFIG].path, &w->normal.strip},
    };
    jc_status st = JC_OK;

    w->normal = (jc_bert_normal){.clean = true, .cjk = true, .lower = true};
    for (size_t i = 0; i < JC_COUNT(row) && st == JC_OK; i++) {
        if (i == 5)
            w->normal.strip = w->normal.lower;
        st = read_flag(row[i].in, row[i].key, row[i].path, row[i].flag, err);
    }
    return st;
}

static jc_status check_parts(const json_t *root, const char *path, jc_error *err)
{
    static const struct {
        const char *part, *type[2], *what;
        bool needed;
    } row[] = {
        {"normalizer",
         {"BertNormalizer"},
         "a 'normalizer' other than BertNormalizer",
         true},
        {"pre_tokenizer",
         {"BertPreTokenizer"},
         "a 'pre_tokenizer' other than BertPreTokenizer",
         true},
        {"post_processor",
         {"TemplateProcessing", "BertProcessing"},
         "a 'post_processor' other than TemplateProcessing and BertProcessing",
         false},
        {"decoder", {"WordPiece"}, "a 'decoder' other than WordPiece", false},
    };

    for (size_t i = 0; i < JC_COUNT(row); i++) {
        const json_t *part = json_object_get(root, row[i].part);
        bool absent = !part || json_is_null(part);
        bool fits = jc_json_is_type(part, row[i].type[0]) ||
                    (row[i].type[1] && jc_json_is_type(part, row[i].type[1]));
        if (absent ? row[i].needed : !fits)
            return jc_tokenizer_refuse(path, row[i].what, err);
    }
    return JC_OK;
}

static jc_status open_whole(jc_tokenizer *t, const jc_tokenizer_files *files,
                            const json_t **unknown, jc_error *err)
{
    wordpiece *w = t->model;
    const char *path = files->map[JC_FILE_TOKENIZER].path;
    const json_t *root = files->json[JC_FILE_TOKENIZER];
    const json_t *model = json_object_get(root, "model");
    const json_t *inside = json_object_get(model, "continuing_subword_prefix");
    const json_t *limit = json_object_get(model, "max_input_chars_per_word");
    jc_status st = check_parts(root, path, err);

    if (st == JC_OK)
        st = jc_vocab_add_json(&t->vocab, json_object_get(model, "vocab"), path, err);
    *unknown = json_object_get(model, "unk_token");
    if (json_is_string(inside)) {
        jc_free(w->inside);
        w->inside = jc_strdup(json_string_value(inside));
    }
    if (json_is_integer(limit) && json_integer_value(limit) >= 0)
        w->word_limit = (uint64_t)json_integer_value(limit);
    return st;
}

static jc_status open_words(jc_tokenizer *t, const jc_tokenizer_files *files,
                            const json_t **unknown, jc_error *err)
{
    t->framed = true;
    *unknown = jc_tokenizer_files_role(files, JC_ROLE_UNK);
    return read_words(t, &files->map[JC_FILE_WORDS], err);
}

static jc_status load(jc_tokenizer *t, const jc_tokenizer_files *files, jc_error *err)
{
    wordpiece *w = jc_alloc_array(1, sizeof *w);
    const json_t *named = NULL;
    char quoted[JC_QUOTED];

    t->model = w;
    if (!w)
        return jc_fail_nomem(err, "a tokenizer");
    t->roles = jc_roles_bert;
    w->word_limit = 100;
    w->inside = jc_strdup("##");
    jc_status st = files->json[JC_FILE_TOKENIZER] ? open_whole(t, files, &named, err)
                                                  : open_words(t, files, &named, err);
    if (st == JC_OK && !w->inside)
        st = jc_fail_nomem(err, "a tokenizer");
    if (st == JC_OK)
        st = read_normal(w, files, err);
    if (st)
        return st;
    w->n_inside = strlen(w->inside);
    for (uint32_t id = 0; id < t->vocab.size; id++) {
        size_t length;
        if (jc_vocab_name(&t->vocab, id, &length) && length > w->longest)
            w->longest = length;
    }
    const char *name = named ? json_string_value(named) : jc_roles_bert[JC_ROLE_UNK];
    w->unknown = name ? jc_vocab_find(&t->vocab, name, strlen(name)) : JC_NO_TOKEN;
    if (w->unknown == JC_NO_TOKEN)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': there is no unknown token '%s'",
                       t->path, name ? jc_quoted(quoted, name, strlen(name)) : "");
    return JC_OK;
}

static void unload(void *model)
{
    wordpiece *w = model;

    if (!w)
        return;
    jc_free(w->inside);
    jc_free(w);
}

/* ---- encoding ---- */

static jc_status normalize(const jc_tokenizer *t, const char *text, size_t n, jc_bytes *out,
                           jc_error *err)
{
    const wordpiece *w = t->model;

    return jc_bert_normalize(&w->normal, text, n, out) ? JC_OK
                                                       : jc_fail_nomem(err, "a text");
}

static bool starts_char(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

/* The longest token that text[0..n) begins with; *length is how much of it, 0 for none. */
static uint32_t longest_token(const jc_vocab *vocab, const char *text, size_t n,
                              size_t skip, size_t *length)
{
    for (*length = n; *length > skip; --*length) {
        if (*length < n && !starts_char(text[*length]))
            continue;
        uint32_t id = jc_vocab_find(vocab, text, *length);
        if (id != JC_NO_TOKEN)
            return id;
    }
    *length = 0;
    return JC_NO_TOKEN;
}

/* `piece` is for w->n_inside + w->longest bytes. */
static bool encode_word(const jc_tokenizer *t, const char *word, size_t n, char *piece,
                        jc_ids *ids)
{
    const wordpiece *w = t->model;
    size_t before = ids->n;
    uint64_t chars = 0;

    for (size_t i = 0; i < n; i++)
        chars += starts_char(word[i]);
    for (size_t at = 0; at < n && chars <= w->word_limit;) {
        size_t skip = at ? w->n_inside : 0, length;
        size_t room = n - at < w->longest ? n - at : w->longest;
        while (room < n - at && !starts_char(word[at + room]))
            room--;
        memcpy(piece + w->n_inside, word + at, room);
        uint32_t id = longest_token(&t->vocab, piece + w->n_inside - skip, skip + room,
                                    skip, &length);
        if (length == 0) {
            ids->n = before;
            break;
        }
        if (!jc_ids_add(ids, id))
            return false;
        at += length - skip;
    }
    return ids->n > before || jc_ids_add(ids, w->unknown);
}

static jc_status encode(const jc_tokenizer *t, const char *text, size_t n, jc_ids *ids,
                        jc_error *err)
{
    const wordpiece *w = t->model;
    size_t word = 0; /* where the word begins that is not ended yet */
    char *piece = jc_alloc(w->n_inside + w->longest + 1);
    bool ok = piece != NULL;

    if (ok)
        memcpy(piece, w->inside, w->n_inside);
    for (size_t at = 0; at < n && ok;) {
        uint32_t c = 0;
        size_t length = jc_utf8_next(text + at, n - at, &c);
        bool punct = jc_bert_is_punct(c);
        if (punct || jc_char_is_space(c)) {
            ok = at == word || encode_word(t, text + word, at - word, piece, ids);
            word = at + length;
            if (ok && punct)
                ok = encode_word(t, text + at, length, piece, ids);
        }
        at += length;
    }
    if (ok && word < n)
        ok = encode_word(t, text + word, n - word, piece, ids);
    jc_free(piece);
    return ok ? JC_OK : jc_fail_nomem(err, "token ids");
}

/* ---- decoding ---- */

/* No space before it. */
static bool leans(const char *name, size_t n)
{
    static const char *const to[] = {".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re"};

    for (size_t i = 0; i < JC_COUNT(to); i++)
        if (n >= strlen(to[i]) && memcmp(name, to[i], strlen(to[i])) == 0)
            return true;
    return false;
}

/* Words with spaces between, without [CLS], [SEP] and [PAD]. */
static jc_status decode(const jc_tokenizer *t, const uint32_t *ids, size_t n,
                        jc_bytes *text, jc_error *err)
{
    const wordpiece *w = t->model;
    bool first = true;

    for (size_t i = 0; i < n; i++) {
        size_t length;
        const char *name = jc_vocab_name(&t->vocab, ids[i], &length);
        if (ids[i] == t->role[JC_ROLE_CLS] || ids[i] == t->role[JC_ROLE_SEP] ||
            ids[i] == t->role[JC_ROLE_PAD])
            continue;
        bool inside = length >= w->n_inside && memcmp(name, w->inside, w->n_inside) == 0;
        size_t skip = inside && !first ? w->n_inside : 0;
        if ((!first && !inside && !leans(name, length) && !jc_bytes_add(text, " ", 1)) ||
            !jc_bytes_add(text, name + skip, length - skip))
            return jc_fail_nomem(err, "a text");
        first = false;
    }
    return JC_OK;
}

const jc_tokenizer_row jc_tokenizer_wordpiece = {
    .kind = "wordpiece",
    .probe = probe,
    .open = load,
    .normalize = normalize,
    .encode = encode,
    .whole = true,
    .decode = decode,
    .close = unload,
};
