/* SPDX-License-Identifier: MIT */
/* vocab.c: names lie end to end in one block; a hash of open addressing finds an id. */
#include "text/vocab.h"

#include <inttypes.h>
#include <string.h>

void jc_vocab_free(jc_vocab *vocab)
{
    jc_free(vocab->names.data);
    jc_free(vocab->token);
    jc_free(vocab->slot);
    *vocab = (jc_vocab){0};
}

static uint64_t hash(const char *name, size_t length) /* FNV-1a, 64 bits */
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)name[i]) * 0x100000001b3u;
    return h ^ h >> 32;
}

/* The slot that holds the name, or the free one where it belongs. */
static size_t find_slot(const jc_vocab *vocab, const char *name, size_t length)
{
    const char *names = vocab->names.data; /* NULL while no slot is taken */
    size_t mask = vocab->n_slots - 1;
    size_t i = (size_t)hash(name, length) & mask;

    for (; names && vocab->slot[i]; i = (i + 1) & mask) {
        const jc_token *token = &vocab->token[vocab->slot[i] - 1];
        if (token->length == length && memcmp(names + token->at, name, length) == 0)
            break;
    }
    return i;
}

/* Keep at least half of the slots free. */
static bool make_room(jc_vocab *vocab)
{
    if ((vocab->n_tokens + 1) * 2 <= vocab->n_slots)
        return true;
    jc_vocab wider = *vocab;
    wider.n_slots = vocab->n_slots ? vocab->n_slots * 2 : 64;
    wider.slot = jc_alloc_array(wider.n_slots, sizeof *wider.slot);
    if (!wider.slot)
        return false;
    for (size_t i = 0; vocab->names.data && i < vocab->n_slots; i++) {
        if (!vocab->slot[i])
            continue;
        const jc_token *token = &vocab->token[vocab->slot[i] - 1];
        wider.slot[find_slot(&wider, vocab->names.data + token->at, token->length)] =
            vocab->slot[i];
    }
    jc_free(vocab->slot);
    *vocab = wider;
    return true;
}

uint32_t jc_vocab_find(const jc_vocab *vocab, const char *name, size_t length)
{
    if (vocab->n_slots == 0)
        return JC_NO_TOKEN;
    return vocab->slot[find_slot(vocab, name, length)] - 1; /* 0 - 1 is JC_NO_TOKEN */
}

const char *jc_vocab_name(const jc_vocab *vocab, uint32_t id, size_t *length)
{
    if (id >= vocab->size || vocab->token[id].length == JC_NO_TOKEN)
        return NULL;
    *length = vocab->token[id].length;
    return vocab->names.data + vocab->token[id].at;
}

static jc_status insert(jc_vocab *vocab, const char *name, size_t length, uint64_t id,
                        bool move, const char *path, jc_error *err)
{
    char quoted[JC_QUOTED], other[JC_QUOTED];
    uint32_t known = jc_vocab_find(vocab, name, length);

    jc_quoted(quoted, name, length);
    if (id >= JC_VOCAB_LIMIT || length >= JC_NO_TOKEN)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': id %" PRIu64 " of token '%s' is out of bounds",
                       path, id, quoted);
    size_t taken;
    const char *owner = jc_vocab_name(vocab, (uint32_t)id, &taken);
    if (owner)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': tokens '%s' and '%s' have the same id %" PRIu64,
                       path, jc_quoted(other, owner, taken), quoted, id);
    if (known != JC_NO_TOKEN && !move)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': token '%s' has two ids", path,
                       quoted);
    size_t at = vocab->names.n;
    if (!make_room(vocab) ||
        !jc_grow(&vocab->token, &vocab->capacity, (size_t)id + 1, sizeof *vocab->token) ||
        !jc_bytes_add(&vocab->names, name, length))
        return jc_fail_nomem(err, "a vocabulary");
    for (; vocab->size <= id; vocab->size++)
        vocab->token[vocab->size] = (jc_token){.length = JC_NO_TOKEN};
    size_t slot = find_slot(vocab, name, length);
    if (known == JC_NO_TOKEN)
        vocab->n_tokens++;
    else
        vocab->token[known].length = JC_NO_TOKEN;
    vocab->token[id] = (jc_token){.at = at, .length = (uint32_t)length};
    vocab->slot[slot] = (uint32_t)id + 1;
    return JC_OK;
}

jc_status jc_vocab_add(jc_vocab *vocab, const char *name, size_t length, uint64_t id,
                       const char *path, jc_error *err)
{
    return insert(vocab, name, length, id, false, path, err);
}

jc_status jc_vocab_put(jc_vocab *vocab, const char *name, size_t length, uint64_t id,
                       const char *path, jc_error *err)
{
    return insert(vocab, name, length, id, true, path, err);
}

jc_status jc_vocab_add_json(jc_vocab *vocab, json_t *object, const char *path,
                            jc_error *err)
{
    const char *name;
    json_t *id;

    if (!json_is_object(object))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': the vocabulary is not an object", path);
    json_object_foreach(object, name, id)
    {
        char quoted[JC_QUOTED];
        if (!json_is_integer(id) || json_integer_value(id) < 0)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': the id of token '%s' is not a whole number",
                           path, jc_quoted(quoted, name, strlen(name)));
        jc_status st = jc_vocab_add(vocab, name, strlen(name),
                                    (uint64_t)json_integer_value(id), path, err);
        if (st)
            return st;
    }
    if (vocab->n_tokens == 0)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': the vocabulary is empty", path);
    return JC_OK;
}
