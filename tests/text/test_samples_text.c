/* SPDX-License-Identifier: MIT */
/* Samples of text files, all the way: files, tokenizer, split, windows. */
#include "support/check.h"

#include "base/base.h"
#include "golden.h"
#include "jumpcut/samples.h"

static const char *const names[] = {"a.txt", "b.jsonl"};
static jc_tokenizer *demo;
static char *folder;
static char path_a[1024], path_b[1024];

static int write_usual(void **state)
{
    (void)state;
    write_text(folder, names[0],
               "the first\n\nthe second one, which is longer\r\n\n\nlast\n");
    write_text(folder, names[1],
               "{\"body\":\"the fourth<|endoftext|>\"}\n{\"body\":\"\"}\n");
    return 0;
}

static int make_files(void **state)
{
    folder = temp_folder();
    snprintf(path_a, sizeof path_a, "%s/%s", folder, names[0]);
    snprintf(path_b, sizeof path_b, "%s/%s", folder, names[1]);
    (void)write_usual(state);
    return jc_tokenizer_open(&demo, JC_SOURCE_DIR "/data/demo", NULL);
}

static int remove_files(void **state)
{
    (void)state;
    jc_tokenizer_close(demo);
    drop_folder(folder, names, 2);
    return 0;
}

typedef struct notes {
    char text[4][128];
    size_t n;
} notes;

static void keep_note(void *arg, const char *message)
{
    notes *n = arg;

    assert_true(n->n < 4);
    snprintf(n->text[n->n++], sizeof n->text[0], "%s", message);
}

static jc_samples *open_both(jc_samples_params *p)
{
    const char *paths[] = {path_a, path_b};
    jc_samples *s;
    jc_error err;

    p->field = "body";
    if (jc_samples_from_text(&s, demo, paths, 2, p, &err))
        fail_msg("%s", err.message);
    return s;
}

static void check_text(const jc_sample *sample, const char *want)
{
    char *text;
    size_t n;

    assert_non_null(sample->ids);
    assert_int_equal(jc_tokenizer_decode(demo, sample->ids, sample->n_ids, &text, &n, NULL),
                     JC_OK);
    assert_string_equal(text, want);
    free(text);
}

static void test_samples_text__lines_of_all_files_in_order(void **state)
{
    static const char *const want[] = {"the first", "the second one, which is longer",
                                       "last", "the fourth<|endoftext|>"};
    jc_samples_params p;
    jc_sample sample;
    jc_progress progress;
    notes n = {.n = 0};
    jc_hooks hooks = {.note = keep_note, .arg = &n};

    (void)state;
    jc_samples_params_init(&p);
    p.hooks = &hooks;
    jc_samples *s = open_both(&p);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
        check_text(&sample, want[i]);
        assert_int_equal(sample.text, i);
        assert_int_equal(sample.n_positions, sample.n_ids);
        assert_int_equal(sample.split, JC_SPLIT_NONE);
    }
    assert_int_equal(sample.ids[sample.n_ids - 1], 4095);
    assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
    assert_null(sample.ids);
    assert_int_equal(n.n, 1);
    assert_string_equal(n.text[0], "4 empty texts were skipped");
    jc_samples_position(s, &progress);
    assert_string_equal(progress.unit, "bytes");
    assert_int_equal(progress.done, progress.total);
    assert_true(progress.total > 80);
    jc_samples_close(s);
}

static void test_samples_text__empty_texts_are_kept_where_asked(void **state)
{
    static const char *const want[] = {
        "the first", "",     "the second one, which is longer", "",
        "",          "last", "the fourth<|endoftext|>",         ""};
    jc_samples_params p;
    jc_sample sample;
    notes n = {.n = 0};
    jc_hooks hooks = {.note = keep_note, .arg = &n};

    (void)state;
    jc_samples_params_init(&p);
    p.keep_empty = true;
    p.hooks = &hooks;
    jc_samples *s = open_both(&p);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
        check_text(&sample, want[i]);
        assert_int_equal(sample.text, i);
        assert_int_equal(sample.n_positions, sample.n_ids);
    }
    assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
    assert_null(sample.ids);
    assert_int_equal(n.n, 0);
    jc_samples_close(s);
    p.positions = "one";
    assert_int_equal(jc_samples_from_text(&s, demo, NULL, 0, &p, NULL), JC_E_ARG);
}

/* Where only the first texts are wanted, the end of the work is that of them. */
static void test_samples_text__progress_is_of_the_texts_that_are_wanted(void **state)
{
    jc_samples_params p;
    jc_sample sample;
    jc_progress progress;

    (void)state;
    jc_samples_params_init(&p);
    static char lines[300001];
    memset(lines, 'a', sizeof lines - 1);
    for (size_t i = 99; i < sizeof lines; i += 100)
        lines[i] = '\n';
    write_text(folder, names[0], lines);
    p.train = 3;
    p.split = "train";
    jc_samples *s = open_both(&p);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
        jc_samples_position(s, &progress);
        if (i == 1) /* 64 KB of the file have been read already */
            continue;
        assert_string_equal(progress.unit, "texts");
        assert_int_equal(progress.done, i);
        assert_int_equal(progress.total, 3);
    }
    jc_samples_close(s);
    p.train = 10000; /* more than there are: the files end first */
    s = open_both(&p);
    assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
    jc_samples_position(s, &progress);
    assert_string_equal(progress.unit, "bytes");
    jc_samples_close(s);
}

/* Where nothing was given the end is a failure, which says what was looked for. */
static void test_samples_text__no_text_at_all_is_a_failure(void **state)
{
    static const char *const splits[][2] = {
        {"all", ""}, {"train", " for training"}, {"val", " for validation"}};

    (void)state;
    write_text(folder, names[0], "\n\r\n");
    write_text(folder, names[1], "{\"body\":\"\"}\n");
    for (size_t i = 0; i < 3; i++) {
        notes n = {.n = 0};
        jc_hooks hooks = {.note = keep_note, .arg = &n};
        jc_samples_params p;
        jc_sample sample;
        jc_error err;
        char want[1200];
        jc_samples_params_init(&p);
        p.hooks = &hooks;
        p.split = splits[i][0];
        p.train = p.val = i ? 2 : 0;
        jc_samples *s = open_both(&p);
        assert_int_equal(jc_samples_next(s, &sample, &err), JC_E_FORMAT);
        snprintf(want, sizeof want, "there is no text%s in '%s' and 1 other file: 3 empty",
                 splits[i][1], path_a);
        assert_string_equal(err.message, want);
        assert_int_equal(n.n, 0); /* the one line says it all */
        jc_samples_close(s);
    }
}

/* The two ids more than the context are gone with the unit "line", a window with another.
 */
static void test_samples_text__the_context_cuts_lines_and_windows_documents(void **state)
{
    static const char *const units[] = {"line", "file", "document"};
    jc_ids all = {0};

    (void)state;
    assert_int_equal(
        jc_tokenizer_encode(demo, "the second one, which is longer", 31, &all, NULL),
        JC_OK);
    for (size_t i = 0; i < 3; i++) {
        notes n = {.n = 0};
        jc_hooks hooks = {.note = keep_note, .arg = &n};
        jc_samples_params p;
        jc_sample sample;
        size_t windows = 0;
        jc_samples_params_init(&p);
        p.unit = units[i];
        p.context = (uint32_t)all.n - 2;
        p.hooks = &hooks;
        jc_samples *s = open_both(&p);
        for (;;) {
            assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
            if (!sample.ids)
                break;
            assert_in_range(sample.n_ids, 1, p.context);
            windows += sample.text == 1;
        }
        assert_int_equal(windows, i == 2 ? 2 : 1);
        assert_int_equal(n.n, i == 2 ? 1 : 2);
        if (i < 2) {
            char want[128];
            snprintf(want, sizeof want, "1 text was longer than %u tokens and was cut",
                     p.context);
            assert_string_equal(n.text[0], want);
        }
        jc_samples_close(s);
    }
    jc_ids_free(&all);
}

/* Of a line of 3 MB only the beginning is read, which has the same tokens. */
static void test_samples_text__a_long_line_is_cut_without_being_read(void **state)
{
    enum { N = 3 << 20, CONTEXT = 300 };
    char *line = malloc(N + 5);
    const char *paths[] = {path_a};
    notes n = {.n = 0};
    const jc_hooks hooks = {.note = keep_note, .arg = &n};
    jc_samples_params p;
    jc_samples *s;
    jc_sample sample;
    jc_ids whole = {0};

    (void)state;
    assert_non_null(line);
    for (size_t i = 0; i < N; i++)
        line[i] = "a river\xc3\xa9 "[(i * i >> 3) % 7];
    memcpy(line + N, "\nend\n", 5);
    write_file(folder, names[0], line, N + 5);
    assert_int_equal(jc_tokenizer_encode(demo, line, 20000, &whole, NULL), JC_OK);
    jc_samples_params_init(&p);
    p.context = CONTEXT;
    p.hooks = &hooks;
    for (int all = 0; all < 2; all++) {
        n.n = 0;
        p.unit = all ? "line" : "file";
        assert_int_equal(jc_samples_from_text(&s, demo, paths, 1, &p, NULL), JC_OK);
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
        assert_int_equal(sample.n_ids, CONTEXT);
        assert_memory_equal(sample.ids, whole.id, CONTEXT * sizeof *whole.id);
        jc_progress progress;
        jc_samples_position(s, &progress);
        assert_true(progress.done <= (1 << 20) + (1 << 17));
        if (all) {
            assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
            check_text(&sample, "end");
        }
        jc_samples_close(s);
        assert_int_equal(n.n, 1);
        assert_string_equal(n.text[0], "1 text was longer than 300 tokens and was cut");
    }
    jc_ids_free(&whole);
    free(line);
}

static void test_samples_text__what_is_not_utf8_or_null_is_noted(void **state)
{
    notes n = {.n = 0};
    const jc_hooks hooks = {.note = keep_note, .arg = &n};
    jc_samples_params p;
    jc_sample sample;

    (void)state;
    write_text(folder, names[0], "fine\nthe caf\xe9\n\x93quoted\x94\n");
    write_text(folder, names[1], "{\"body\":null}\n{\"body\":\"last\"}\n");
    jc_samples_params_init(&p);
    p.hooks = &hooks;
    jc_samples *s = open_both(&p);
    do
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
    while (sample.ids);
    jc_samples_close(s);
    assert_int_equal(n.n, 2);
    assert_string_equal(n.text[0], "1 text was null and was skipped");
    assert_non_null(strstr(n.text[1], "2 texts are not UTF-8, the first at line 2 of '"));
}

/* A caller that wants no more hears of what it got; whether there is more is known. */
static void test_samples_text__a_stream_may_be_left(void **state)
{
    notes n = {.n = 0};
    const jc_hooks hooks = {.note = keep_note, .arg = &n};
    jc_samples_params p;
    jc_sample sample;

    (void)state;
    write_text(folder, names[0], "one two three four\n\n");
    write_text(folder, names[1], "{\"body\":\"five\"}\n\n \n");
    jc_samples_params_init(&p);
    p.hooks = &hooks;
    p.context = 2;
    jc_samples *s = open_both(&p);
    for (int i = 0; i < 2; i++) {
        assert_true(jc_samples_more(s));
        assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
    }
    assert_false(jc_samples_more(s));
    jc_samples_close(s);
    assert_int_equal(n.n, 2);
    assert_string_equal(n.text[0], "1 text was longer than 2 tokens and was cut");
    assert_string_equal(n.text[1], "1 empty text was skipped");
}

static void test_samples_text__failures_pass_through(void **state)
{
    const char *paths[] = {path_a, "/no/such.txt"};
    jc_samples *s;
    jc_sample sample = {.n_ids = 1};
    jc_error err;
    jc_status st = JC_OK;

    (void)state;
    assert_int_equal(jc_samples_from_text(&s, demo, paths, 2, NULL, &err), JC_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(jc_samples_next(s, &sample, &err), JC_OK);
    st = jc_samples_next(s, &sample, &err);
    assert_int_equal(st, JC_E_IO);
    assert_string_equal(err.message,
                        "cannot open '/no/such.txt': No such file or directory");
    jc_samples_close(s);
}

/* A stream of samples, each also written as a line; the n-th allocation fails. */
static void test_samples_text__every_failed_allocation_is_reported(void **state)
{
    jc_status st = JC_E_NOMEM;

    (void)state;
    for (long n = 0; st != JC_OK; n++) {
        const char *paths[] = {path_a, path_b};
        jc_samples *s = NULL;
        jc_sample sample = {.n_ids = 1};
        jc_samples_params p;
        size_t texts = 0;
        assert_true(n < 10000);
        jc_samples_params_init(&p);
        p.field = "body";
        jc_alloc_fail_after(n);
        st = jc_samples_from_text(&s, demo, paths, 2, &p, NULL);
        while (st == JC_OK) {
            char *line;
            st = jc_samples_next(s, &sample, NULL);
            if (st || !sample.ids)
                break;
            st = jc_sample_line(&sample, &line, NULL);
            if (st == JC_OK)
                free(line);
            texts++;
        }
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        assert_true(st || texts == 4);
        jc_samples_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_text__lines_of_all_files_in_order),
        cmocka_unit_test(test_samples_text__the_context_cuts_lines_and_windows_documents),
        cmocka_unit_test_teardown(test_samples_text__a_long_line_is_cut_without_being_read,
                                  write_usual),
        cmocka_unit_test_teardown(test_samples_text__what_is_not_utf8_or_null_is_noted,
                                  write_usual),
        cmocka_unit_test_teardown(test_samples_text__a_stream_may_be_left, write_usual),
        cmocka_unit_test(test_samples_text__failures_pass_through),
        cmocka_unit_test(test_samples_text__every_failed_allocation_is_reported),
        cmocka_unit_test(test_samples_text__empty_texts_are_kept_where_asked),
        cmocka_unit_test(test_samples_text__progress_is_of_the_texts_that_are_wanted),
        cmocka_unit_test(test_samples_text__no_text_at_all_is_a_failure),
    };
    return cmocka_run_group_tests_name("text/samples_text", tests, make_files,
                                       remove_files);
}
