/* SPDX-License-Identifier: MIT */
/*
 * pickle.h: the value that a Python pickle describes, if it is made of numbers, texts,
 * lists, tuples, dicts, torch tensors and numpy arrays. Nothing is ever run: an opcode or a
 * global name that such values do not need is refused by its name.
 */
#ifndef JC_PICKLE_H
#define JC_PICKLE_H

#include "base/cursor.h"
#include "store/store.h"

typedef enum jc_pickle_kind {
    JC_PICKLE_NONE,
    JC_PICKLE_INT, /* also True and False */
    JC_PICKLE_REAL,
    JC_PICKLE_TEXT,
    JC_PICKLE_LIST, /* or tuple */
    JC_PICKLE_DICT,
    JC_PICKLE_GLOBAL,
    JC_PICKLE_STORAGE,
    JC_PICKLE_TENSOR, /* of torch; or an array of numpy */
    JC_PICKLE_ARRAY,  /* of numpy, before it has its state */
    JC_PICKLE_TYPE,   /* of numpy's numbers */
    JC_PICKLE_MARK
} jc_pickle_kind;

#define JC_PICKLE_NO UINT32_MAX

typedef struct jc_pickle_value {
    jc_pickle_kind kind;
    int64_t number;            /* INT; GLOBAL: which one */
    double real;               /* REAL */
    const unsigned char *text; /* TEXT: [size], in the input; STORAGE: its key, or NULL */
    size_t size;
    uint32_t first, last; /* LIST, DICT: cells; DICT: key, value, key, value ... */
    uint32_t n;           /* cells */
    /* STORAGE, TENSOR and TYPE */
    jc_dtype dtype;
    const unsigned char *data; /* STORAGE whose numbers are known */
    uint64_t count;            /* STORAGE: numbers */
    uint32_t storage;          /* TENSOR: a value */
    uint64_t offset;
    uint32_t dims;
    uint64_t shape[JC_TENSOR_DIMS], stride[JC_TENSOR_DIMS];
} jc_pickle_value;

typedef struct jc_pickle_cell {
    uint32_t value, next;
} jc_pickle_cell;

typedef struct jc_pickle {
    const char *path; /* for messages */
    jc_pickle_value *value;
    jc_pickle_cell *cell;
    uint32_t *stack, *memo;
    size_t n_values, n_cells, depth, n_memo;
    size_t values_capacity, cells_capacity, stack_capacity, memo_capacity;
    unsigned nested;     /* pickles within pickles */
    size_t room;         /* bytes of texts that may still be decoded */
    unsigned char **own; /* [n_own]: those that were */
    size_t n_own, own_capacity;
} jc_pickle;

void jc_pickle_release(jc_pickle *pickle); /* takes a zeroed one */
/* One pickle, from the cursor on; *root is its value. Values of earlier ones stay. */
jc_status jc_pickle_read(jc_pickle *pickle, jc_cursor *c, uint32_t *root,
                         jc_error *err) JC_NODISCARD;
/* What torch.save() wrote before it wrote zip files: four pickles, the keys of storages and
 * their numbers. */
jc_status jc_pickle_legacy(jc_pickle *pickle, jc_cursor *c, uint32_t *root,
                           jc_error *err) JC_NODISCARD;
bool jc_pickle_is_legacy(const unsigned char *data, size_t size);

#endif
