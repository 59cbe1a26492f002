/* SPDX-License-Identifier: MIT */
/* source_merges.c: vocab.json and merges.txt, the files that GPT-2 was published with. */
#include <string.h>

#include "text/gguf_pre.h"
#include "text/tokenizer.h"

static bool probe(const jc_tokenizer_files *files)
{
    return files->json[JC_FILE_VOCAB] && files->map[JC_FILE_MERGES].data;
}

static const char *path_of(const jc_tokenizer_files *files)
{
    return files->map[JC_FILE_VOCAB].path;
}

static jc_status read_merges(jc_tokenizer *t, const jc_mapped *map, jc_error *err)
{
    const char *text = (const char *)map->data;
    uint64_t line = 0;
    size_t mark = map->size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* BOM */

    for (size_t at = mark; at < map->size;) {
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
        if (n >= 4 && memcmp(start + n - 4, "</w>", 4) == 0)
            return jc_tokenizer_refuse(map->path, "a sign where a word ends, '</w>',", err);
        jc_status st = jc_tokenizer_merge_pair(t, start, n, map->path, "line", line, err);
        if (st)
            return st;
    }
    return JC_OK;
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

/* Classes with the same two files and another pattern; all others have GPT-2's. */
static const char *pre_of(const json_t *config)
{
    const char *class = json_string_value(json_object_get(config, "tokenizer_class"));

    return class && strncmp(class, "Qwen2", 5) == 0 ? "qwen2" : "gpt-2";
}

static jc_status read(jc_tokenizer *t, const jc_tokenizer_files *files, jc_error *err)
{
    const json_t *config = files->json[JC_FILE_CONFIG];
    jc_cut_step prefix = {.kind = JC_CUT_PREFIX};
    jc_undo_step bytes = {.kind = JC_UNDO_BYTE_LEVEL};
    jc_status st =
        jc_vocab_add_json(&t->vocab, files->json[JC_FILE_VOCAB], path_of(files), err);

    t->algorithm = &jc_byte_bpe;
    if (st == JC_OK)
        st = read_merges(t, &files->map[JC_FILE_MERGES], err);
    if (st == JC_OK && json_is_true(json_object_get(config, "add_prefix_space")))
        st = jc_cut_add(&t->cut, &prefix, err);
    if (st == JC_OK)
        st = jc_gguf_pre_add(jc_gguf_pre_find(pre_of(config), 5), &t->normal, &t->cut,
                             path_of(files), err);
    if (st == JC_OK)
        st = jc_undo_add(&t->undo, &bytes, err);
    t->framed = is_roberta(&t->vocab, config);
    t->roles = t->framed ? jc_roles_roberta : jc_roles_gpt2;
    return st;
}

const jc_source jc_source_merges = {
    .probe = probe,
    .path = path_of,
    .read = read,
    .finish = jc_tokenizer_finish,
};
