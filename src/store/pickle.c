/* SPDX-License-Identifier: MIT */
/*
 * pickle.c: the machine that a pickle is a program for: a stack, a memo, and its opcodes.
 * What opcodes name that is not plain data is in pickle_torch.c and pickle_numpy.c.
 *
 * This machine has no opcode that calls anything. Each makes at most one value, so memory
 * is bounded by the input.
 */
#include "store/pickle_impl.h"

#include <string.h>

void jc_pickle_release(jc_pickle *p)
{
    jc_free(p->value);
    jc_free(p->cell);
    jc_free(p->stack);
    jc_free(p->memo);
    for (size_t i = 0; i < p->n_own; i++)
        jc_free(p->own[i]);
    jc_free(p->own);
    *p = (jc_pickle){0};
}

jc_status jc_pickle_broken(const jc_pickle *p, const char *what, jc_error *err)
{
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': its pickle %s", p->path, what);
}

/* ---- values and the stack ---- */

jc_status jc_pickle_push_index(jc_pickle *p, uint32_t index, jc_error *err)
{
    if (!jc_grow(&p->stack, &p->stack_capacity, p->depth + 1, sizeof *p->stack))
        return jc_fail_nomem(err, "a pickle");
    p->stack[p->depth++] = index;
    return JC_OK;
}

jc_status jc_pickle_push(jc_pickle *p, jc_pickle_value value, jc_error *err)
{
    if (p->n_values >= JC_PICKLE_NO / 2 ||
        !jc_grow(&p->value, &p->values_capacity, p->n_values + 1, sizeof *p->value))
        return jc_fail_nomem(err, "a pickle");
    value.first = value.last = JC_PICKLE_NO;
    p->value[p->n_values] = value;
    return jc_pickle_push_index(p, (uint32_t)p->n_values++, err);
}

static jc_status push_int(jc_pickle *p, int64_t number, jc_error *err)
{
    return jc_pickle_push(p, (jc_pickle_value){.kind = JC_PICKLE_INT, .number = number},
                          err);
}

static jc_status push_text(jc_pickle *p, const unsigned char *text, uint64_t size,
                           jc_error *err)
{
    return jc_pickle_push(
        p, (jc_pickle_value){.kind = JC_PICKLE_TEXT, .text = text, .size = (size_t)size},
        err);
}

jc_pickle_value *jc_pickle_top(const jc_pickle *p, size_t below)
{
    if (below >= p->depth)
        return NULL;
    for (size_t i = 0; i <= below; i++)
        if (p->value[p->stack[p->depth - 1 - i]].kind == JC_PICKLE_MARK)
            return NULL;
    return &p->value[p->stack[p->depth - 1 - below]];
}

static jc_status append(jc_pickle *p, uint32_t to, uint32_t value, jc_error *err)
{
    if (p->n_cells >= JC_PICKLE_NO / 2 ||
        !jc_grow(&p->cell, &p->cells_capacity, p->n_cells + 1, sizeof *p->cell))
        return jc_fail_nomem(err, "a pickle");
    uint32_t at = (uint32_t)p->n_cells++;
    jc_pickle_value *list = &p->value[to];
    p->cell[at] = (jc_pickle_cell){value, JC_PICKLE_NO};
    if (list->first == JC_PICKLE_NO)
        list->first = at;
    else
        p->cell[list->last].next = at;
    list->last = at;
    list->n++;
    return JC_OK;
}

/* Where the values above the topmost mark begin; SIZE_MAX: there is no mark. */
static size_t mark(const jc_pickle *p)
{
    for (size_t i = p->depth; i > 0; i--)
        if (p->value[p->stack[i - 1]].kind == JC_PICKLE_MARK)
            return i;
    return SIZE_MAX;
}

/* The n topmost values become a tuple. */
static jc_status tuple(jc_pickle *p, size_t n, jc_error *err)
{
    size_t from = p->depth - n;

    if (n && !jc_pickle_top(p, n - 1))
        return jc_pickle_broken(p, "takes values that are not there", err);
    jc_status st = jc_pickle_push(p, (jc_pickle_value){.kind = JC_PICKLE_LIST}, err);
    uint32_t made = st ? 0 : p->stack[p->depth - 1];
    for (size_t i = 0; i < n && st == JC_OK; i++)
        st = append(p, made, p->stack[from + i], err);
    p->depth = from;
    return st ? st : jc_pickle_push_index(p, made, err);
}

static jc_status tuple_of_mark(jc_pickle *p, jc_error *err)
{
    size_t from = mark(p);

    if (from == SIZE_MAX)
        return jc_pickle_broken(p, "has no mark", err);
    jc_status st = tuple(p, p->depth - from, err);
    if (st == JC_OK) { /* take the mark away from below */
        p->stack[p->depth - 2] = p->stack[p->depth - 1];
        p->depth--;
    }
    return st;
}

/* The values from `from` on go into the list or dict below them, and below `skip`. */
static jc_status collect(jc_pickle *p, size_t from, size_t skip, jc_pickle_kind kind,
                         jc_error *err)
{
    size_t at = from - skip;
    jc_status st = JC_OK;

    if (at == 0 || p->value[p->stack[at - 1]].kind != kind ||
        (kind == JC_PICKLE_DICT && (p->depth - from) % 2))
        return jc_pickle_broken(p, "puts values where no list or dict is", err);
    for (size_t i = from; i < p->depth && st == JC_OK; i++)
        st = append(p, p->stack[at - 1], p->stack[i], err);
    p->depth = at;
    return st;
}

static jc_status collect_marked(jc_pickle *p, jc_pickle_kind kind, jc_error *err)
{
    size_t from = mark(p);

    return from == SIZE_MAX ? jc_pickle_broken(p, "has no mark", err)
                            : collect(p, from, 1, kind, err);
}

static jc_status collect_top(jc_pickle *p, size_t n, jc_pickle_kind kind, jc_error *err)
{
    return p->depth <= n || !jc_pickle_top(p, n)
               ? jc_pickle_broken(p, "takes values that are not there", err)
               : collect(p, p->depth - n, 0, kind, err);
}

static jc_status text_global(jc_pickle *p, jc_cursor *c, jc_error *err)
{
    const unsigned char *module = c->data + c->at;
    const unsigned char *end = memchr(module, '\n', c->size - c->at);
    const unsigned char *name = end ? end + 1 : NULL;
    const unsigned char *stop =
        name ? memchr(name, '\n', c->size - (size_t)(name - c->data)) : NULL;

    if (!stop)
        return jc_pickle_broken(p, "is cut short", err);
    c->at = (size_t)(stop + 1 - c->data);
    return jc_pickle_global(p, module, (size_t)(end - module), name, (size_t)(stop - name),
                            err);
}

static jc_status stack_global(jc_pickle *p, jc_error *err)
{
    const jc_pickle_value *name = jc_pickle_top(p, 0), *module = jc_pickle_top(p, 1);

    if (!module || name->kind != JC_PICKLE_TEXT || module->kind != JC_PICKLE_TEXT)
        return jc_pickle_broken(p, "names a global that is not text", err);
    p->depth -= 2;
    return jc_pickle_global(p, module->text, module->size, name->text, name->size, err);
}

/* ---- memo ---- */

static jc_status remember(jc_pickle *p, uint64_t at, uint64_t most, jc_error *err)
{
    if (!jc_pickle_top(p, 0) || at > most)
        return jc_pickle_broken(p, "remembers a value that is not there", err);
    if (!jc_grow(&p->memo, &p->memo_capacity, (size_t)at + 1, sizeof *p->memo))
        return jc_fail_nomem(err, "a pickle");
    while (p->n_memo <= at)
        p->memo[p->n_memo++] = JC_PICKLE_NO;
    p->memo[at] = p->stack[p->depth - 1];
    return JC_OK;
}

static jc_status recall(jc_pickle *p, uint64_t at, jc_error *err)
{
    return at >= p->n_memo || p->memo[at] == JC_PICKLE_NO
               ? jc_pickle_broken(p, "recalls a value that it has not remembered", err)
               : jc_pickle_push_index(p, p->memo[at], err);
}

/* ---- opcodes ---- */

/* A number of n bytes, little-endian. */
static bool bytes_of(jc_cursor *c, unsigned n, uint64_t *out)
{
    const unsigned char *b;

    *out = 0;
    if (!jc_cursor_bytes(c, n, &b))
        return false;
    for (unsigned i = 0; i < n; i++)
        *out |= (uint64_t)b[i] << 8 * i;
    return true;
}

/* How many bytes stand between an opcode and what it is about: its length or number. */
static unsigned width_of(unsigned char op)
{
    switch (op) {
    case 0x80: /* PROTO */
    case 'K':
    case 'q':
    case 'h':
    case 0x8a: /* LONG1 */
    case 0x8c: /* SHORT_BINUNICODE */
    case 'C':  /* SHORT_BINBYTES */
        return 1;
    case 'M':
        return 2;
    case 'J':
    case 'r':
    case 'j':
    case 'X': /* BINUNICODE */
    case 'B': /* BINBYTES */
        return 4;
    case 'G':  /* BINFLOAT */
    case 0x95: /* FRAME */
    case 0x8d: /* BINUNICODE8 */
    case 0x8e: /* BINBYTES8 */
    case 0x96: /* BYTEARRAY8 */
        return 8;
    default:
        return 0;
    }
}

static jc_status long_of(jc_pickle *p, jc_cursor *c, uint64_t n, jc_error *err)
{
    const unsigned char *b;
    uint64_t value = 0;

    if (!jc_cursor_bytes(c, n, &b))
        return jc_pickle_broken(p, "is cut short", err);
    for (uint64_t i = 0; i < n && i < 8; i++)
        value |= (uint64_t)b[i] << 8 * i;
    if (n && n < 8 && b[n - 1] & 0x80)
        value |= UINT64_MAX << 8 * n;
    return push_int(p, (int64_t)value, err);
}

static jc_status real_of(jc_pickle *p, uint64_t bits, jc_error *err)
{
    jc_pickle_value value = {.kind = JC_PICKLE_REAL};
    uint64_t turned = 0;

    for (unsigned i = 0; i < 8; i++) /* it is big-endian */
        turned |= (bits >> 8 * i & 0xff) << 8 * (7 - i);
    memcpy(&value.real, &turned, sizeof value.real);
    return jc_pickle_push(p, value, err);
}

static jc_status text_of(jc_pickle *p, jc_cursor *c, uint64_t n, jc_error *err)
{
    const unsigned char *text;

    return jc_cursor_bytes(c, n, &text) ? push_text(p, text, n, err)
                                        : jc_pickle_broken(p, "is cut short", err);
}

static jc_status build(jc_pickle *p, jc_error *err)
{
    const jc_pickle_value *value = jc_pickle_top(p, 1);
    jc_pickle_kind kind = value ? value->kind : JC_PICKLE_MARK;

    if (kind != JC_PICKLE_DICT && kind != JC_PICKLE_TYPE && kind != JC_PICKLE_ARRAY)
        return jc_pickle_broken(p, "gives attributes to something else than a dict", err);
    uint32_t state = p->stack[--p->depth];
    return kind == JC_PICKLE_DICT /* as torch's _metadata: not wanted */
               ? JC_OK
               : jc_pickle_numpy_build(p, p->stack[p->depth - 1], state, err);
}

/* An opcode other than STOP; n is its number. */
static jc_status take(jc_pickle *p, jc_cursor *c, unsigned char op, uint64_t n,
                      jc_error *err)
{
    switch (op) {
    case 0x80:
        return n >= 2 && n <= 5 ? JC_OK
                                : jc_pickle_broken(p, "is of a protocol not 2 to 5", err);
    case 0x95:
        return JC_OK;
    case '(':
        return jc_pickle_push(p, (jc_pickle_value){.kind = JC_PICKLE_MARK}, err);
    case 'N':
        return jc_pickle_push(p, (jc_pickle_value){.kind = JC_PICKLE_NONE}, err);
    case 0x88:
    case 0x89:
        return push_int(p, op == 0x88, err);
    case 'K':
    case 'M':
        return push_int(p, (int64_t)n, err);
    case 'J':
        return push_int(p, (int32_t)(uint32_t)n, err);
    case 0x8a:
        return long_of(p, c, n, err);
    case 'G':
        return real_of(p, n, err);
    case 'X':
    case 0x8c:
    case 0x8d:
    case 'B':
    case 'C':
    case 0x8e:
    case 0x96:
        return text_of(p, c, n, err);
    case '}':
        return jc_pickle_push(p, (jc_pickle_value){.kind = JC_PICKLE_DICT}, err);
    case ']':
        return jc_pickle_push(p, (jc_pickle_value){.kind = JC_PICKLE_LIST}, err);
    case ')':
        return tuple(p, 0, err);
    case 0x85:
    case 0x86:
    case 0x87:
        return p->depth < (size_t)(op - 0x84)
                   ? jc_pickle_broken(p, "takes values that are not there", err)
                   : tuple(p, (size_t)(op - 0x84), err);
    case 't':
        return tuple_of_mark(p, err);
    case 'a':
        return collect_top(p, 1, JC_PICKLE_LIST, err);
    case 'e':
        return collect_marked(p, JC_PICKLE_LIST, err);
    case 's':
        return collect_top(p, 2, JC_PICKLE_DICT, err);
    case 'u':
        return collect_marked(p, JC_PICKLE_DICT, err);
    case 'c':
        return text_global(p, c, err);
    case 0x93:
        return stack_global(p, err);
    case 'R':
        return jc_pickle_reduce(p, err);
    case 'Q':
        return jc_pickle_storage(p, err);
    case 'b':
        return build(p, err);
    case 'q':
    case 'r':
        return remember(p, n, c->size, err);
    case 0x94:
        return remember(p, p->n_memo, c->size, err);
    case 'h':
    case 'j':
        return recall(p, n, err);
    default:
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read '%s': its pickle has opcode 0x%02x at byte %zu; only "
                       "those of tensors in dicts and lists are read",
                       p->path, op, c->at - 1);
    }
}

jc_status jc_pickle_read(jc_pickle *p, jc_cursor *c, uint32_t *root, jc_error *err)
{
    size_t bottom = p->depth;
    const unsigned char *op;

    p->n_memo = 0;
    for (;;) {
        uint64_t n;
        if (!jc_cursor_bytes(c, 1, &op))
            return jc_pickle_broken(p, "is cut short", err);
        if (*op == '.')
            break;
        if (!bytes_of(c, width_of(*op), &n))
            return jc_pickle_broken(p, "is cut short", err);
        jc_status st = take(p, c, *op, n, err);
        if (st)
            return st;
        if (p->depth < bottom)
            return jc_pickle_broken(p, "takes values that are not there", err);
    }
    if (p->depth != bottom + 1 || !jc_pickle_top(p, 0))
        return jc_pickle_broken(p, "leaves no single value", err);
    *root = p->stack[--p->depth];
    return JC_OK;
}
