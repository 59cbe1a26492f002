/* SPDX-License-Identifier: MIT */
/*
 * pickle.c: see pickle.h. long: one table of opcodes and what each does.
 *
 * A pickle is a program for a machine with a stack and a memo. This one has no opcode that
 * calls anything: REDUCE knows four functions of torch and one of Python by name, and makes
 * values of this file. Each opcode makes at most one value, so memory is bounded by the
 * input.
 */
#include "store/pickle.h"

#include <string.h>

/* Globals that are known. */
typedef enum known {
    REBUILD_TENSOR,
    REBUILD_PARAMETER,
    LOAD_FROM_BYTES,
    ORDERED_DICT,
    STORAGE_F32 /* and, from here on, the other storages */
} known;

static const struct {
    const char *name;
    jc_dtype dtype; /* of storages */
} globals[] = {
    [REBUILD_TENSOR] = {"torch._utils _rebuild_tensor_v2", JC_F32},
    [REBUILD_PARAMETER] = {"torch._utils _rebuild_parameter", JC_F32},
    [LOAD_FROM_BYTES] = {"torch.storage _load_from_bytes", JC_F32},
    [ORDERED_DICT] = {"collections OrderedDict", JC_F32},
    [STORAGE_F32] = {"torch FloatStorage", JC_F32},
    {"torch DoubleStorage", JC_F64},
    {"torch HalfStorage", JC_F16},
    {"torch BFloat16Storage", JC_BF16},
    {"torch LongStorage", JC_I64},
    {"torch IntStorage", JC_I32},
    {"torch ShortStorage", JC_I16},
    {"torch CharStorage", JC_I8},
    {"torch ByteStorage", JC_U8},
    {"torch BoolStorage", JC_BOOL},
};

void jc_pickle_release(jc_pickle *p)
{
    jc_free(p->value);
    jc_free(p->cell);
    jc_free(p->stack);
    jc_free(p->memo);
    *p = (jc_pickle){0};
}

static jc_status broken(const jc_pickle *p, const char *what, jc_error *err)
{
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': its pickle %s", p->path, what);
}

/* ---- values and the stack ---- */

static jc_status push_index(jc_pickle *p, uint32_t index, jc_error *err)
{
    if (!jc_grow(&p->stack, &p->stack_capacity, p->depth + 1, sizeof *p->stack))
        return jc_fail_nomem(err, "a pickle");
    p->stack[p->depth++] = index;
    return JC_OK;
}

static jc_status push(jc_pickle *p, jc_pickle_value value, jc_error *err)
{
    if (p->n_values >= JC_PICKLE_NO / 2 ||
        !jc_grow(&p->value, &p->values_capacity, p->n_values + 1, sizeof *p->value))
        return jc_fail_nomem(err, "a pickle");
    value.first = value.last = JC_PICKLE_NO;
    p->value[p->n_values] = value;
    return push_index(p, (uint32_t)p->n_values++, err);
}

static jc_status push_int(jc_pickle *p, int64_t number, jc_error *err)
{
    return push(p, (jc_pickle_value){.kind = JC_PICKLE_INT, .number = number}, err);
}

static jc_status push_text(jc_pickle *p, const unsigned char *text, uint64_t size,
                           jc_error *err)
{
    return push(
        p, (jc_pickle_value){.kind = JC_PICKLE_TEXT, .text = text, .size = (size_t)size},
        err);
}

/* The value `below` the top; NULL: there is none, or a mark is in between. */
static jc_pickle_value *top(const jc_pickle *p, size_t below)
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

    if (n && !top(p, n - 1))
        return broken(p, "takes values that are not there", err);
    jc_status st = push(p, (jc_pickle_value){.kind = JC_PICKLE_LIST}, err);
    uint32_t made = st ? 0 : p->stack[p->depth - 1];
    for (size_t i = 0; i < n && st == JC_OK; i++)
        st = append(p, made, p->stack[from + i], err);
    p->depth = from;
    return st ? st : push_index(p, made, err);
}

static jc_status tuple_of_mark(jc_pickle *p, jc_error *err)
{
    size_t from = mark(p);

    if (from == SIZE_MAX)
        return broken(p, "has no mark", err);
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
        return broken(p, "puts values where no list or dict is", err);
    for (size_t i = from; i < p->depth && st == JC_OK; i++)
        st = append(p, p->stack[at - 1], p->stack[i], err);
    p->depth = at;
    return st;
}

static jc_status collect_marked(jc_pickle *p, jc_pickle_kind kind, jc_error *err)
{
    size_t from = mark(p);

    return from == SIZE_MAX ? broken(p, "has no mark", err)
                            : collect(p, from, 1, kind, err);
}

static jc_status collect_top(jc_pickle *p, size_t n, jc_pickle_kind kind, jc_error *err)
{
    return p->depth <= n || !top(p, n) ? broken(p, "takes values that are not there", err)
                                       : collect(p, p->depth - n, 0, kind, err);
}

/* Member i of a list; NULL where there is none. */
static jc_pickle_value *member(const jc_pickle *p, const jc_pickle_value *list, uint32_t i)
{
    uint32_t at = list->first;

    while (i-- && at != JC_PICKLE_NO)
        at = p->cell[at].next;
    return at == JC_PICKLE_NO ? NULL : &p->value[p->cell[at].value];
}

/* ---- globals and what they make ---- */

static jc_status push_global(jc_pickle *p, const unsigned char *module, size_t n,
                             const unsigned char *name, size_t m, jc_error *err)
{
    for (size_t i = 0; i < JC_COUNT(globals); i++) {
        const char *own = globals[i].name;
        if (strlen(own) == n + m + 1 && memcmp(own, module, n) == 0 && own[n] == ' ' &&
            memcmp(own + n + 1, name, m) == 0)
            return push(
                p, (jc_pickle_value){.kind = JC_PICKLE_GLOBAL, .number = (int64_t)i}, err);
    }
    return jc_fail(err, JC_E_UNSUPPORTED,
                   "cannot read '%s': its pickle wants '%.*s.%.*s', which is not run; only "
                   "tensors in dicts and lists are read",
                   p->path, (int)(n < 60 ? n : 60), (const char *)module,
                   (int)(m < 60 ? m : 60), (const char *)name);
}

static jc_status text_global(jc_pickle *p, jc_cursor *c, jc_error *err)
{
    const unsigned char *module = c->data + c->at;
    const unsigned char *end = memchr(module, '\n', c->size - c->at);
    const unsigned char *name = end ? end + 1 : NULL;
    const unsigned char *stop =
        name ? memchr(name, '\n', c->size - (size_t)(name - c->data)) : NULL;

    if (!stop)
        return broken(p, "is cut short", err);
    c->at = (size_t)(stop + 1 - c->data);
    return push_global(p, module, (size_t)(end - module), name, (size_t)(stop - name), err);
}

static jc_status stack_global(jc_pickle *p, jc_error *err)
{
    const jc_pickle_value *name = top(p, 0), *module = top(p, 1);

    if (!module || name->kind != JC_PICKLE_TEXT || module->kind != JC_PICKLE_TEXT)
        return broken(p, "names a global that is no text", err);
    p->depth -= 2;
    return push_global(p, module->text, module->size, name->text, name->size, err);
}

/* ('storage', FloatStorage, key, location, count, ...) */
static jc_status persistent(jc_pickle *p, jc_error *err)
{
    const jc_pickle_value *id = top(p, 0);
    const jc_pickle_value *type =
        id && id->kind == JC_PICKLE_LIST ? member(p, id, 1) : NULL;
    const jc_pickle_value *key = type ? member(p, id, 2) : NULL;
    const jc_pickle_value *count = type ? member(p, id, 4) : NULL;

    if (!count || type->kind != JC_PICKLE_GLOBAL || type->number < STORAGE_F32 ||
        key->kind != JC_PICKLE_TEXT || count->kind != JC_PICKLE_INT || count->number < 0)
        return broken(p, "refers to something else than a storage of torch", err);
    const jc_pickle_value made = {.kind = JC_PICKLE_STORAGE,
                                  .dtype = globals[type->number].dtype,
                                  .text = key->text,
                                  .size = key->size,
                                  .count = (uint64_t)count->number};
    p->depth--;
    return push(p, made, err);
}

/* (storage, offset, shape, stride, ...) */
static jc_status rebuild_tensor(jc_pickle *p, const jc_pickle_value *args, jc_error *err)
{
    const jc_pickle_value *storage = member(p, args, 0), *offset = member(p, args, 1);
    const jc_pickle_value *shape = member(p, args, 2), *stride = member(p, args, 3);

    if (!stride || storage->kind != JC_PICKLE_STORAGE || offset->kind != JC_PICKLE_INT ||
        offset->number < 0 || shape->kind != JC_PICKLE_LIST ||
        stride->kind != JC_PICKLE_LIST || shape->n != stride->n ||
        shape->n > JC_TENSOR_DIMS)
        return broken(p, "describes no tensor of at most 4 dimensions", err);
    jc_pickle_value made = {.kind = JC_PICKLE_TENSOR,
                            .dtype = storage->dtype,
                            .storage = (uint32_t)(storage - p->value),
                            .offset = (uint64_t)offset->number,
                            .dims = shape->n};
    for (uint32_t i = 0; i < shape->n; i++) {
        const jc_pickle_value *n = member(p, shape, i), *by = member(p, stride, i);
        if (n->kind != JC_PICKLE_INT || by->kind != JC_PICKLE_INT || n->number < 0 ||
            by->number < 0)
            return broken(p, "describes a tensor of no shape", err);
        made.shape[i] = (uint64_t)n->number;
        made.stride[i] = (uint64_t)by->number;
    }
    return push(p, made, err);
}

static jc_status load_bytes(jc_pickle *p, const jc_pickle_value *args, jc_error *err)
{
    const jc_pickle_value *bytes = member(p, args, 0);
    uint32_t root;

    if (!bytes || bytes->kind != JC_PICKLE_TEXT)
        return broken(p, "loads from something else than bytes", err);
    if (p->nested)
        return broken(p, "holds pickles within pickles", err);
    jc_cursor c = {.data = bytes->text, .size = bytes->size};
    p->nested++;
    jc_status st = jc_pickle_legacy(p, &c, &root, err);
    p->nested--;
    return st ? st : push_index(p, root, err);
}

static jc_status reduce(jc_pickle *p, jc_error *err)
{
    const jc_pickle_value *args = top(p, 0), *f = top(p, 1);

    if (!f || f->kind != JC_PICKLE_GLOBAL || args->kind != JC_PICKLE_LIST)
        return broken(p, "calls something else than a function of torch", err);
    uint32_t list = (uint32_t)(args - p->value);
    p->depth -= 2;
    switch (f->number) {
    case REBUILD_TENSOR:
        return rebuild_tensor(p, &p->value[list], err);
    case REBUILD_PARAMETER: /* (tensor, ...) */
        if (!member(p, args, 0))
            return broken(p, "describes a parameter without a tensor", err);
        return push_index(p, (uint32_t)(member(p, args, 0) - p->value), err);
    case LOAD_FROM_BYTES:
        return load_bytes(p, &p->value[list], err);
    case ORDERED_DICT:
        if (args->n)
            return broken(p, "makes an OrderedDict of a list", err);
        return push(p, (jc_pickle_value){.kind = JC_PICKLE_DICT}, err);
    default:
        return broken(p, "calls a storage of torch", err);
    }
}

/* ---- memo ---- */

static jc_status remember(jc_pickle *p, uint64_t at, uint64_t most, jc_error *err)
{
    if (!top(p, 0) || at > most)
        return broken(p, "remembers a value that is not there", err);
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
               ? broken(p, "recalls a value that it has not remembered", err)
               : push_index(p, p->memo[at], err);
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
        return broken(p, "is cut short", err);
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
    return push(p, value, err);
}

static jc_status text_of(jc_pickle *p, jc_cursor *c, uint64_t n, jc_error *err)
{
    const unsigned char *text;

    return jc_cursor_bytes(c, n, &text) ? push_text(p, text, n, err)
                                        : broken(p, "is cut short", err);
}

/* An opcode other than STOP; n is its number. */
static jc_status take(jc_pickle *p, jc_cursor *c, unsigned char op, uint64_t n,
                      jc_error *err)
{
    switch (op) {
    case 0x80:
        return n >= 2 && n <= 5 ? JC_OK : broken(p, "is of a protocol not 2 to 5", err);
    case 0x95:
        return JC_OK;
    case '(':
        return push(p, (jc_pickle_value){.kind = JC_PICKLE_MARK}, err);
    case 'N':
        return push(p, (jc_pickle_value){.kind = JC_PICKLE_NONE}, err);
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
        return text_of(p, c, n, err);
    case '}':
        return push(p, (jc_pickle_value){.kind = JC_PICKLE_DICT}, err);
    case ']':
        return push(p, (jc_pickle_value){.kind = JC_PICKLE_LIST}, err);
    case ')':
        return tuple(p, 0, err);
    case 0x85:
    case 0x86:
    case 0x87:
        return p->depth < (size_t)(op - 0x84)
                   ? broken(p, "takes values that are not there", err)
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
        return reduce(p, err);
    case 'Q':
        return persistent(p, err);
    case 'b': /* attributes of a dict, as torch's _metadata: not wanted */
        if (!top(p, 1) || top(p, 1)->kind != JC_PICKLE_DICT)
            return broken(p, "gives attributes to something else than a dict", err);
        p->depth--;
        return JC_OK;
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
            return broken(p, "is cut short", err);
        if (*op == '.')
            break;
        if (!bytes_of(c, width_of(*op), &n))
            return broken(p, "is cut short", err);
        jc_status st = take(p, c, *op, n, err);
        if (st)
            return st;
        if (p->depth < bottom)
            return broken(p, "takes values that are not there", err);
    }
    if (p->depth != bottom + 1 || !top(p, 0))
        return broken(p, "leaves no single value", err);
    *root = p->stack[--p->depth];
    return JC_OK;
}

/* ---- torch's files of old ---- */

static const unsigned char magic[] = {0x80, 2,    0x8a, 10,   0x6c, 0xfc, 0x9c, 0x46,
                                      0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

bool jc_pickle_is_legacy(const unsigned char *data, size_t size)
{
    return size >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

/* The numbers of each storage, in the order of the list of keys. */
static jc_status take_storages(jc_pickle *p, jc_cursor *c, size_t first, uint32_t keys,
                               jc_error *err)
{
    if ((double)p->value[keys].n * (double)p->n_values > 1e9)
        return broken(p, "has too many storages", err);
    for (uint32_t cell = p->value[keys].first; cell != JC_PICKLE_NO;
         cell = p->cell[cell].next) {
        const jc_pickle_value *key = &p->value[p->cell[cell].value];
        const unsigned char *data;
        jc_pickle_value *storage = NULL;
        uint64_t count;
        for (size_t i = first; i < p->n_values && key->kind == JC_PICKLE_TEXT; i++) {
            jc_pickle_value *v = &p->value[i];
            if (v->kind == JC_PICKLE_STORAGE && v->text && v->size == key->size &&
                memcmp(v->text, key->text, v->size) == 0)
                storage = v;
        }
        if (!storage)
            return broken(p, "lists a storage that no tensor has", err);
        if (!jc_cursor_u64(c, &count) || count != storage->count ||
            count > c->size / jc_dtype_bytes(storage->dtype) ||
            !jc_cursor_bytes(c, count * jc_dtype_bytes(storage->dtype), &data))
            return broken(p, "has a storage that is cut short", err);
        for (size_t i = first; i < p->n_values; i++) { /* each mention of it */
            jc_pickle_value *v = &p->value[i];
            if (v->kind == JC_PICKLE_STORAGE && v->text && v->size == key->size &&
                v->dtype == storage->dtype && v->count <= count &&
                memcmp(v->text, key->text, v->size) == 0)
                v->data = data;
        }
    }
    return JC_OK;
}

jc_status jc_pickle_legacy(jc_pickle *p, jc_cursor *c, uint32_t *root, jc_error *err)
{
    uint32_t *memo = p->memo, skip, keys;
    size_t n_memo = p->n_memo, memo_capacity = p->memo_capacity, first = p->n_values;
    jc_status st = JC_OK;

    if (!jc_pickle_is_legacy(c->data + c->at, c->size - c->at))
        return broken(p, "is none of torch", err);
    p->memo = NULL; /* it has its own */
    p->n_memo = p->memo_capacity = 0;
    for (int i = 0; i < 3 && st == JC_OK; i++) /* magic, version, system */
        st = jc_pickle_read(p, c, &skip, err);
    if (st == JC_OK)
        st = jc_pickle_read(p, c, root, err);
    if (st == JC_OK)
        st = jc_pickle_read(p, c, &keys, err);
    if (st == JC_OK && p->value[keys].kind != JC_PICKLE_LIST)
        st = broken(p, "has no list of storages", err);
    if (st == JC_OK)
        st = take_storages(p, c, first, keys, err);
    jc_free(p->memo);
    p->memo = memo;
    p->n_memo = n_memo;
    p->memo_capacity = memo_capacity;
    return st;
}
