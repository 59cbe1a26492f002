/* SPDX-License-Identifier: MIT */
/* Pre-tokenizers by the names that GGUF files give them: ids against those of the
 * tokenizers package (tests/golden/make_pre_ids.py). */
#include "support/check.h"

#include "base/base.h"
#include "golden.h"
#include "text/gguf_pre.h"
#include "text/tokenizer.h"

enum { LINES = 95, NAMES = 26 };

/* The golden data's vocabulary, cut up as `name` has it. */
static jc_tokenizer *open_as(const char *name)
{
    const jc_gguf_pre *pre = jc_gguf_pre_find(name, strlen(name));
    jc_tokenizer *t;
    jc_error err;

    if (!pre)
        fail_msg("'%s' is not known", name);
    assert_int_equal(jc_tokenizer_open(&t, GOLDEN "starcoder", NULL), JC_OK);
    jc_cut_free(&t->cut);
    jc_normal_free(&t->normal);
    if (jc_gguf_pre_add(pre, &t->normal, &t->cut, name, &err))
        fail_msg("%s: %s", name, err.message);
    return t;
}

static void check_name(const json_t *rows, const char *name)
{
    jc_tokenizer *t = open_as(name);

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i), *text = json_object_get(row, "text");
        jc_ids ids = {0};
        assert_int_equal(jc_tokenizer_encode(t, json_string_value(text),
                                             json_string_length(text), &ids, NULL),
                         JC_OK);
        check_ids(&ids, json_object_get(json_object_get(row, "ids"), name), name);
        jc_ids_free(&ids);
    }
    jc_tokenizer_close(t);
}

static void test_pre__names_give_the_reference_ids(void **state)
{
    FILE *f = fopen(GOLDEN "pre.jsonl", "r");
    json_t *rows = json_array(), *row, *ids;
    const char *name;
    size_t n = 0;

    (void)state;
    assert_non_null(f);
    while ((row = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL)))
        json_array_append_new(rows, row);
    fclose(f);
    assert_int_equal(json_array_size(rows), LINES);
    json_object_foreach(json_object_get(json_array_get(rows, 0), "ids"), name, ids)
    {
        check_name(rows, name);
        n++;
    }
    assert_int_equal(n, NAMES);
    json_decref(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pre__names_give_the_reference_ids),
    };
    return cmocka_run_group_tests_name("text/pre", tests, NULL, NULL);
}
