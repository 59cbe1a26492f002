/* SPDX-License-Identifier: MIT */
/* map.c: asking a map what it holds, and running it alone. */
#include "shortcut/shortcut.h"

#include <math.h>
#include <string.h>

void jc_numbers_read(const jc_numbers *numbers, size_t first, size_t n, float *out)
{
    if (numbers->dtype == JC_I8) {
        const int8_t *data = (const int8_t *)numbers->data + first;
        size_t row = first / numbers->cols, col = first % numbers->cols;

        for (size_t i = 0; i < n; i++) {
            out[i] = (float)data[i] * numbers->scale[row];
            if (++col == numbers->cols) {
                col = 0;
                row++;
            }
        }
        return;
    }
    const jc_tensor tensor = {.dtype = numbers->dtype,
                              .count = numbers->rows * numbers->cols,
                              .data = numbers->data};
    jc_tensor_read(&tensor, first, n, out);
}

static size_t tensor_index(const jc_form *form, const char *name)
{
    size_t i = 0;

    while (i < JC_FORM_TENSORS && form->tensors[i].name &&
           strcmp(form->tensors[i].name, name) != 0)
        i++;
    return form->tensors[i].name ? i : JC_FORM_TENSORS;
}

const jc_numbers *jc_map_tensor(const jc_map *map, const char *name)
{
    static const jc_numbers none;
    size_t i = tensor_index(map->form, name);

    return i < JC_FORM_TENSORS ? &map->tensor[i] : &none;
}

const float *jc_map_floats(const jc_map *map, const char *name)
{
    const jc_numbers *t = jc_map_tensor(map, name);

    return t->dtype == JC_F32 ? t->data : NULL;
}

float *jc_map_fill(jc_map *map, const char *name)
{
    const jc_numbers *t = jc_map_tensor(map, name);

    return t->dtype == JC_F32 ? t->own : NULL;
}

size_t jc_map_side(const jc_map *map, jc_side side)
{
    switch (side) {
    case JC_SIDE_IN:
        return map->d_in;
    case JC_SIDE_OUT:
        return map->d_out;
    case JC_SIDE_RANK:
        return map->rank;
    case JC_SIDE_ONE:
        break;
    }
    return 1;
}

const char *jc_map_name(const jc_map *map)
{
    if (!map)
        return NULL;
    return map->name;
}

const char *jc_map_form(const jc_map *map)
{
    if (!map)
        return NULL;
    return map->form->name;
}

size_t jc_map_sources(const jc_map *map)
{
    if (!map)
        return 0;
    return map->place.n_from;
}

jc_tap_at jc_map_source(const jc_map *map, size_t i)
{
    if (!map)
        return (jc_tap_at){0};
    return i < map->place.n_from ? map->place.from[i] : (jc_tap_at){.offset = 0};
}

jc_tap_at jc_map_target(const jc_map *map)
{
    if (!map)
        return (jc_tap_at){0};
    return map->place.to;
}

size_t jc_map_inputs(const jc_map *map)
{
    if (!map)
        return 0;
    return map->d_in;
}

size_t jc_map_outputs(const jc_map *map)
{
    if (!map)
        return 0;
    return map->d_out;
}

jc_map_cost jc_map_costs(const jc_map *map)
{
    if (!map)
        return (jc_map_cost){0};
    jc_map_cost cost = {.flops = map->form->flops(map)};

    for (size_t i = 0; i < JC_FORM_TENSORS; i++) {
        const jc_numbers *t = &map->tensor[i];
        if (!t->data)
            continue;
        cost.parameters += t->rows * t->cols;
        cost.bytes += t->rows * t->cols * jc_dtype_bytes(t->dtype);
        if (t->scale)
            cost.bytes += t->rows * sizeof *t->scale;
    }
    return cost;
}

double jc_map_r2(const jc_map *map)
{
    if (!map)
        return (double)NAN;
    return map->r2;
}

jc_status jc_map_dense(const jc_map *map, float *weight, float *bias, jc_error *err)
{
    if (jc_want(map, "map", err))
        return JC_E_ARG;
    memset(weight, 0, map->d_out * map->d_in * sizeof *weight);
    memset(bias, 0, map->d_out * sizeof *bias);
    return map->form->dense(map, weight, bias, err);
}
