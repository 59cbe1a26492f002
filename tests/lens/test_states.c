/* SPDX-License-Identifier: MIT */
/*
 * States written to a file against states of the Python package `transformers`, which
 * tests/golden/models holds; and the file as its format says it is.
 */
#include "model/golden.h"
#include "support/scratch.h"

#include "jumpcut/lens.h"

/* The texts of tiny-gpt2.golden.safetensors as a file of samples. */
static void write_samples(void **state, const struct golden *g)
{
    FILE *f = fopen(scratch_path(state, "samples.jsonl"), "w");

    assert_non_null(f);
    for (size_t t = 0; t < g->n_texts; t++) {
        const jc_text *text = &g->texts[t];
        fputs("{\"ids\":[", f);
        for (size_t i = 0; i < text->n; i++)
            fprintf(f, "%s%u", i ? "," : "", text->ids[i]);
        fputs("],\"positions\":[", f);
        for (size_t i = 0; i < text->n_positions; i++)
            fprintf(f, "%s%u", i ? "," : "", text->positions[i]);
        fputs("]}\n", f);
    }
    assert_int_equal(fclose(f), 0);
}

static jc_status save(void **state, const jc_model *model, const char *name,
                      const char *taps, uint32_t batch, jc_error *err)
{
    jc_samples_params sp;
    jc_states_params params;
    jc_samples *samples;

    jc_samples_params_init(&sp);
    jc_states_params_init(&params);
    params.taps = taps;
    params.batch = batch;
    if (jc_samples_from_file(&samples, scratch_path(state, "samples.jsonl"), &sp, err))
        fail_msg("%s", err->message);
    jc_status st = jc_states_save(model, samples, scratch_path(state, name), &params, err);
    jc_samples_close(samples);
    return st;
}

static void save_well(void **state, const jc_model *model, const char *name,
                      const char *taps, uint32_t batch)
{
    jc_error err = {JC_OK, ""};

    if (save(state, model, name, taps, batch, &err))
        fail_msg("%s", err.message);
}

static int64_t number(const jc_tensor *t, size_t i)
{
    int64_t x;

    assert_true(t->dtype == JC_I64 && t->n_dims == 1 && i < t->count);
    memcpy(&x, t->data + i * sizeof x, sizeof x);
    return x;
}

/* 'ids' and 'texts' are the texts that were run. */
static void check_tokens(const jc_safetensors *file, const struct golden *g)
{
    const jc_tensor *ids = jc_safetensors_find(file, "ids");
    const jc_tensor *texts = jc_safetensors_find(file, "texts");
    size_t at = 0;

    assert_non_null(ids);
    assert_non_null(texts);
    assert_int_equal(texts->count, g->n_texts + 1);
    for (size_t t = 0; t < g->n_texts; t++) {
        assert_int_equal(number(texts, t), at);
        for (size_t i = 0; i < g->texts[t].n; i++)
            assert_int_equal(number(ids, at++), g->texts[t].ids[i]);
    }
    assert_int_equal(number(texts, g->n_texts), at);
    assert_int_equal(ids->count, at);
}

static void test_states__the_file_holds_the_reference_states_of_every_row(void **state)
{
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    struct golden g;
    jc_safetensors *file;

    golden_open(&g, "tiny-gpt2");
    write_samples(state, &g);
    save_well(state, model, "s.safetensors", "0,3,1", 5); /* a text at a time */
    assert_int_equal(jc_safetensors_open(&file, scratch_path(state, "s.safetensors"), NULL),
                     JC_OK);
    assert_int_equal(jc_safetensors_count(file), 6);
    static const uint32_t taps[] = {0, 3, 1};
    for (size_t i = 0; i < JC_COUNT(taps); i++) {
        char name[32];
        snprintf(name, sizeof name, "states.%u", taps[i]);
        const jc_tensor *tensor = jc_safetensors_find(file, name);
        assert_non_null(tensor);
        assert_int_equal(tensor->dtype, JC_F32);
        assert_int_equal(tensor->shape[0], g.rows);
        assert_int_equal(tensor->shape[1], g.width);
        float *got = read_all(file, name);
        check_rows(got, g.states + taps[i] * g.rows * g.width, g.rows, g.width, 1e-5, name);
        jc_free(got);
    }
    const jc_tensor *rows = jc_safetensors_find(file, "rows");
    assert_non_null(rows);
    assert_int_equal(rows->dtype, JC_I64);
    assert_int_equal(rows->shape[0], g.rows);
    assert_int_equal(rows->shape[1], 2);
    for (size_t t = 0, r = 0; t < g.n_texts; t++)
        for (size_t i = 0; i < g.texts[t].n_positions; i++, r++) {
            int64_t pair[2];
            memcpy(pair, rows->data + r * sizeof pair, sizeof pair);
            assert_int_equal(pair[0], t);
            assert_int_equal(pair[1], g.texts[t].positions[i]);
        }
    check_tokens(file, &g);
    jc_safetensors_close(file);
    golden_close(&g);
    jc_model_close(model);
}

/* tests/golden/taps: hooks on the modules of `transformers`. */
static void test_states__those_inside_blocks_are_the_references_too(void **state)
{
    static const char *const taps[] = {"2.attn", "1.mlp", "3.mid", "3.ln2", "2.ln1"};
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    jc_safetensors *want, *file;
    size_t n = 0;

    assert_int_equal(
        jc_safetensors_open(&want, JC_SOURCE_DIR "/tests/golden/taps/tiny-gpt2.safetensors",
                            NULL),
        JC_OK);
    uint32_t *ids = read_whole(want, "ids", &n);
    FILE *f = fopen(scratch_path(state, "samples.jsonl"), "w");
    assert_non_null(f);
    fputs("{\"ids\":", f);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%c%u", i ? ',' : '[', ids[i]);
    fputs("],\"positions\":", f);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%c%zu", i ? ',' : '[', i);
    fputs("]}\n", f);
    assert_int_equal(fclose(f), 0);
    save_well(state, model, "s.safetensors", "0,2.attn,1.mlp,1,3.mid,3.ln2,2.ln1", 0);
    assert_int_equal(jc_safetensors_open(&file, scratch_path(state, "s.safetensors"), NULL),
                     JC_OK);
    assert_int_equal(jc_safetensors_count(file), 10);
    for (size_t i = 0; i < JC_COUNT(taps); i++) {
        char name[40];
        snprintf(name, sizeof name, "states.%s", taps[i]);
        float *got = read_all(file, name), *reference = read_all(want, taps[i]);
        check_rows(got, reference, n, jc_model_get_info(model)->width, 1e-5, name);
        jc_free(got);
        jc_free(reference);
    }
    jc_safetensors_close(file);
    jc_safetensors_close(want);
    jc_free(ids);
    jc_model_close(model);
}

static size_t read_file(void **state, const char *name, unsigned char *data, size_t room)
{
    FILE *f = fopen(scratch_path(state, name), "rb");

    assert_non_null(f);
    size_t n = fread(data, 1, room, f);
    fclose(f);
    assert_true(n < room);
    return n;
}

static void test_states__batches_do_not_change_a_byte(void **state)
{
    static unsigned char a[1 << 20], b[1 << 20];
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    struct golden g;

    golden_open(&g, "tiny-gpt2");
    write_samples(state, &g);
    save_well(state, model, "a.safetensors", "all", 0);
    save_well(state, model, "b.safetensors", "0,1,2,3", 1);
    size_t n = read_file(state, "a.safetensors", a, sizeof a);
    assert_int_equal(read_file(state, "b.safetensors", b, sizeof b), n);
    assert_memory_equal(a, b, n);
    golden_close(&g);
    jc_model_close(model);
}

/* Of version 1.0 of the format: magic, version, length of the head in two bytes, the head
 * ended by a newline where data begins, a multiple of 64. */
static void test_states__a_npy_file_is_what_its_format_says(void **state)
{
    static unsigned char data[1 << 20];
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    struct golden g;
    char head[128];

    golden_open(&g, "tiny-gpt2");
    write_samples(state, &g);
    save_well(state, model, "two.npy", "2", 0);
    size_t n = read_file(state, "two.npy", data, sizeof data);
    assert_memory_equal(data, "\x93NUMPY\x01\x00", 8);
    size_t start = 10 + data[8] + 256 * (size_t)data[9];
    assert_int_equal(start % 64, 0);
    assert_int_equal(data[start - 1], '\n');
    snprintf(head, sizeof head,
             "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }", g.rows,
             g.width);
    assert_memory_equal(data + 10, head, strlen(head));
    assert_int_equal(strspn((char *)data + 10 + strlen(head), " "),
                     start - 11 - strlen(head));
    assert_int_equal(n - start, g.rows * g.width * sizeof(float));
    check_rows((const float *)(const void *)(data + start), g.states + 2 * g.rows * g.width,
               g.rows, g.width, 1e-5, "two.npy");
    golden_close(&g);
    jc_model_close(model);
}

static void test_states__what_cannot_be_written_is_said_and_leaves_nothing(void **state)
{
    static const struct {
        const char *name, *taps, *message;
    } cases[] = {
        {"s.safetensors", "0,6.mlp", "'6.mlp' is not a tap"},
        {"s.safetensors", "2.mlpx", "'2.mlpx' is not a tap"},
        {"s.safetensors", "0.attn", "'0.attn' is not a tap"},
        {"s.safetensors", "4", "there are 0 (the embedding) to 3"},
        {"s.safetensors", "2,2.out", "tap 2 is asked for twice"},
        {"s.safetensors", "2.mlp,mlp", "tap 2.mlp is asked for twice"},
        {"s.npy", "mlp", "holds the states of one tap, not of 3"},
        {"s.safetensors", "99999999999999999999", "not a tap"},
        {"s.safetensors", "", "'' is not a tap"},
        {"s.safetensors", "1,", "'' is not a tap"},
        {"s.safetensors", "-1", "'-1' is not a tap"},
        {"s.safetensors", "1,2,1", "tap 1 is asked for twice"},
        {"s.npy", "1,2", "holds the states of one tap, not of 2"},
        {"s.txt", "1", "must end in .safetensors or .npy"},
    };
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");

    scratch_text(state, "samples.jsonl", "{\"ids\":[5,6],\"positions\":[1]}\n");
    for (size_t i = 0; i < JC_COUNT(cases); i++) {
        jc_error err = {JC_OK, ""};
        assert_int_equal(save(state, model, cases[i].name, cases[i].taps, 0, &err),
                         JC_E_ARG);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s", err.message);
        assert_int_equal(scratch_count(state), 1);
    }
    jc_model_close(model);
}

static void test_states__no_text_and_short_memory_leave_nothing(void **state)
{
    jc_model *model = open_model(MODELS "tiny-gpt2", "onednn", "f32");
    jc_error err = {JC_OK, ""};
    jc_status st = JC_E_NOMEM;

    scratch_text(state, "samples.jsonl", "");
    assert_int_equal(save(state, model, "s.safetensors", "all", 0, &err), JC_E_FORMAT);
    assert_int_equal(scratch_count(state), 1);
    scratch_text(state, "samples.jsonl", "{\"ids\":[5,6],\"positions\":[1]}\n");
    for (long n = 0; st; n++) {
        jc_samples_params sp;
        jc_samples *samples;
        jc_samples_params_init(&sp);
        assert_int_equal(
            jc_samples_from_file(&samples, scratch_path(state, "samples.jsonl"), &sp, &err),
            JC_OK);
        jc_alloc_fail_after(n);
        st = jc_states_save(model, samples, scratch_path(state, "s.safetensors"), NULL,
                            &err);
        jc_alloc_fail_after(-1);
        jc_samples_close(samples);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        assert_int_equal(scratch_count(state), st ? 1 : 2);
    }
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_states__the_file_holds_the_reference_states_of_every_row),
        SCRATCH_TEST(test_states__those_inside_blocks_are_the_references_too),
        SCRATCH_TEST(test_states__batches_do_not_change_a_byte),
        SCRATCH_TEST(test_states__a_npy_file_is_what_its_format_says),
        SCRATCH_TEST(test_states__what_cannot_be_written_is_said_and_leaves_nothing),
        SCRATCH_TEST(test_states__no_text_and_short_memory_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
