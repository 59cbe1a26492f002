/* SPDX-License-Identifier: MIT */
/* Files beside a vocabulary: ids against those of the transformers package
 * (tests/golden/make_beside_ids.py). */
#include "support/check.h"

#include "base/base.h"
#include "golden.h"

enum { FOLDERS = 110, LONGEST = 16 };

static void check_texts(const char *folder, const json_t *row, const json_t *texts)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    jc_tokenizer *t;
    jc_error err;

    if (jc_tokenizer_open(&t, folder, &err))
        fail_msg("%s: %s", name, err.message);
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const json_t *want = json_array_get(json_object_get(row, "ids"), i);
        const json_t *text = json_array_get(texts, i);
        jc_ids ids = {0};
        if (json_is_null(want))
            continue;
        if (jc_tokenizer_encode(t, json_string_value(text), json_string_length(text), &ids,
                                &err))
            fail_msg("%s: %s", name, err.message);
        check_ids(&ids, want, name);
        jc_ids_free(&ids);
    }
    jc_tokenizer_close(t);
}

static void check_folder(const json_t *row, const json_t *texts)
{
    const char *base = json_string_value(json_object_get(row, "base")), *names[LONGEST];
    json_t *take = json_object_get(row, "take"), *files = json_object_get(row, "files");
    char *folder = temp_folder();
    const char *name;
    json_t *text;
    size_t n = 0;

    for (; n < json_array_size(take); n++) {
        char from[1024], to[1024];
        names[n] = json_string_value(json_array_get(take, n));
        snprintf(from, sizeof from, GOLDEN "%s/%s", base, names[n]);
        snprintf(to, sizeof to, "%s/%s", folder, names[n]);
        assert_int_equal(symlink(from, to), 0);
    }
    json_object_foreach(files, name, text)
    {
        assert_true(n < LONGEST);
        write_text(folder, name, json_string_value(text));
        names[n++] = name;
    }
    check_texts(folder, row, texts);
    drop_folder(folder, names, n);
}

static void test_beside__folders_give_the_reference_ids(void **state)
{
    FILE *f = fopen(GOLDEN "beside.jsonl", "r");
    json_t *first, *row;
    size_t n = 0;

    (void)state;
    assert_non_null(f);
    first = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL);
    for (row = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL); row;
         row = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL)) {
        check_folder(row, json_object_get(first, "texts"));
        json_decref(row);
        n++;
    }
    json_decref(first);
    fclose(f);
    assert_int_equal(n, FOLDERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside__folders_give_the_reference_ids),
    };
    return cmocka_run_group_tests_name("text/beside", tests, NULL, NULL);
}
