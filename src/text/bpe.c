/* SPDX-License-Identifier: MIT */
/* bpe.c: byte-pair encoding (Sennrich et al. 2016) with a linked list of symbols and a heap
 * of candidate merges, ordered by rank, then from left to right. */
#include "text/bpe.h"

#include <string.h>

#define FREE UINT64_MAX
#define END  UINT32_MAX

static size_t find_slot(const jc_merges *merges, uint64_t pair)
{
    size_t mask = merges->n_slots - 1;
    uint64_t h = pair * 0x9e3779b97f4a7c15u;
    size_t i = (size_t)(h ^ h >> 32) & mask;

    while (merges->slot[i].pair != pair && merges->slot[i].pair != FREE)
        i = (i + 1) & mask;
    return i;
}

bool jc_merges_init(jc_merges *merges, size_t expected)
{
    size_t n_slots = 64;

    while (n_slots / 2 < expected)
        if (!jc_mul(n_slots, 2, &n_slots))
            return false;
    *merges = (jc_merges){.slot = jc_matrix_new(n_slots, 1, sizeof *merges->slot)};
    if (!merges->slot)
        return false;
    memset(merges->slot, 0xff, n_slots * sizeof *merges->slot);
    merges->n_slots = n_slots;
    return true;
}

void jc_merges_free(jc_merges *merges)
{
    jc_free(merges->slot);
    *merges = (jc_merges){0};
}

bool jc_merges_add(jc_merges *merges, uint32_t left, uint32_t right, uint32_t rank,
                   uint32_t id)
{
    uint64_t pair = (uint64_t)left << 32 | right;

    if ((merges->n + 1) * 2 > merges->n_slots) {
        jc_merges wider;
        if (!jc_merges_init(&wider, merges->n_slots))
            return false;
        for (size_t i = 0; i < merges->n_slots; i++)
            if (merges->slot[i].pair != FREE)
                wider.slot[find_slot(&wider, merges->slot[i].pair)] = merges->slot[i];
        wider.n = merges->n;
        jc_merges_free(merges);
        *merges = wider;
    }
    jc_merge *slot = &merges->slot[find_slot(merges, pair)];
    if (slot->pair == FREE)
        merges->n++;
    *slot = (jc_merge){pair, rank, id};
    return true;
}

const jc_merge *jc_merges_find(const jc_merges *merges, uint32_t left, uint32_t right)
{
    const jc_merge *slot = &merges->slot[find_slot(merges, (uint64_t)left << 32 | right)];

    return slot->pair == FREE ? NULL : slot;
}

static bool before(jc_bpe_candidate a, jc_bpe_candidate b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}

/* Room was made by jc_bpe_start(). */
static void push(jc_bpe *bpe, jc_bpe_candidate c)
{
    size_t i = bpe->n_heap++;

    while (i > 0 && before(c, bpe->heap[(i - 1) / 2])) {
        bpe->heap[i] = bpe->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    bpe->heap[i] = c;
}

static jc_bpe_candidate pop(jc_bpe *bpe)
{
    jc_bpe_candidate top = bpe->heap[0], last = bpe->heap[--bpe->n_heap];
    size_t i = 0;

    for (size_t child = 1; child < bpe->n_heap; child = 2 * i + 1) {
        if (child + 1 < bpe->n_heap && before(bpe->heap[child + 1], bpe->heap[child]))
            child++;
        if (!before(bpe->heap[child], last))
            break;
        bpe->heap[i] = bpe->heap[child];
        i = child;
    }
    bpe->heap[i] = last;
    return top;
}

/* A candidate for symbol `at` and the one after it, if they merge. */
static void consider(jc_bpe *bpe, const jc_merges *merges, uint32_t at)
{
    if (at == END || bpe->symbol[at].next == END)
        return;
    const jc_merge *merge =
        jc_merges_find(merges, bpe->symbol[at].id, bpe->symbol[bpe->symbol[at].next].id);
    if (merge)
        push(bpe, (jc_bpe_candidate){merge->rank, at, merge->id});
}

static void apply(jc_bpe *bpe, const jc_merges *merges, jc_bpe_candidate c)
{
    jc_bpe_symbol *left = &bpe->symbol[c.at];

    if (left->id == JC_NO_TOKEN || left->next == END)
        return; /* merged away since */
    jc_bpe_symbol *right = &bpe->symbol[left->next];
    const jc_merge *merge = jc_merges_find(merges, left->id, right->id);
    if (!merge || merge->id != c.id)
        return; /* one of the two has changed since */
    left->id = c.id;
    right->id = JC_NO_TOKEN;
    left->next = right->next;
    if (left->next != END)
        bpe->symbol[left->next].prev = c.at;
    consider(bpe, merges, left->prev);
    consider(bpe, merges, c.at);
}

bool jc_bpe_start(jc_bpe *bpe, size_t n)
{
    size_t most; /* n - 1 pairs at first, and two more for each of n - 1 merges */

    if (!jc_mul(n, 3, &most) || n >= END ||
        !jc_grow(&bpe->symbol, &bpe->capacity, n, sizeof *bpe->symbol) ||
        !jc_grow(&bpe->heap, &bpe->heap_capacity, most, sizeof *bpe->heap))
        return false;
    bpe->n = n;
    bpe->n_heap = 0;
    return true;
}

bool jc_bpe_merge(jc_bpe *bpe, const jc_merges *merges, jc_ids *ids)
{
    for (size_t i = 0; i < bpe->n; i++) {
        bpe->symbol[i].prev = i == 0 ? END : (uint32_t)i - 1;
        bpe->symbol[i].next = i + 1 == bpe->n ? END : (uint32_t)i + 1;
    }
    for (size_t i = 0; i < bpe->n; i++)
        consider(bpe, merges, (uint32_t)i);
    while (bpe->n_heap > 0)
        apply(bpe, merges, pop(bpe));
    for (uint32_t i = 0; i < bpe->n && i != END; i = bpe->symbol[i].next)
        if (!jc_ids_add(ids, bpe->symbol[i].id))
            return false;
    return true;
}

void jc_bpe_free(jc_bpe *bpe)
{
    jc_free(bpe->symbol);
    jc_free(bpe->heap);
    *bpe = (jc_bpe){0};
}
