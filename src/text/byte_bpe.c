/* SPDX-License-Identifier: MIT */
/*
 * byte_bpe.c: byte-level BPE (Radford et al. 2019), the tokenizer of GPT-2.
 *
 * Every text can be encoded, because the smallest tokens are the 256 bytes. In the files
 * each byte is written as one printable character: itself where it is printable in Latin-1,
 * else a character from U+0100 on. Ids are all that is left of that at run time, but for
 * decoding, which reads the names.
 */
#include "text/bpe.h"
#include "text/pattern.h"
#include "text/tokenizer.h"

#include <inttypes.h>
#include <string.h>

typedef struct byte_bpe {
    jc_merges merges;
    uint32_t n_ranks;      /* merges read, also those given twice */
    uint32_t byte_id[256]; /* JC_NO_TOKEN: this byte has no token */
    jc_pattern *pattern;   /* NULL: the text is one piece */
    bool prefix_space;     /* a text that does not start with a space is given one */
} byte_bpe;

/* ---- bytes as characters ---- */

static bool printable(unsigned b)
{
    return (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
}

/* The bytes that are not printable, in order, are U+0100, U+0101, ... */
static uint32_t byte_char(unsigned b)
{
    uint32_t next = 0x100;

    if (printable(b))
        return b;
    for (unsigned i = 0; i < b; i++)
        next += !printable(i);
    return next;
}

/* The byte that a character stands for, -1 for none. */
static int char_byte(uint32_t code)
{
    if (code < 0x100)
        return printable(code) ? (int)code : -1;
    for (unsigned b = 0; b < 256; b++)
        if (!printable(b) && code-- == 0x100)
            return (int)b;
    return -1;
}

/* ---- opening ---- */

static bool probe(const jc_tokenizer_files *files)
{
    const char *type = jc_tokenizer_files_model(files);

    if (type)
        return strcmp(type, "BPE") == 0;
    return jc_tokenizer_files_vocab(files) == JC_FILE_VOCAB;
}

static void find_bytes(byte_bpe *b, const jc_vocab *vocab, uint32_t unknown)
{
    for (unsigned i = 0; i < 256; i++) {
        uint32_t code = byte_char(i);
        char name[2] = {(char)code};
        size_t length = 1;
        if (code >= 0x80) {
            name[0] = (char)(0xc0 | code >> 6);
            name[1] = (char)(0x80 | (code & 0x3f));
            length = 2;
        }
        b->byte_id[i] = jc_vocab_find(vocab, name, length);
        if (b->byte_id[i] == JC_NO_TOKEN)
            b->byte_id[i] = unknown;
    }
}

typedef struct half {
    const char *name;
    size_t n;
} half;

/* One merge; `where` it is written ("line 3" or "merge 3") is for messages. */
static jc_status add_merge(jc_tokenizer *t, half left, half right, const char *path,
                           const char *where, uint64_t number, jc_error *err)
{
    byte_bpe *b = t->model;
    char quoted[JC_QUOTED], *both = jc_alloc(left.n + right.n);
    half part[3] = {left, right, {both, left.n + right.n}};
    uint32_t id[3];
    jc_status st = JC_OK;

    if (!both)
        return jc_fail_nomem(err, "a merge");
    memcpy(both, left.name, left.n);
    memcpy(both + left.n, right.name, right.n);
    for (size_t i = 0; i < 3 && st == JC_OK; i++) {
        id[i] = jc_vocab_find(&t->vocab, part[i].name, part[i].n);
        if (id[i] == JC_NO_TOKEN)
            st = jc_fail(err, JC_E_FORMAT,
                         "cannot read '%s': %s %" PRIu64
                         " names '%s', which is not in the vocabulary",
                         path, where, number, jc_quoted(quoted, part[i].name, part[i].n));
    }
    if (st == JC_OK && !jc_merges_add(&b->merges, id[0], id[1], b->n_ranks++, id[2]))
        st = jc_fail_nomem(err, "the merges");
    jc_free(both);
    return st;
}

/* "left right" of merges.txt or of tokenizer.json. */
static jc_status add_pair(jc_tokenizer *t, const char *text, size_t n, const char *path,
                          const char *where, uint64_t number, jc_error *err)
{
    const char *space = memchr(text, ' ', n);
    size_t at = space ? (size_t)(space - text) : 0;

    if (at == 0 || at + 1 == n || memchr(space + 1, ' ', n - at - 1))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': %s %" PRIu64
                       " is not two tokens with a space between",
                       path, where, number);
    return add_merge(t, (half){text, at}, (half){space + 1, n - at - 1}, path, where,
                     number, err);
}

static jc_status read_merges_txt(jc_tokenizer *t, const jc_map *map, jc_error *err)
{
    const char *text = (const char *)map->data;
    uint64_t line = 0;

    for (size_t at = 0; at < map->size;) {
        const char *end = memchr(text + at, '\n', map->size - at);
        size_t next = end ? (size_t)(end - text) + 1 : map->size;
        size_t n = next - at - (end != NULL);
        const char *start = text + at;
        line++;
        at = next;
        if (n > 0 && start[n - 1] == '\r')
            n--;
        if (n == 0 || (n >= 8 && memcmp(start, "#version", 8) == 0))
            continue;
        jc_status st = add_pair(t, start, n, map->path, "line", line, err);
        if (st)
            return st;
    }
    return JC_OK;
}

static jc_status read_merges_json(jc_tokenizer *t, json_t *merges, const char *path,
                                  jc_error *err)
{
    size_t i;
    json_t *merge;
    jc_status st = JC_OK;

    if (!json_is_array(merges))
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': 'model.merges' is not a list",
                       path);
    json_array_foreach(merges, i, merge)
    {
        json_t *left = json_array_get(merge, 0), *right = json_array_get(merge, 1);
        if (json_is_string(merge))
            st = add_pair(t, json_string_value(merge), json_string_length(merge), path,
                          "merge", i, err);
        else if (json_is_string(left) && json_is_string(right) &&
                 json_array_size(merge) == 2)
            st = add_merge(t, (half){json_string_value(left), json_string_length(left)},
                           (half){json_string_value(right), json_string_length(right)},
                           path, "merge", i, err);
        else
            st = jc_fail(err, JC_E_FORMAT,
                         "cannot read '%s': merge %zu is neither text nor a pair", path, i);
        if (st)
            return st;
    }
    return JC_OK;
}

/* ---- tokenizer.json: what is in it that is not done here is refused ---- */

static bool is_set(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return value && !json_is_null(value) && !json_is_false(value) &&
           !(json_is_string(value) && json_string_length(value) == 0);
}

static jc_status check_model(const json_t *model, const char *path, jc_error *err)
{
    static const char *const no[][2] = {
        {"continuing_subword_prefix", "'model.continuing_subword_prefix'"},
        {"end_of_word_suffix", "'model.end_of_word_suffix'"},
        {"byte_fallback", "'model.byte_fallback'"},
        {"ignore_merges", "'model.ignore_merges'"},
        {"fuse_unk", "'model.fuse_unk'"},
    };

    for (size_t i = 0; i < JC_COUNT(no); i++)
        if (is_set(model, no[i][0]))
            return jc_tokenizer_refuse(path, no[i][1], err);
    return json_number_value(json_object_get(model, "dropout")) > 0
               ? jc_tokenizer_refuse(path, "'model.dropout'", err)
               : JC_OK;
}

static jc_status check_parts(const json_t *root, const char *path, jc_error *err)
{
    const json_t *post = json_object_get(root, "post_processor");
    const json_t *decoder = json_object_get(root, "decoder");

    if (is_set(root, "normalizer"))
        return jc_tokenizer_refuse(path, "'normalizer'", err);
    if (!jc_json_is_type(json_object_get(root, "pre_tokenizer"), "ByteLevel"))
        return jc_tokenizer_refuse(path, "a 'pre_tokenizer' other than ByteLevel", err);
    if (is_set(root, "post_processor") && !jc_json_is_type(post, "ByteLevel") &&
        !jc_json_is_type(post, "RobertaProcessing"))
        return jc_tokenizer_refuse(
            path, "a 'post_processor' other than ByteLevel and RobertaProcessing", err);
    if (is_set(root, "decoder") && !jc_json_is_type(decoder, "ByteLevel"))
        return jc_tokenizer_refuse(path, "a 'decoder' other than ByteLevel", err);
    return JC_OK;
}

static jc_status open_whole(jc_tokenizer *t, const jc_tokenizer_files *files, bool *whole,
                            jc_error *err)
{
    byte_bpe *b = t->model;
    const char *path = files->map[JC_FILE_TOKENIZER].path;
    const json_t *root = files->json[JC_FILE_TOKENIZER];
    const json_t *model = json_object_get(root, "model");
    const json_t *split = json_object_get(root, "pre_tokenizer");
    const json_t *unk = json_object_get(model, "unk_token");

    jc_status st = check_parts(root, path, err);
    if (st == JC_OK)
        st = check_model(model, path, err);
    if (st == JC_OK)
        st = jc_vocab_add_json(&t->vocab, json_object_get(model, "vocab"), path, err);
    if (st == JC_OK)
        st = read_merges_json(t, json_object_get(model, "merges"), path, err);
    /* `true` is what the reference takes for both where the file does not say */
    b->prefix_space = !json_is_false(json_object_get(split, "add_prefix_space"));
    *whole = json_is_false(json_object_get(split, "use_regex"));
    if (jc_json_is_type(json_object_get(root, "post_processor"), "RobertaProcessing"))
        t->roles = jc_roles_roberta;
    uint32_t unknown = JC_NO_TOKEN;
    if (json_is_string(unk))
        unknown = jc_vocab_find(&t->vocab, json_string_value(unk), json_string_length(unk));
    find_bytes(b, &t->vocab, unknown);
    return st;
}

/* The two kinds of vocab.json: the file's word, or else the tokens that are in it. */
static bool is_roberta(const jc_vocab *vocab, const json_t *config)
{
    const char *class = json_string_value(json_object_get(config, "tokenizer_class"));

    if (class)
        return strncmp(class, "Roberta", 7) == 0;
    return jc_vocab_find(vocab, "<s>", 3) != JC_NO_TOKEN &&
           jc_vocab_find(vocab, "</s>", 4) != JC_NO_TOKEN &&
           jc_vocab_find(vocab, "<mask>", 6) != JC_NO_TOKEN;
}

static jc_status open_parts(jc_tokenizer *t, const jc_tokenizer_files *files, jc_error *err)
{
    byte_bpe *b = t->model;
    jc_status st = jc_vocab_add_json(&t->vocab, files->json[JC_FILE_VOCAB],
                                     files->map[JC_FILE_VOCAB].path, err);

    if (st == JC_OK)
        st = read_merges_txt(t, &files->map[JC_FILE_MERGES], err);
    b->prefix_space =
        json_is_true(json_object_get(files->json[JC_FILE_CONFIG], "add_prefix_space"));
    t->framed = is_roberta(&t->vocab, files->json[JC_FILE_CONFIG]);
    t->roles = t->framed ? jc_roles_roberta : jc_roles_gpt2;
    find_bytes(b, &t->vocab, JC_NO_TOKEN);
    return st;
}

static jc_status load(jc_tokenizer *t, const jc_tokenizer_files *files, jc_error *err)
{
    bool whole = false;
    byte_bpe *b = jc_alloc_array(1, sizeof *b);

    t->model = b;
    if (!b || !jc_merges_init(&b->merges, 0))
        return jc_fail_nomem(err, "a tokenizer");
    jc_status st = files->json[JC_FILE_TOKENIZER] ? open_whole(t, files, &whole, err)
                                                  : open_parts(t, files, err);
    if (st == JC_OK && !whole)
        st = jc_pattern_new(&b->pattern, JC_PATTERN_GPT2, err);
    return st;
}

static void unload(void *model)
{
    byte_bpe *b = model;

    if (!b)
        return;
    jc_merges_free(&b->merges);
    jc_pattern_free(b->pattern);
    jc_free(b);
}

/* ---- encoding ---- */

typedef struct encoder {
    const byte_bpe *b;
    jc_bpe bpe;
    jc_ids *ids;
} encoder;

static jc_status encode_piece(void *arg, const char *piece, size_t n, jc_error *err)
{
    encoder *e = arg;

    if (!jc_bpe_start(&e->bpe, n))
        return jc_fail_nomem(err, "a word");
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)piece[i];
        e->bpe.symbol[i].id = e->b->byte_id[byte];
        if (e->b->byte_id[byte] == JC_NO_TOKEN)
            return jc_fail(err, JC_E_FORMAT, "the vocabulary has no token for byte 0x%02x",
                           byte);
    }
    return jc_bpe_merge(&e->bpe, &e->b->merges, e->ids) ? JC_OK
                                                        : jc_fail_nomem(err, "token ids");
}

static jc_status encode(const jc_tokenizer *t, const char *text, size_t n, jc_ids *ids,
                        jc_error *err)
{
    const byte_bpe *b = t->model;
    encoder e = {.b = b, .ids = ids};
    jc_bytes spaced = {0};
    jc_status st;

    if (b->prefix_space && text[0] != ' ') {
        if (!jc_bytes_add(&spaced, " ", 1) || !jc_bytes_add(&spaced, text, n)) {
            st = jc_fail_nomem(err, "a text");
            goto done;
        }
        text = spaced.data;
        n = spaced.n;
    }
    st = b->pattern ? jc_pattern_split(b->pattern, text, n, encode_piece, &e, err)
                    : encode_piece(&e, text, n, err);
done:
    jc_free(spaced.data);
    jc_bpe_free(&e.bpe);
    return st;
}

/* ---- decoding ---- */

/* The bytes that a name stands for: out[*n], at most `length`. False when a character of it
 * stands for none. */
static bool name_bytes(const char *name, size_t length, char *out, size_t *n)
{
    *n = 0;
    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t step = jc_utf8_next(name + at, length - at, &code);
        int byte = step ? char_byte(code) : -1;
        if (byte < 0)
            return false;
        out[(*n)++] = (char)byte;
        at += step;
    }
    return true;
}

static jc_status decode(const jc_tokenizer *t, const uint32_t *ids, size_t n,
                        jc_bytes *text, jc_error *err)
{
    for (size_t i = 0; i < n; i++) {
        size_t length, want, bytes;
        const char *name = jc_vocab_name(&t->vocab, ids[i], &length);
        if (!jc_add(text->n, length + 1, &want) || /* a name may be empty: + 1 */
            !jc_grow(&text->data, &text->capacity, want, 1))
            return jc_fail_nomem(err, "a text");
        if (!name_bytes(name, length, text->data + text->n, &bytes)) {
            memcpy(text->data + text->n, name, length); /* a name that is a text already */
            bytes = length;
        }
        text->n += bytes;
    }
    return JC_OK;
}

const jc_tokenizer_row jc_tokenizer_byte_bpe = {
    .kind = "byte-bpe",
    .probe = probe,
    .open = load,
    .encode = encode,
    .decode = decode,
    .close = unload,
};
