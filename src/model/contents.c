/* SPDX-License-Identifier: MIT */
/* contents.c: what the files of a model hold, for the public interface. */
#include "jumpcut/contents.h"

#include "model/model.h"
#include "store/gguf.h"

_Static_assert(JC_CONTENTS_DIMS == JC_TENSOR_DIMS, "tensors have as many dimensions");

size_t jc_model_tensors(const jc_model *model)
{
    if (!model)
        return 0;
    return jc_store_stored(model->store);
}

jc_contents_tensor jc_model_tensor(const jc_model *model, size_t i)
{
    if (!model)
        return (jc_contents_tensor){0};
    const jc_tensor *t = jc_store_stored_at(model->store, i);
    jc_contents_tensor out = {.name = t->name,
                              .dtype = jc_tensor_type(t),
                              .n_dims = t->n_dims,
                              .bytes = t->bytes};

    for (int k = 0; k < JC_CONTENTS_DIMS; k++)
        out.shape[k] = t->shape[k];
    return out;
}

size_t jc_model_keys(const jc_model *model)
{
    if (!model)
        return 0;
    const jc_gguf *file = jc_store_gguf(model->store);

    return file ? jc_gguf_value_count(file) : 0;
}

jc_contents_key jc_model_key(const jc_model *model, size_t i)
{
    if (!model)
        return (jc_contents_key){0};
    const jc_gguf_value *v = jc_gguf_value_at(jc_store_gguf(model->store), i);

    return (jc_contents_key){.name = v->key,
                             .type = jc_gguf_type_name(v->type),
                             .list = v->array,
                             .n = v->n,
                             .values = v};
}

bool jc_contents_next(jc_contents_key *key, jc_contents_value *value)
{
    if (!key || !value)
        return false;
    const jc_gguf_value *v = key->values;

    if (key->done == v->n)
        return false;
    *value = (jc_contents_value){.text = NULL};
    if (v->type == JC_GGUF_TEXT) {
        jc_gguf_text text = jc_gguf_next(v, &key->bytes);
        value->text = text.text;
        value->bytes = text.n;
    } else {
        value->number = jc_gguf_number(v, key->done);
    }
    key->done++;
    return true;
}
