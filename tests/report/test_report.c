/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "fake_results.h"
#include "jumpcut/report.h"

#define FIXTURE JC_SOURCE_DIR "/tests/report/results-12.json"

typedef struct files {
    char dir[64], in[96], out[96];
} files;

static int make_files(void **state)
{
    files *f = calloc(1, sizeof *f);

    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "/tmp/jc-report-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->in, sizeof f->in, "%s/results.json", f->dir);
    snprintf(f->out, sizeof f->out, "%s/page.html", f->dir);
    *state = f;
    return 0;
}

static int remove_files(void **state)
{
    files *f = *state;

    unlink(f->in);
    unlink(f->out);
    int left = rmdir(f->dir); /* fails when a temporary file was left */
    free(f);
    return left;
}

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t room = 8u << 20;
    char *text = calloc(1, room);

    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, room - 1, f) < room - 1);
    fclose(f);
    return text;
}

/* The results as the page holds them, parsed. */
static json_t *page_results(const char *page)
{
    const char *mark = "id=\"results\">";
    const char *from = strstr(page, mark);

    assert_non_null(from);
    from += strlen(mark);
    const char *to = strstr(from, "</script>");
    assert_non_null(to);
    json_t *root = json_loadb(from, (size_t)(to - from), 0, NULL);
    assert_non_null(root);
    return root;
}

static void test_report__the_page_holds_the_results_unchanged(void **state)
{
    const files *f = *state;
    jc_error err;

    assert_int_equal(jc_report_write(FIXTURE, f->out, &err), JC_OK);
    char *page = read_all(f->out);
    json_t *got = page_results(page), *want = json_load_file(FIXTURE, 0, NULL);
    json_string_set(json_object_get(json_object_get(want, "model"), "path"), "demo");
    assert_true(json_equal(got, want)); /* but for the folder, that is */
    assert_non_null(strstr(page, "<title>Linear shortcuts in wiki-gpt2-12x128</title>"));
    assert_non_null(strstr(page, "Chart.js v3"));
    assert_null(strstr(page, "{{"));
    json_decref(got);
    json_decref(want);
    free(page);
}

static void test_report__names_nothing_to_be_fetched(void **state)
{
    static const char *const fetches[] = {"src=", "@import", "url(", "<iframe"};
    const files *f = *state;

    assert_int_equal(jc_report_write(FIXTURE, f->out, NULL), JC_OK);
    char *page = read_all(f->out);
    assert_non_null(strstr(page, "default-src 'none'"));
    char *end = strstr(page, "Chart.js v3"); /* a library holds such words for other uses */
    assert_non_null(end);
    *end = 0;
    for (size_t i = 0; i < JC_COUNT(fetches); i++)
        assert_null(strstr(page, fetches[i]));
    free(page);
}

static jc_status write_json(const json_t *root, const files *f, jc_error *err)
{
    char *text = json_dumps(root, 0);

    assert_non_null(text);
    jc_status st = jc_report_write_json(text, strlen(text), "x.json", f->out, err);
    free(text);
    return st;
}

static void test_report__strings_cannot_become_markup(void **state)
{
    const char *hostile = "</script><script>alert('1')</script>{{css}}&amp;\"<!--";
    const files *f = *state;
    const char *methods[] = {"id", "</script><b>"};
    json_t *root = fake_results(2, methods, 2);
    json_t *model = json_object_get(root, "model");

    json_object_set_new(model, "name", json_string(hostile));
    json_object_set_new(model, "path", json_string(hostile));
    assert_int_equal(write_json(root, f, NULL), JC_OK);
    char *page = read_all(f->out);
    assert_null(strstr(page, "<script>alert"));
    assert_null(strstr(page, "</script><"));
    assert_non_null(strstr(page,
                           "<title>Linear shortcuts in &#60;/script&#62;&#60;script"
                           "&#62;alert(&#39;1&#39;)&#60;/script&#62;{{css}}&#38;amp;"));
    json_t *got = page_results(page);
    json_object_set_new(model, "path", json_string("script>{{css}}&amp;\"<!--"));
    assert_true(json_equal(got, root));
    json_decref(got);
    json_decref(root);
    free(page);
}

/* A page goes to others, who need not know the folders of the machine. */
static void test_report__models_and_texts_are_named_without_their_folders(void **state)
{
    const char *methods[] = {"id", "mat"};
    const files *f = *state;
    json_t *root = fake_results(3, methods, 2);

    fake_sections(root, 3);
    json_t *model = json_object_get(root, "model"), *data = json_object_get(root, "data");
    json_t *fit = json_object_get(json_object_get(root, "fits"), "mat");
    json_object_set_new(model, "path", json_string("/home/secret/models/gpt2/"));
    json_object_set_new(data, "sources", json_pack("[s,s]", "/home/secret/wiki.txt", "-"));
    json_object_set_new(fit, "sources", json_pack("[s]", "../secret/wiki.txt"));
    json_object_set_new(fit, "file", json_string("/home/secret/mat.safetensors"));
    json_object_set_new(json_object_get(root, "transfer"), "texts",
                        json_pack("[s,s]", "/secret/a/news.txt", "/secret/b/news.txt"));
    json_object_set_new(root, "made",
                        json_pack("{s:s,s:[s,s,s,s,s,s]}", "version", "0.1.0", "command",
                                  "jumpcut", "study", "/home/secret/models/gpt2", "--text",
                                  "/home/secret/wiki.txt", "--out=/home/secret/study/"));
    assert_int_equal(write_json(root, f, NULL), JC_OK);
    char *page = read_all(f->out);
    assert_null(strstr(page, "secret"));
    json_t *got = page_results(page);
    const char *const want[] = {"jumpcut", "study",    "gpt2",
                                "--text",  "wiki.txt", "--out=study"};
    json_t *command = json_object_get(json_object_get(got, "made"), "command");
    assert_int_equal(json_array_size(command), JC_COUNT(want));
    for (size_t i = 0; i < JC_COUNT(want); i++)
        assert_string_equal(json_string_value(json_array_get(command, i)), want[i]);
    json_t *texts = json_object_get(json_object_get(got, "transfer"), "texts");
    assert_string_equal(json_string_value(json_array_get(texts, 0)), "news.txt");
    assert_string_equal(json_string_value(json_array_get(texts, 1)),
                        "news.txt (the other)");
    json_decref(got);
    json_decref(root);
    free(page);
}

static void test_report__any_number_of_blocks_and_methods(void **state)
{
    static const char *const methods[] = {"id", "mat", "ridge", "narrow"};
    const files *f = *state;
    jc_error err;

    for (int layers = 1; layers <= 100; layers += 33) {
        json_t *root = fake_results(layers, methods, 1 + layers % 4);
        assert_int_equal(write_json(root, f, &err), JC_OK);
        json_decref(root);
    }
}

static void test_report__members_it_does_not_know_are_ignored(void **state)
{
    const char *methods[] = {"id", "mat"};
    json_t *root = fake_results(3, methods, 2);

    json_object_set_new(root, "new", json_true());
    json_object_set_new(json_object_get(root, "model"), "new", json_null());
    json_object_set_new(json_object_get(root, "r2"), "only-here", json_integer(1));
    assert_int_equal(write_json(root, *state, NULL), JC_OK);
    json_decref(root);
}

/* The value at "a.b.3.c" becomes `json`, or goes away when that is NULL. */
static void change(json_t *root, const char *path, const char *json)
{
    json_t *value = json ? json_loads(json, JSON_DECODE_ANY, NULL) : NULL;
    char name[64];

    for (const char *dot = strchr(path, '.'); dot; dot = strchr(path, '.')) {
        snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        root = json_is_array(root) ? json_array_get(root, strtoul(name, NULL, 10))
                                   : json_object_get(root, name);
        path = dot + 1;
    }
    snprintf(name, sizeof name, "%s", path);
    assert_non_null(root);
    if (json_is_array(root) && value)
        json_array_set_new(root, strtoul(name, NULL, 10), value);
    else if (json_is_array(root))
        json_array_remove(root, strtoul(name, NULL, 10));
    else if (value)
        json_object_set_new(root, name, value);
    else
        json_object_del(root, name);
}

static const struct {
    const char *path, *json, *message;
} wrong[] = {
    {"format", "\"jumpcut-results/2\"", "'format' is not \"jumpcut-results/1\""},
    {"format", NULL, "'format' is not \"jumpcut-results/1\""},
    {"model", NULL, "it has no 'model'"},
    {"model", "[]", "'model' is not an object"},
    {"model.name", NULL, "it has no 'model.name'"},
    {"model.name", "7", "'model.name' is not a text"},
    {"model.width", "1.5", "'model.width' is not a count"},
    {"model.layers", "0", "'model.layers' is not from 1 to 1000"},
    {"model.layers", "-1", "'model.layers' is not a count"},
    {"model.layers", "9000000000000000000", "'model.layers' is not from 1 to 1000"},
    {"model.layers", "4", "'r2.id' is not a list of 5 rows"},
    {"data.sources", "\"a\"", "'data.sources' is not a list of texts"},
    {"data.sources", "[\"a\",1]", "'data.sources' is not a list of texts"},
    {"n_val", "-1", "'n_val' is missing or not a count"},
    {"fits", "null", "'fits' is not an object"},
    {"fits.mat", NULL, "it has no 'fits.mat'"},
    {"fits.mat.bias", "0", "'fits.mat.bias' is not true or false"},
    {"r2.mat", NULL, "it has no 'r2.mat'"},
    {"r2.mat.1", "[null,1,0.5]", "'r2.mat[1]' is not a list of 4 numbers or nulls"},
    {"r2.mat.1.2", "\"x\"", "'r2.mat[1]' is not a list of 4 numbers or nulls"},
    {"r2.mat.2.2", "0.5", "'r2.mat[2][2]' is not 1"},
    {"jump", "{}", "it has no 'jump.id'"},
    {"jump.id", NULL, "it has no 'jump.id'"},
    {"jump.mat", "{}", "'jump.mat' is not a list of 4 layers"},
    {"jump.mat.3", NULL, "'jump.mat' is not a list of 4 layers"},
    {"jump.mat.3", "7", "'jump.mat[3]' is not an object"},
    {"jump.mat.3.p1", NULL, "it has no 'jump.mat[3].p1'"},
    {"jump.mat.3.p1", "1.01", "'jump.mat[3].p1' is not a number from 0 to 1"},
    {"jump.mat.3.layer", "2", "'jump.mat[3].layer' is not 3"},
    {"jump.mat.0.surprisal_ci", "[1]",
     "'jump.mat[0].surprisal_ci' is not a pair of numbers or null"},
    {"jump.", "[]",
     "a method in 'jump' has a name that is empty, longer than 64 bytes or with "
     "control characters"},
    {"exit.id", "{}", "'exit.id' is not a list"},
    {"exit.id.2.layers", "3.5", "'exit.id[2].layers' is not from 0 to 3"},
    {"saved.target", NULL, "it has no 'saved.target'"},
    {"saved.mat", NULL, "it has no 'saved.mat'"},
    {"saved.id.blocks", "\"1\"", "'saved.id.blocks' is not a number or null"},
};

static const struct {
    const char *path, *json, *message;
} wrong_sections[] = {
    {"jump.mat.1.p1_ci", "[0.1]", "'jump.mat[1].p1_ci' is not a pair of numbers or null"},
    {"exit.id.2.layers_ci", "7", "'exit.id[2].layers_ci' is not a pair of numbers or null"},
    {"saved.mat.blocks_ci", "[1]",
     "'saved.mat.blocks_ci' is not a pair of numbers or null"},
    {"r2_last", "7", "'r2_last' is not an object"},
    {"r2_last.mat.3", NULL, "'r2_last.mat' is not a list of 4 layers"},
    {"r2_last.mat.2.r2_ci", "1", "'r2_last.mat[2].r2_ci' is not a pair of numbers or null"},
    {"jump_mean.id.p1", "2", "'jump_mean.id.p1' is not a number from 0 to 1 or null"},
    {"parts", "[]", "'parts' is not an object"},
    {"parts.mat_attn.3", NULL, "'parts.mat_attn' is not a list of 4 layers"},
    {"parts.mat_attn.2.layer", "1", "'parts.mat_attn[2].layer' is not 2"},
    {"parts.mat_ffn.0.p1", "2",
     "'parts.mat_ffn[0].p1' is not a number from 0 to 1 or null"},
    {"parts.mat_ffn.0.surprisal", NULL, "it has no 'parts.mat_ffn[0].surprisal'"},
    {"schedules", "{}", "'schedules' is not a list"},
    {"schedules.1", "3", "'schedules[1]' is not an object"},
    {"schedules.1.blocks", "4", "'schedules[1].blocks' is more than 3"},
    {"schedules.1.jumps", "[[1,2],3]",
     "'schedules[1].jumps' is not a list of pairs of numbers"},
    {"schedules.1.map", NULL, "it has no 'schedules[1].map'"},
    {"transfer.texts", "[\"A\"]", "'transfer.texts' is not a list of 2 texts"},
    {"transfer.map", NULL, "'transfer.map' is not an object"},
    {"transfer.map.mat.p1_mean", "[[1,1]]",
     "'transfer.map.mat.p1_mean' is not a table of 2 x 2"},
    {"transfer.map.mat.p1_mean.1.0", "7",
     "'transfer.map.mat.p1_mean[1][0]' is not a number from 0 to 1 or null"},
    {"transfer.map.mat.p1.0.1", "[1]",
     "'transfer.map.mat.p1[0][1]' is not a list of 4 numbers from 0 to 1 or nulls"},
    {"made.command", "\"study\"", "'made.command' is not a list of texts"},
    {"ranks.paper", "-1", "'ranks.paper' is not a count"},
    {"ranks.points", NULL, "'ranks.points' is not a list"},
    {"ranks.points.1.rank", NULL, "it has no 'ranks.points[1].rank'"},
    {"ranks.points.1.p1", "2", "'ranks.points[1].p1' is not a number from 0 to 1 or null"},
    {"ranks.points.0.layers.3", NULL, "'ranks.points[0].layers' is not a list of 4 layers"},
    {"ranks.beside.mat.flops", "\"1\"", "'ranks.beside.mat.flops' is not a count"},
    {"jump.mat.0.kl", "\"1\"", "'jump.mat[0].kl' is not a number or null"},
    {"training_size.0", "null", "'training_size[0]' is not an object"},
    {"training_size.0.points", "7", "'training_size[0].points' is not a list"},
    {"training_size.0.points.2.vectors", "1.5",
     "'training_size[0].points[2].vectors' is not a count"},
};

static void test_report__a_wrong_member_of_a_section_is_named(void **state)
{
    static const char *const methods[] = {"id", "mat"};

    for (size_t i = 0; i < JC_COUNT(wrong_sections); i++) {
        json_t *root = fake_results(3, methods, 2);
        jc_error err = {0};
        char want[256];
        fake_sections(root, 3);
        assert_int_equal(write_json(root, *state, &err), JC_OK);
        unlink(((const files *)*state)->out);
        change(root, wrong_sections[i].path, wrong_sections[i].json);
        assert_int_equal(write_json(root, *state, &err), JC_E_FORMAT);
        snprintf(want, sizeof want, "cannot read results 'x.json': %s",
                 wrong_sections[i].message);
        assert_string_equal(err.message, want);
        json_decref(root);
    }
}

static void test_report__a_wrong_member_is_named_and_no_page_is_left(void **state)
{
    static const char *const methods[] = {"id", "mat"};
    const files *f = *state;

    for (size_t i = 0; i < JC_COUNT(wrong); i++) {
        json_t *root = fake_results(3, methods, 2);
        jc_error err = {0};
        char want[256];
        change(root, wrong[i].path, wrong[i].json);
        assert_int_equal(write_json(root, f, &err), JC_E_FORMAT);
        snprintf(want, sizeof want, "cannot read results 'x.json': %s", wrong[i].message);
        assert_string_equal(err.message, want);
        assert_int_not_equal(access(f->out, F_OK), 0);
        json_decref(root);
    }
}

static void test_report__targets_not_reached_are_null(void **state)
{
    static const char *const methods[] = {"id", "mat"};
    json_t *root = fake_results(3, methods, 2);

    change(root, "saved.mat", "{\"blocks\":null,\"percent\":null}");
    change(root, "r2.mat.0.2", "null");
    assert_int_equal(write_json(root, *state, NULL), JC_OK);
    json_decref(root);
}

static void test_report__what_is_not_json_is_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "cannot read results 'x.json': line 1, column 0: "},
        {"{\"format\":", "cannot read results 'x.json': line 1, column 10: "},
        {"[1]", "cannot read results 'x.json': 'format' is not"},
        {"{} {}", "cannot read results 'x.json': line 1, column 4: "},
    };
    const files *f = *state;

    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_error err = {0};
        assert_int_equal(
            jc_report_write_json(bad[i].text, strlen(bad[i].text), "x.json", f->out, &err),
            JC_E_FORMAT);
        assert_memory_equal(err.message, bad[i].message, strlen(bad[i].message));
        assert_null(strchr(err.message, '\n'));
        assert_int_not_equal(access(f->out, F_OK), 0);
    }
}

/* As Python writes it; a browser would not read the page. */
static void test_report__numbers_that_no_browser_reads_are_null(void **state)
{
    const files *f = *state;
    char *text = read_all(FIXTURE);
    size_t room = strlen(text) + 64;
    char *more = malloc(room);

    assert_non_null(more);
    snprintf(more, room, "{\"extra\": [NaN, 1e999], \"extra\": NaN,%s", text + 1);
    assert_int_equal(text[0], '{');
    assert_int_equal(jc_report_write_json(more, strlen(more), "x.json", f->out, NULL),
                     JC_OK);
    char *page = read_all(f->out);
    assert_non_null(strstr(page, "\"extra\":null,"));
    assert_null(strstr(page, "1e999"));
    free(page);
    free(more);
    free(text);
}

static void test_report__any_cut_of_the_file_is_refused(void **state)
{
    const files *f = *state;
    char *text = read_all(FIXTURE);
    size_t size = strlen(text);

    for (size_t cut = 0; cut + 2 < size; cut += 97)
        assert_int_equal(jc_report_write_json(text, cut, "x.json", f->out, NULL),
                         JC_E_FORMAT);
    assert_int_not_equal(access(f->out, F_OK), 0);
    free(text);
}

static void test_report__files_that_cannot_be_used_are_named(void **state)
{
    const files *f = *state;
    jc_error err;

    assert_int_equal(jc_report_write(f->in, f->out, &err), JC_E_IO);
    assert_non_null(strstr(err.message, f->in));
    assert_int_equal(jc_report_write(FIXTURE, f->dir, &err), JC_E_IO);
    assert_non_null(strstr(err.message, f->dir));
}

static void test_report__survives_every_failed_allocation(void **state)
{
    const files *f = *state;
    jc_status st = JC_E_NOMEM;

    for (long n = 0; st; n++) {
        jc_alloc_fail_after(n);
        st = jc_report_write(FIXTURE, f->out, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        assert_int_equal(access(f->out, F_OK), st ? -1 : 0);
        assert_true(n < 100);
    }
}

int main(void)
{
#define with_files(test) cmocka_unit_test_setup_teardown(test, make_files, remove_files)
    const struct CMUnitTest tests[] = {
        with_files(test_report__the_page_holds_the_results_unchanged),
        with_files(test_report__names_nothing_to_be_fetched),
        with_files(test_report__strings_cannot_become_markup),
        with_files(test_report__models_and_texts_are_named_without_their_folders),
        with_files(test_report__any_number_of_blocks_and_methods),
        with_files(test_report__members_it_does_not_know_are_ignored),
        with_files(test_report__a_wrong_member_is_named_and_no_page_is_left),
        with_files(test_report__a_wrong_member_of_a_section_is_named),
        with_files(test_report__targets_not_reached_are_null),
        with_files(test_report__what_is_not_json_is_refused),
        with_files(test_report__numbers_that_no_browser_reads_are_null),
        with_files(test_report__any_cut_of_the_file_is_refused),
        with_files(test_report__files_that_cannot_be_used_are_named),
        with_files(test_report__survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
