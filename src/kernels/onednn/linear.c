/* SPDX-License-Identifier: MIT */
/*
 * linear.c: y = act(x W' + b) with weights packed once in the layout that oneDNN's product
 * wants.
 *
 * The work is cut into tiles of ROWS rows by panels of PANEL outputs, and each tile is one
 * product by one thread, always of the same size: the last rows of a call are padded.
 * An expert's calls have few rows: its tiles are low, and its panels so narrow that one
 * stays in the cache for all of them.
 * So one primitive serves a layer whatever the batch, a row's result depends neither on its
 * neighbours nor on the number of threads, and a layer of a few rows still spreads over the
 * threads by its panels.
 *
 * A weight that is kept by its source is never whole in memory: a task packs one panel into
 * its thread's scratch memory and runs SLICE rows through it. Its panels are narrower, for
 * there to be enough tasks and for a packed one to stay in the cache.
 */
#include "kernels/onednn/onednn.h"

#include <string.h>

#include "kernels/onednn/desc.h"
#include "kernels/vector.h"

enum { ROWS = 64, EXPERT_ROWS = 16, PANEL = 768, NARROW_PANEL = 128, SLICE = 1024 };
enum { TURNED = 16 }; /* outputs, read so that they stay in the nearest cache */

/* A product of [rows, n_in] by a panel: into y, whose rows are n_out apart, or into a
 * compact [rows, panel] for the padded tile. */
enum { INTO_Y, COMPACT, TARGETS };

struct shape { /* panels of one width: all but the last, and the last */
    dnnl_primitive_desc_t desc[TARGETS];
    dnnl_primitive_t product[TARGETS];
    jc_desc_ref src, dst[TARGETS], packed, scratch[TARGETS]; /* of desc */
    jc_desc plain; /* of the weight as it is read, float32 */
    dnnl_primitive_desc_t pack_desc;
    dnnl_primitive_t pack; /* plain to packed */
    jc_desc_ref pack_scratch;
    bool turned;          /* packed is [n_in, n] as it stands: no primitive is needed */
    size_t scratch_bytes; /* the most that any of these wants, a multiple of 64 */
};

struct panel {
    const struct shape *shape;
    size_t first, n; /* outputs */
    void *data;      /* packed weight, NULL where it is kept by its source */
    dnnl_memory_t weight, bias;
};

struct onednn_linear {
    jc_linear head;
    jc_act act;
    bool add;
    dnnl_data_type_t type;
    bool kept;    /* by head.kept */
    size_t rows;  /* of a tile */
    size_t slice; /* rows of a task, a multiple of that */
    struct shape shapes[2];
    size_t n_panels, width; /* of all panels but the last */
    struct panel *panels;
    float *bias; /* [n_out] */
    jc_generation *generation;
};

static void shape_release(struct shape *shape)
{
    for (int t = 0; t < TARGETS; t++) {
        dnnl_primitive_destroy(shape->product[t]);
        dnnl_primitive_desc_destroy(shape->desc[t]);
    }
    jc_desc_free(&shape->plain);
    dnnl_primitive_destroy(shape->pack);
    dnnl_primitive_desc_destroy(shape->pack_desc);
}

void jc_onednn_linear_free(jc_linear *linear)
{
    struct onednn_linear *l = (struct onednn_linear *)linear;

    for (size_t i = 0; l->panels && i < l->n_panels; i++) {
        dnnl_memory_destroy(l->panels[i].weight);
        dnnl_memory_destroy(l->panels[i].bias);
        jc_free(l->panels[i].data);
    }
    shape_release(&l->shapes[0]);
    shape_release(&l->shapes[1]);
    if (l->generation)
        jc_generation_release(l->generation);
    jc_free(l->generation);
    jc_free(l->panels);
    jc_free(l->bias);
    jc_free(l);
}

static dnnl_status_t make_attr(dnnl_primitive_attr_t *attr, bool add)
{
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t st = dnnl_primitive_attr_create(attr);

    if (st == dnnl_success)
        st = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    if (st == dnnl_success && add) {
        st = dnnl_post_ops_create(&ops);
        if (st == dnnl_success)
            st = jc_desc_append_sum(ops);
        if (st == dnnl_success)
            st = dnnl_primitive_attr_set_post_ops(*attr, ops);
        dnnl_post_ops_destroy(ops);
    }
    return st;
}

static dnnl_status_t make_product(struct shape *shape, int target,
                                  const struct onednn_linear *l, size_t n)
{
    size_t n_in = l->head.n_in, stride = target == INTO_Y ? l->head.n_out : n;
    jc_desc src = {0}, weight = {0}, bias = {0}, dst = {0};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_status_t st = jc_desc_matrix(&src, l->rows, n_in, l->type, dnnl_ab);

    if (st == dnnl_success)
        st = jc_desc_matrix(&weight, n_in, n, l->type, dnnl_format_tag_any);
    if (st == dnnl_success)
        st = jc_desc_matrix(&bias, 1, n, dnnl_f32, dnnl_ab);
    if (st == dnnl_success)
        st = jc_desc_strided(&dst, l->rows, n, stride);
    if (st == dnnl_success)
        st = make_attr(&attr, l->add && JC_DESC_SUMS);
    if (st == dnnl_success) /* both targets read the same packed weight */
        st = jc_desc_product(&shape->desc[target], jc_desc_get(&src),
                             target == INTO_Y ? jc_desc_get(&weight) : shape->packed,
                             jc_desc_get(&bias), jc_desc_get(&dst), attr,
                             jc_onednn_engine());
    if (st == dnnl_success)
        st = dnnl_primitive_create(&shape->product[target], shape->desc[target]);
    dnnl_primitive_attr_destroy(attr);
    jc_desc_free(&src);
    jc_desc_free(&weight);
    jc_desc_free(&bias);
    jc_desc_free(&dst);
    if (st != dnnl_success)
        return st;

    const_dnnl_primitive_desc_t desc = shape->desc[target];
    shape->src = dnnl_primitive_desc_query_md(desc, dnnl_query_src_md, 0);
    shape->packed = dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
    shape->dst[target] = dnnl_primitive_desc_query_md(desc, dnnl_query_dst_md, 0);
    shape->scratch[target] =
        dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
    return st;
}

/* Read the panel's weight as float32: [n_in, n] or [n, n_in]. */
static void read_panel(const struct onednn_linear *l, const struct panel *panel,
                       const jc_weight_source *source, float *out)
{
    size_t n_in = l->head.n_in, n_out = l->head.n_out;

    if (!source->in_out) {
        source->read(source->arg, panel->first * n_in, panel->n * n_in, out);
        return;
    }
    for (size_t i = 0; i < n_in; i++)
        source->read(source->arg, i * n_out + panel->first, panel->n, out + i * panel->n);
}

/* Read the panel's weight [n, n_in] into packed [n_in, n], some outputs at a time. */
static void read_turned(const struct onednn_linear *l, const struct panel *panel,
                        const jc_weight_source *source, float *plain, float *packed)
{
    size_t n_in = l->head.n_in, n = panel->n;

    for (size_t i = 0; i < n; i += TURNED) {
        size_t some = n - i < TURNED ? n - i : TURNED;
        source->read(source->arg, (panel->first + i) * n_in, some * n_in, plain);
        jc_vector_get()->turn(some, n_in, plain, packed + i, n);
    }
}

static size_t rounded(size_t bytes)
{
    return (bytes / 64 + 1) * 64;
}

static dnnl_status_t make_pack(struct shape *shape, size_t n_in, size_t n, bool in_out)
{
    dnnl_engine_t engine = jc_onednn_engine();
    dnnl_primitive_attr_t attr = NULL;
    jc_desc turned = {0};
    dnnl_status_t st =
        jc_desc_matrix(&shape->plain, n_in, n, dnnl_f32, in_out ? dnnl_ab : dnnl_ba);

    if (st == dnnl_success)
        st = jc_desc_matrix(&turned, n_in, n, dnnl_f32, dnnl_ab);
    if (st == dnnl_success)
        shape->turned =
            !in_out && dnnl_memory_desc_equal(jc_desc_get(&turned), shape->packed);
    jc_desc_free(&turned);
    if (st == dnnl_success)
        st = make_attr(&attr, false);
    if (st == dnnl_success)
        st = dnnl_reorder_primitive_desc_create(&shape->pack_desc,
                                                jc_desc_get(&shape->plain), engine,
                                                shape->packed, engine, attr);
    if (st == dnnl_success)
        st = dnnl_primitive_create(&shape->pack, shape->pack_desc);
    dnnl_primitive_attr_destroy(attr);
    if (st == dnnl_success)
        shape->pack_scratch =
            dnnl_primitive_desc_query_md(shape->pack_desc, dnnl_query_scratchpad_md, 0);
    return st;
}

static dnnl_status_t make_shape(struct shape *shape, const struct onednn_linear *l,
                                size_t n, bool in_out)
{
    dnnl_status_t st = dnnl_success;

    for (int t = 0; t < TARGETS && st == dnnl_success; t++)
        st = make_product(shape, t, l, n);
    if (st == dnnl_success)
        st = make_pack(shape, l->head.n_in, n, in_out);
    if (st != dnnl_success)
        return st;
    const jc_desc_ref wants[] = {shape->scratch[INTO_Y], shape->scratch[COMPACT],
                                 shape->pack_scratch};
    for (size_t i = 0; i < JC_COUNT(wants); i++) {
        size_t bytes = rounded(dnnl_memory_desc_get_size(wants[i]));
        if (bytes > shape->scratch_bytes)
            shape->scratch_bytes = bytes;
    }
    return st;
}

/* Read the panel's weight into `plain` [n_in x n floats] and pack it into `packed`, of
 * which *weight is the memory, also after a failure. */
static dnnl_status_t pack(const struct onednn_linear *l, const struct panel *panel,
                          const jc_weight_source *source, float *plain, void *packed,
                          void *scratch, dnnl_memory_t *weight)
{
    const struct shape *shape = panel->shape;
    dnnl_engine_t engine = jc_onednn_engine();
    dnnl_memory_t from = NULL, spare = NULL;
    dnnl_stream_t stream = NULL;
    dnnl_status_t st;

    *weight = NULL;
    if (shape->turned) {
        read_turned(l, panel, source, plain, packed);
        return dnnl_memory_create(weight, shape->packed, engine, packed);
    }
    read_panel(l, panel, source, plain);
    st = dnnl_memory_create(&from, jc_desc_get(&shape->plain), engine, plain);
    if (st == dnnl_success)
        st = dnnl_memory_create(weight, shape->packed, engine, packed);
    if (st == dnnl_success)
        st = dnnl_memory_create(&spare, shape->pack_scratch, engine, scratch);
    if (st == dnnl_success)
        st = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    if (st == dnnl_success) {
        const dnnl_exec_arg_t args[] = {
            {DNNL_ARG_FROM, from}, {DNNL_ARG_TO, *weight}, {DNNL_ARG_SCRATCHPAD, spare}};
        st = dnnl_primitive_execute(shape->pack, stream, 3, args);
    }
    if (st == dnnl_success)
        st = dnnl_stream_wait(stream);
    dnnl_stream_destroy(stream);
    dnnl_memory_destroy(spare);
    dnnl_memory_destroy(from);
    return st;
}

/* Pack a panel for good; `plain` is its buffer. */
static dnnl_status_t pack_panel(struct onednn_linear *l, struct panel *panel,
                                const jc_weight_source *source, float *plain)
{
    size_t bytes = dnnl_memory_desc_get_size(panel->shape->packed);
    void *scratch = jc_onednn_scratch(panel->shape->scratch_bytes);

    panel->data = jc_matrix_new(bytes, 1, 1);
    if (!panel->data || !scratch)
        return dnnl_out_of_memory;
    l->head.bytes += bytes;
    return pack(l, panel, source, plain, panel->data, scratch, &panel->weight);
}

static dnnl_status_t make_panel(struct onednn_linear *l, struct panel *panel,
                                const jc_weight_source *source, float *plain)
{
    jc_desc bias = {0};
    dnnl_status_t st = jc_desc_matrix(&bias, 1, panel->n, dnnl_f32, dnnl_ab);

    if (st == dnnl_success)
        st = dnnl_memory_create(&panel->bias, jc_desc_get(&bias), jc_onednn_engine(),
                                l->bias + panel->first);
    jc_desc_free(&bias);
    if (st == dnnl_success && !l->kept)
        st = pack_panel(l, panel, source, plain);
    return st;
}

static dnnl_status_t make_panels(struct onednn_linear *l, const jc_weight_source *source,
                                 float *plain)
{
    size_t n_out = l->head.n_out, last = n_out - (l->n_panels - 1) * l->width;
    const size_t widths[] = {l->width, last};
    dnnl_status_t st = dnnl_success;

    for (int s = l->n_panels > 1 ? 0 : 1; s < 2 && st == dnnl_success; s++)
        st = make_shape(&l->shapes[s], l, widths[s], source->in_out);
    for (size_t i = 0; i < l->n_panels && st == dnnl_success; i++) {
        bool is_last = i + 1 == l->n_panels;
        l->panels[i].shape = &l->shapes[is_last];
        l->panels[i].first = i * l->width;
        l->panels[i].n = widths[is_last];
        st = make_panel(l, &l->panels[i], source, plain);
    }
    return st;
}

jc_status jc_onednn_linear_new(jc_linear **out, const jc_linear_spec *spec, jc_error *err)
{
    if (!jc_onednn_engine())
        return jc_fail(err, JC_E_UNSUPPORTED, "oneDNN has no CPU engine here");
    struct onednn_linear *l = jc_alloc_array(1, sizeof *l);
    if (!l)
        return jc_fail_nomem(err, "a linear layer");
    l->kept = spec->weight.release != NULL;
    l->head = (jc_linear){.backend = &jc_backend_onednn,
                          .n_in = spec->n_in,
                          .n_out = spec->n_out,
                          .bytes = l->kept ? spec->weight.bytes : 0};
    l->act = spec->act;
    l->add = spec->add;
    l->type = spec->precision == JC_PRECISION_BF16 ? dnnl_bf16 : dnnl_f32;
    l->rows = spec->expert ? EXPERT_ROWS : ROWS;
    l->width = l->kept || spec->expert ? NARROW_PANEL : PANEL;
    l->slice = l->kept || spec->expert ? SLICE : ROWS;
    l->head.step = l->width;
    l->n_panels = (spec->n_out + l->width - 1) / l->width;
    l->panels = jc_alloc_array(l->n_panels, sizeof *l->panels);
    l->generation = jc_alloc_array(1, sizeof *l->generation);
    l->bias = jc_matrix_new(spec->n_out, 1, sizeof *l->bias);
    float *plain = jc_matrix_new(
        spec->n_in, spec->n_out < l->width ? spec->n_out : l->width, sizeof *plain);
    dnnl_status_t st =
        l->panels && l->bias && plain && l->generation ? dnnl_success : dnnl_out_of_memory;
    if (st == dnnl_success && jc_generation_init(l->generation, spec, err))
        st = dnnl_out_of_memory;
    if (st == dnnl_success) {
        JC_USE_THREADS(1); /* a product is planned for the one thread that will run it */
        if (spec->bias)
            memcpy(l->bias, spec->bias, spec->n_out * sizeof *l->bias);
        st = make_panels(l, &spec->weight, plain);
    }
    jc_free(plain);
    if (st != dnnl_success) {
        jc_onednn_linear_free(&l->head);
        return jc_onednn_fail(err, st, "a linear layer");
    }
    *out = &l->head;
    return JC_OK;
}

struct tile { /* buffers of one product */
    dnnl_memory_t weight;
    const void *src;
    float *dst;
    void *scratch;
};

static dnnl_status_t multiply(const struct panel *panel, int target,
                              const struct tile *tile)
{
    dnnl_engine_t engine = jc_onednn_engine();
    dnnl_memory_t src = NULL, dst = NULL, scratch = NULL;
    dnnl_stream_t stream = NULL;
    void *from;
    dnnl_status_t st;

    JC_ONEDNN_QUIET();
    memcpy(&from, &tile->src, sizeof from); /* oneDNN takes inputs without const */
    st = dnnl_memory_create(&src, panel->shape->src, engine, from);
    if (st == dnnl_success)
        st = dnnl_memory_create(&dst, panel->shape->dst[target], engine, tile->dst);
    if (st == dnnl_success)
        st = dnnl_memory_create(&scratch, panel->shape->scratch[target], engine,
                                tile->scratch);
    if (st == dnnl_success)
        st = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    if (st == dnnl_success) {
        const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, src},
                                        {DNNL_ARG_WEIGHTS, tile->weight},
                                        {DNNL_ARG_BIAS, panel->bias},
                                        {DNNL_ARG_DST, dst},
                                        {DNNL_ARG_SCRATCHPAD, scratch}};
        st = dnnl_primitive_execute(panel->shape->product[target], stream, 5, args);
    }
    dnnl_stream_destroy(stream);
    dnnl_memory_destroy(scratch);
    dnnl_memory_destroy(dst);
    dnnl_memory_destroy(src);
    return st;
}

struct job {
    const struct onednn_linear *l;
    const float *x;
    size_t rows, slice, slices;
    size_t first, stride; /* y is [rows, stride], outputs from `first` on */
    float *y;
};

static void activate(const struct onednn_linear *l, size_t rows, size_t n, size_t stride,
                     float *y)
{
    if (l->act != JC_ACT_NONE)
        for (size_t r = 0; r < rows; r++)
            jc_vector_get()->act(l->act, n, y + r * stride);
}

/* The source rows of a tile as the product wants them; the padding stays zero. */
static const void *prepare(const struct onednn_linear *l, const float *x, size_t rows,
                           void *buffer)
{
    size_t n_in = l->head.n_in;

    if (l->type == dnnl_bf16) {
        memset(buffer, 0, l->rows * n_in * sizeof(uint16_t));
        jc_vector_get()->to_bf16(rows * n_in, x, buffer);
        return buffer;
    }
    if (rows == l->rows)
        return x;
    memset(buffer, 0, l->rows * n_in * sizeof *x);
    return memcpy(buffer, x, rows * n_in * sizeof *x);
}

/* The buffers of a thread, one after another, each a multiple of 64 bytes. */
struct buffers {
    char *scratch, *src, *compact;
    char *plain, *packed; /* of kept weights only */
};

static bool get_buffers(const struct onednn_linear *l, const struct panel *panel,
                        struct buffers *b)
{
    size_t scratch = panel->shape->scratch_bytes;
    size_t src = rounded(l->rows * l->head.n_in * sizeof(float));
    size_t compact = rounded(l->rows * panel->n * sizeof(float));
    size_t plain = l->kept ? rounded(l->head.n_in * panel->n * sizeof(float)) : 0;
    size_t packed = l->kept ? dnnl_memory_desc_get_size(panel->shape->packed) : 0;

    b->scratch = jc_onednn_scratch(scratch + src + compact + plain + packed);
    if (!b->scratch)
        return false;
    b->src = b->scratch + scratch;
    b->compact = b->src + src;
    b->plain = b->compact + compact;
    b->packed = b->plain + plain;
    return true;
}

static dnnl_status_t run_tile(const struct job *job, const struct panel *panel, size_t row,
                              dnnl_memory_t weight, const struct buffers *b)
{
    const struct onednn_linear *l = job->l;
    size_t n_in = l->head.n_in, stride = job->stride, n = panel->n;
    size_t rows = job->rows - row < l->rows ? job->rows - row : l->rows;
    bool sums = l->add && JC_DESC_SUMS; /* the product adds to what is there */
    /* rows that are no tile are padded in a buffer of their own */
    bool apart = rows < l->rows || (l->add && !sums);
    int target = !apart && stride == l->head.n_out ? INTO_Y : COMPACT;
    float *y = job->y + row * stride + panel->first - job->first;
    float *to = apart ? (float *)(void *)b->compact : y;
    struct tile tile = {weight, prepare(l, job->x + row * n_in, rows, b->src), to,
                        b->scratch};

    for (size_t r = 0; apart && sums && r < rows; r++)
        memcpy(to + r * n, y + r * stride, n * sizeof *y);
    dnnl_status_t st = multiply(panel, target, &tile);
    if (st != dnnl_success)
        return st;
    for (size_t r = 0; apart && l->add && !sums && r < rows; r++)
        for (size_t i = 0; i < n; i++)
            to[r * n + i] += y[r * stride + i];
    activate(l, rows, n, apart ? n : stride, to);
    for (size_t r = 0; apart && r < rows; r++)
        memcpy(y + r * stride, to + r * n, n * sizeof *y);
    return st;
}

/* One panel over one slice of the rows. */
static jc_status run_slice(void *arg, size_t task, jc_error *err)
{
    const struct job *job = arg;
    const struct onednn_linear *l = job->l;
    const struct panel *panel = &l->panels[job->first / l->width + task / job->slices];
    size_t row = task % job->slices * job->slice;
    size_t end = job->rows - row < job->slice ? job->rows : row + job->slice;
    dnnl_memory_t own = NULL, weight = panel->weight;
    dnnl_status_t st = dnnl_success;
    struct buffers b;

    if (!get_buffers(l, panel, &b))
        return jc_fail_nomem(err, "a tile of a linear layer");
    if (l->kept) {
        st = pack(l, panel, &l->head.kept, (float *)(void *)b.plain, b.packed, b.scratch,
                  &own);
        weight = own;
    }
    for (; row < end && st == dnnl_success; row += l->rows)
        st = run_tile(job, panel, row, weight, &b);
    dnnl_memory_destroy(own);
    return st == dnnl_success ? JC_OK : jc_onednn_fail(err, st, "a product");
}

/* Outputs first .. first + stride of them, which are whole panels. */
static jc_status run(const struct onednn_linear *l, const float *x, size_t rows,
                     size_t first, size_t stride, float *y, jc_error *err)
{
    struct job job = {.l = l,
                      .x = x,
                      .rows = rows,
                      .slice = l->slice,
                      .slices = (rows + l->slice - 1) / l->slice,
                      .first = first,
                      .stride = stride,
                      .y = y};

    return jc_parallel(job.slices * ((stride + l->width - 1) / l->width), run_slice, &job,
                       err);
}

jc_status jc_onednn_linear_run(const jc_linear *linear, jc_plan plan, const float *x,
                               size_t rows, float *y, jc_error *err)
{
    const struct onednn_linear *l = (const struct onednn_linear *)linear;

    if (jc_generation_serves(l->generation, plan))
        return jc_generation_run(l->generation, linear, l->bias, l->act, l->add, x, rows, y,
                                 err);
    return run(l, x, rows, 0, linear->n_out, y, err);
}

jc_status jc_onednn_linear_range(const jc_linear *linear, size_t first, const float *x,
                                 size_t rows, float *y, jc_error *err)
{
    size_t left = linear->n_out - first;

    return run((const struct onednn_linear *)linear, x, rows, first,
               left < linear->step ? left : linear->step, y, err);
}
