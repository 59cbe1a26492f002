/* SPDX-License-Identifier: MIT */
/*
 * source_ranks.c: byte-level BPE as a list of tokens in the order in which they are made:
 * tiktoken's files ("base64 rank" a line) and Mistral's tekken.json.
 *
 * Two neighbours are merged where their bytes together are a token, the token of the lowest
 * rank first. So each way to cut a token into two tokens is a merge, of the rank of the
 * token.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text/byte_chars.h"
#include "text/gguf_pre.h"
#include "text/tokenizer.h"

enum { LONGEST = 512 }; /* bytes of a token: work grows as their square */

/* ---- tokens ---- */

static int digit_of(char c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* The bytes of text[0..n) in base64, at most LONGEST; false where it is none. */
static bool decode64(const char *text, size_t n, char out[LONGEST], size_t *n_out)
{
    uint32_t bits = 0;
    size_t have = 0;

    *n_out = 0;
    while (n > 0 && text[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        if (*n_out == LONGEST)
            return false;
        out[(*n_out)++] = (char)(bits >> have & 0xff);
    }
    return *n_out > 0 && have < 6;
}

static jc_status add_token(jc_tokenizer *t, const char *text, size_t n, uint64_t id,
                           const char *where, uint64_t number, jc_error *err)
{
    char bytes[LONGEST], quoted[JC_QUOTED];
    jc_bytes name = {0};
    size_t n_bytes;

    if (!decode64(text, n, bytes, &n_bytes))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': '%s' at %s %" PRIu64
                       " is not a token of at most %d bytes in base64",
                       t->path, jc_quoted(quoted, text, n), where, number, LONGEST);
    jc_status st = jc_byte_chars_put(bytes, n_bytes, &name)
                       ? jc_vocab_add(&t->vocab, name.data, name.n, id, t->path, err)
                       : jc_fail_nomem(err, "a vocabulary");
    jc_free(name.data);
    return st;
}

/* All ways to cut the token into two. */
static jc_status add_merges_of(jc_tokenizer *t, uint32_t id, jc_error *err)
{
    size_t n;
    const char *name = jc_vocab_name(&t->vocab, id, &n);

    for (size_t at = 1; name && at < n; at++) {
        if (((unsigned char)name[at] & 0xc0) == 0x80) /* inside a byte's character */
            continue;
        uint32_t left = jc_vocab_find(&t->vocab, name, at);
        uint32_t right =
            left == JC_NO_TOKEN ? left : jc_vocab_find(&t->vocab, name + at, n - at);
        if (right != JC_NO_TOKEN && !jc_merges_add(&t->merges, left, right, id, id))
            return jc_fail_nomem(err, "the merges");
    }
    return JC_OK;
}

static jc_status complete(jc_tokenizer *t, jc_error *err)
{
    jc_undo_step bytes = {.kind = JC_UNDO_BYTE_LEVEL};
    jc_status st = JC_OK;

    t->algorithm = &jc_byte_bpe;
    t->ignore_merges = true;
    t->cut.bytes = true;
    for (uint32_t id = 0; id < t->vocab.size && st == JC_OK; id++)
        st = add_merges_of(t, id, err);
    return st ? st : jc_undo_add(&t->undo, &bytes, err);
}

/* ---- tiktoken ---- */

/* What the files do not say: the pattern, and special tokens, which go on from an id. Found
 * by the name of the file, or of the tokenizer's class. */
typedef struct known {
    const char *name, *class, *pre;
    struct {
        uint32_t id;
        const char *name;
    } special[5];
} known;

static const known encodings[] = {
    {"r50k_base", "GPT2", "gpt-2", {{50256, "<|endoftext|>"}}},
    {"p50k_base", NULL, "gpt-2", {{50256, "<|endoftext|>"}}},
    {"p50k_edit",
     NULL,
     "gpt-2",
     {{50256, "<|endoftext|>"},
      {50281, "<|fim_prefix|>"},
      {50282, "<|fim_middle|>"},
      {50283, "<|fim_suffix|>"}}},
    {"cl100k_base",
     NULL,
     "dbrx",
     {{100257, "<|endoftext|>"},
      {100258, "<|fim_prefix|>"},
      {100259, "<|fim_middle|>"},
      {100260, "<|fim_suffix|>"},
      {100276, "<|endofprompt|>"}}},
    {"o200k", NULL, "gpt-4o", {{199999, "<|endoftext|>"}, {200018, "<|endofprompt|>"}}},
    {"qwen",
     "QWen",
     "qwen2",
     {{151643, "<|endoftext|>"}, {151644, "<|im_start|>"}, {151645, "<|im_end|>"}}},
    {"tiktoken.model", "TikToken", "kimi-k2", {{0}}},
    {"tokenizer.model", "ChatGLM4", "glm4", {{0}}},
    {"tokenizer.model",
     "Llama",
     "dbrx",
     {{128000, "<|begin_of_text|>"}, {128001, "<|end_of_text|>"}, {128009, "<|eot_id|>"}}},
};

static const known *find_known(const char *path, const json_t *config)
{
    const char *class = json_string_value(json_object_get(config, "tokenizer_class"));
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    for (size_t i = 0; class && i < JC_COUNT(encodings); i++)
        if (encodings[i].class &&
            strncmp(class, encodings[i].class, strlen(encodings[i].class)) == 0)
            return &encodings[i];
    for (size_t i = JC_COUNT(encodings); i-- > 0;)
        if (strncmp(name, encodings[i].name, strlen(encodings[i].name)) == 0)
            return &encodings[i];
    return NULL;
}

/* Those whose ids the vocabulary leaves free. */
static jc_status add_specials(jc_tokenizer *t, const known *k, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT(k->special) && st == JC_OK; i++) {
        const char *name = k->special[i].name;
        size_t n = name ? strlen(name) : 0, taken;
        if (!name || jc_vocab_name(&t->vocab, k->special[i].id, &taken) ||
            jc_vocab_find(&t->vocab, name, n) != JC_NO_TOKEN)
            continue;
        st = jc_tokenizer_add_token(t, name, n, k->special[i].id, (jc_added_token){0},
                                    t->path, err);
        if (st == JC_OK)
            t->vocab.token[k->special[i].id].special = true;
    }
    return st;
}

/* "base64 rank" */
static jc_status read_line(jc_tokenizer *t, const char *line, size_t n, uint64_t number,
                           jc_error *err)
{
    const char *space = memchr(line, ' ', n);
    size_t at = space ? (size_t)(space - line) + 1 : n;
    uint64_t rank = 0;

    if (at == n)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': line %" PRIu64 " is not a token and its rank",
                       t->path, number);
    for (size_t i = at; i < n; i++) {
        if (line[i] < '0' || line[i] > '9' || rank > JC_VOCAB_LIMIT)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': line %" PRIu64 " has no rank", t->path,
                           number);
        rank = rank * 10 + (uint64_t)(line[i] - '0');
    }
    return add_token(t, line, at - 1, rank, "line", number, err);
}

static jc_status read_lines(jc_tokenizer *t, const jc_mapped *map, jc_error *err)
{
    const char *text = (const char *)map->data;
    uint64_t number = 0;
    jc_status st = JC_OK;

    for (size_t at = 0; at < map->size && st == JC_OK;) {
        const char *end = memchr(text + at, '\n', map->size - at);
        size_t next = end ? (size_t)(end - text) + 1 : map->size;
        size_t n = next - at - (end != NULL);
        n -= n > 0 && text[at + n - 1] == '\r';
        number++;
        if (n > 0)
            st = read_line(t, text + at, n, number, err);
        at = next;
    }
    if (st == JC_OK && t->vocab.size == 0)
        st =
            jc_fail(err, JC_E_FORMAT, "cannot read '%s': the vocabulary is empty", t->path);
    return st;
}

static jc_status read_tiktoken(jc_tokenizer *t, const jc_tokenizer_files *files,
                               jc_error *err)
{
    const known *k = find_known(t->path, files->json[JC_FILE_CONFIG]);

    if (!k)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read '%s': its pattern is not in it, and neither its name "
                       "nor the tokenizer's class is known; is there a 'tokenizer.json'?",
                       t->path);
    jc_status st = read_lines(t, &files->map[JC_FILE_RANKS], err);
    if (st == JC_OK)
        st = jc_gguf_pre_add(jc_gguf_pre_find(k->pre, strlen(k->pre)), &t->normal, &t->cut,
                             t->path, err);
    return st ? st : complete(t, err);
}

static jc_status finish_tiktoken(jc_tokenizer *t, const jc_tokenizer_files *files,
                                 jc_error *err)
{
    const known *k = find_known(t->path, files->json[JC_FILE_CONFIG]);
    jc_status st = jc_tokenizer_read_added(t, files, err);

    if (st == JC_OK && k)
        st = add_specials(t, k, err);
    jc_added_sort(&t->added);
    return st ? st : jc_tokenizer_read_frame(t, files, err);
}

static bool probe_tiktoken(const jc_tokenizer_files *files)
{
    return files->map[JC_FILE_RANKS].data != NULL;
}

static const char *path_of_tiktoken(const jc_tokenizer_files *files)
{
    return files->map[JC_FILE_RANKS].path;
}

const jc_source jc_source_tiktoken = {
    .probe = probe_tiktoken,
    .path = path_of_tiktoken,
    .read = read_tiktoken,
    .finish = finish_tiktoken,
};

/* ---- tekken.json ---- */

/* Of files before version 7, which do not list them; the rest are "<SPECIAL_20>". */
static const char *const tekken_special[] = {
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[TOOL_CALLS]",
    "[IMG]",
    "<pad>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
};

static jc_role_names tekken_roles = {"<s>", "</s>", "<unk>", "<pad>"};

static jc_status read_count(const json_t *config, const char *key, const char *path,
                            uint64_t *n, jc_error *err)
{
    const json_t *value = json_object_get(config, key);

    *n = (uint64_t)json_integer_value(value);
    if (json_is_integer(value) && json_integer_value(value) >= 0 && *n < JC_VOCAB_LIMIT)
        return JC_OK;
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': 'config.%s' is not a count", path,
                   key);
}

/* Token `id`, below the number of special tokens: as the file lists it, or has a name for
 * it, or for none. */
static jc_status add_special(jc_tokenizer *t, const json_t *list, uint64_t id,
                             jc_error *err)
{
    char name[32];
    const char *text =
        json_string_value(json_object_get(json_array_get(list, (size_t)id), "token_str"));

    snprintf(name, sizeof name, "<SPECIAL_%" PRIu64 ">", id);
    if (!text && !list && id < JC_COUNT(tekken_special))
        text = tekken_special[id];
    if (!text)
        text = name;
    jc_status st = jc_tokenizer_add_token(t, text, strlen(text), id, (jc_added_token){0},
                                          t->path, err);
    uint32_t at = jc_vocab_find(&t->vocab, text, strlen(text));
    if (st == JC_OK && at != JC_NO_TOKEN)
        t->vocab.token[at].special = true;
    return st;
}

static jc_status read_vocab(jc_tokenizer *t, const json_t *list, uint64_t first,
                            uint64_t most, jc_error *err)
{
    jc_status st = JC_OK;

    if (!json_is_array(list))
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': 'vocab' is not a list",
                       t->path);
    for (size_t i = 0; i < json_array_size(list) && i < most && st == JC_OK; i++) {
        const json_t *bytes = json_object_get(json_array_get(list, i), "token_bytes");
        const json_t *rank = json_object_get(json_array_get(list, i), "rank");
        if (!json_is_string(bytes) || !json_is_integer(rank) ||
            json_integer_value(rank) < 0 || json_integer_value(rank) >= JC_VOCAB_LIMIT)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': token %zu has no 'rank' or 'token_bytes'",
                           t->path, i);
        st = add_token(t, json_string_value(bytes), json_string_length(bytes),
                       first + (uint64_t)json_integer_value(rank), "token", i, err);
    }
    return st;
}

static jc_status read_tekken(jc_tokenizer *t, const jc_tokenizer_files *files,
                             jc_error *err)
{
    const json_t *root = files->json[JC_FILE_TEKKEN];
    const json_t *config = json_object_get(root, "config");
    const char *pattern = json_string_value(json_object_get(config, "pattern"));
    uint64_t size, first;
    jc_status st = read_count(config, "default_vocab_size", t->path, &size, err);

    if (st == JC_OK)
        st = read_count(config, "default_num_special_tokens", t->path, &first, err);
    if (st == JC_OK && (!pattern || first > size))
        st = jc_fail(err, JC_E_FORMAT,
                     "cannot read '%s': 'config' has no 'pattern', or more special tokens "
                     "than tokens",
                     t->path);
    if (st == JC_OK)
        st = read_vocab(t, json_object_get(root, "vocab"), first, size - first, err);
    if (st == JC_OK)
        st = jc_cut_add_regex(&t->cut, pattern, JC_CUT_ISOLATED, t->path, err);
    t->roles = tekken_roles;
    return st ? st : complete(t, err);
}

static jc_status finish_tekken(jc_tokenizer *t, const jc_tokenizer_files *files,
                               jc_error *err)
{
    const json_t *root = files->json[JC_FILE_TEKKEN];
    const json_t *list = json_object_get(root, "special_tokens");
    uint64_t n;
    bool bos = true;
    jc_status st = read_count(json_object_get(root, "config"), "default_num_special_tokens",
                              t->path, &n, err);

    for (uint64_t id = 0; st == JC_OK && id < n; id++)
        st = add_special(t, json_is_array(list) ? list : NULL, id, err);
    if (st == JC_OK)
        st = jc_tokenizer_read_added(t, files, err);
    if (st == JC_OK)
        st = jc_json_flag(files->json[JC_FILE_CONFIG], "add_bos_token",
                          files->map[JC_FILE_CONFIG].path, &bos, err);
    return st || !bos ? st : jc_tokenizer_frame_role(t, &t->before, JC_ROLE_BOS, err);
}

static bool probe_tekken(const jc_tokenizer_files *files)
{
    return files->json[JC_FILE_TEKKEN] != NULL;
}

static const char *path_of_tekken(const jc_tokenizer_files *files)
{
    return files->map[JC_FILE_TEKKEN].path;
}

const jc_source jc_source_tekken = {
    .probe = probe_tekken,
    .path = path_of_tekken,
    .read = read_tekken,
    .finish = finish_tekken,
};
