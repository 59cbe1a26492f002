/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include "golden.h"
#include "jumpcut/samples.h"

static const char *const names[] = {"s.jsonl"};

/* A file of samples with this text, opened with a model of 4 positions and 10 tokens. */
static char *folder_of(const char *text, char path[1024])
{
    char *folder = temp_folder();

    write_text(folder, names[0], text);
    snprintf(path, 1024, "%s/%s", folder, names[0]);
    return folder;
}

static jc_samples_params small_model(const char *split)
{
    jc_samples_params p;

    jc_samples_params_init(&p);
    p.context = 4;
    p.vocab = 10;
    p.split = split;
    return p;
}

static void test_samples_file__what_is_written_is_read(void **state)
{
    static const uint32_t ids[] = {3, 9, 0, 7}, positions[] = {0, 1, 3};
    jc_samples_params p = small_model("all");
    char path[1024], text[512] = "";
    jc_samples *s;
    jc_sample got;
    jc_error err;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        jc_sample one = {i, ids, 2 + i, positions, 2 + (i == 2), (jc_split)i};
        char *line;
        assert_int_equal(jc_sample_line(&one, &line, NULL), JC_OK);
        strcat(text, line);
        free(line);
    }
    assert_string_equal(text,
                        "{\"ids\":[3,9],\"positions\":[0,1]}\n"
                        "{\"ids\":[3,9,0],\"positions\":[0,1],\"split\":\"train\"}\n"
                        "{\"ids\":[3,9,0,7],\"positions\":[0,1,3],\"split\":\"val\"}\n");
    char *folder = folder_of(text, path);
    assert_int_equal(jc_samples_from_file(&s, path, &p, &err), JC_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(jc_samples_next(s, &got, &err), JC_OK);
        assert_int_equal(got.text, i);
        assert_int_equal(got.n_ids, 2 + i);
        assert_memory_equal(got.ids, ids, got.n_ids * sizeof *ids);
        assert_int_equal(got.n_positions, 2 + (i == 2));
        assert_memory_equal(got.positions, positions, got.n_positions * sizeof *positions);
        assert_int_equal(got.split, i);
    }
    assert_int_equal(jc_samples_next(s, &got, &err), JC_OK);
    assert_null(got.ids);
    jc_samples_close(s);
    drop_folder(folder, names, 1);
}

static void test_samples_file__the_split_asked_for_is_given(void **state)
{
    static const char text[] =
        "{\"ids\":[1],\"split\":\"train\"}\n{\"ids\":[2]}\r\n\n"
        "{\"split\":\"val\",\"ids\":[3,4],\"note\":[{}]}\n{\"ids\":[5]}";
    static const struct {
        const char *split, *first_ids;
    } cases[] = {{"all", "1235"}, {"train", "125"}, {"val", "235"}};
    char path[1024];
    char *folder = folder_of(text, path);

    (void)state;
    for (size_t c = 0; c < 3; c++) {
        jc_samples_params p = small_model(cases[c].split);
        char got[8] = "";
        jc_samples *s;
        jc_sample sample;
        assert_int_equal(jc_samples_from_file(&s, path, &p, NULL), JC_OK);
        for (size_t i = 0; i < 5; i++) {
            assert_int_equal(jc_samples_next(s, &sample, NULL), JC_OK);
            if (!sample.ids)
                break;
            assert_int_equal(sample.n_positions, sample.n_ids); /* absent: all */
            got[i] = (char)('0' + sample.ids[0]);
        }
        assert_string_equal(got, cases[c].first_ids);
        jc_samples_close(s);
    }
    drop_folder(folder, names, 1);
}

static void test_samples_file__bad_lines_are_named(void **state)
{
    static const struct {
        const char *line, *message;
    } bad[] = {
        {"{\"ids\":[1,2}", "line 2, column 12: not JSON"},
        {"{\"ids\":[1,2]", "line 2, column 12: not JSON, it ends too early; each line must "
                           "be a whole object, "
                           "as 'jq -c .' writes them"},
        {"{\"ids\":[1],\"x\":\"\xff\"}", "line 2, column 16: not UTF-8"},
        {"{\"ids\":[1]} x",
         "line 2, column 13: not JSON, more follows the object; each line "
         "must be one whole object, as 'jq -c .' writes them"},
        {"[1,2]", "line 2: not an object"},
        {"7", "line 2: not an object"},
        {"{}", "line 2: no 'ids'"},
        {"{\"ids\":7}", "line 2: 'ids' is not a list"},
        {"{\"ids\":[]}", "line 2: 'ids' is empty"},
        {"{\"ids\":[1,\"2\"]}", "line 2: 'ids'[1] is not a whole number"},
        {"{\"ids\":[1.0]}", "line 2: 'ids'[0] is not a whole number"},
        {"{\"ids\":[1,10]}", "line 2: 'ids'[1] is 10, not from 0 to 9"},
        {"{\"ids\":[-1]}", "line 2: 'ids'[0] is -1, not from 0 to 9"},
        {"{\"ids\":[4294967297]}", "line 2: 'ids'[0] is 4294967297, not from 0 to 9"},
        {"{\"ids\":[1,2,3,4,5]}", "line 2: 5 ids are more than the model's context (4)"},
        {"{\"ids\":[1,2],\"positions\":[]}", "line 2: 'positions' is empty"},
        {"{\"ids\":[1,2],\"positions\":null}", "line 2: 'positions' is not a list"},
        {"{\"ids\":[1,2],\"positions\":[2]}",
         "line 2: 'positions'[0] is 2, not from 0 to 1"},
        {"{\"ids\":[1,2],\"positions\":[-1]}",
         "line 2: 'positions'[0] is -1, not from 0 to 1"},
        {"{\"ids\":[1,2],\"positions\":[1,0]}",
         "line 2: 'positions'[1] is 0 after 1, they must ascend"},
        {"{\"ids\":[1,2],\"positions\":[0,0]}",
         "line 2: 'positions'[1] is 0 after 0, they must ascend"},
        {"{\"ids\":[1],\"split\":\"test\"}",
         "line 2: 'split' is neither \"train\" nor \"val\""},
        {"{\"ids\":[1],\"split\":0}", "line 2: 'split' is neither \"train\" nor \"val\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char path[1024], text[256], want[2048];
        jc_samples_params p = small_model("all");
        jc_samples *s;
        jc_sample sample;
        jc_error err = {JC_OK, ""};
        snprintf(text, sizeof text, "{\"ids\":[1]}\n%s\n", bad[i].line);
        char *folder = folder_of(text, path);
        snprintf(want, sizeof want, "cannot read '%s': %s", path, bad[i].message);
        assert_int_equal(jc_samples_from_file(&s, path, &p, &err), JC_OK);
        assert_int_equal(jc_samples_next(s, &sample, &err), JC_OK);
        assert_int_equal(jc_samples_next(s, &sample, &err), JC_E_FORMAT);
        assert_string_equal(err.message, want);
        assert_null(sample.ids);
        jc_samples_close(s);
        drop_folder(folder, names, 1);
    }
}

static void test_samples_file__a_missing_file_is_named(void **state)
{
    jc_samples_params p = small_model("all");
    jc_samples *s;
    jc_error err;

    (void)state;
    assert_int_equal(jc_samples_from_file(&s, "/no/such.jsonl", &p, &err), JC_E_IO);
    assert_string_equal(err.message,
                        "cannot open '/no/such.jsonl': No such file or directory");
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_file__what_is_written_is_read),
        cmocka_unit_test(test_samples_file__the_split_asked_for_is_given),
        cmocka_unit_test(test_samples_file__bad_lines_are_named),
        cmocka_unit_test(test_samples_file__a_missing_file_is_named),
    };
    return cmocka_run_group_tests_name("text/samples_file", tests, NULL, NULL);
}
