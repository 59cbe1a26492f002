/* SPDX-License-Identifier: MIT */
/* Big inputs in the memory of small ones: a million texts, and one text of ten million
 * tokens, both compressed. */
#include "support/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zstd.h>

#include "golden.h"
#include "jumpcut/samples.h"

/* Files are the same 10,000 words again and again, each time a frame of zstd. */
enum { WORDS = 10000, CONTEXT = 256, MEBIBYTE = 1024 /* KiB */ };

static jc_tokenizer *demo;

static int open_demo(void **state)
{
    *state = temp_folder();
    return jc_tokenizer_open(&demo, JC_SOURCE_DIR "/data/demo", NULL);
}

static int close_demo(void **state)
{
    static const char *const names[] = {"big.zst"};

    jc_tokenizer_close(demo);
    drop_folder(*state, names, 1);
    return 0;
}

/* The path of a file of `pieces` frames. */
static const char *make(const char *folder, const char *word, size_t pieces)
{
    static char path[640];
    size_t n = strlen(word) * WORDS, room = ZSTD_compressBound(n);
    char *text = malloc(n + 1), *frame = malloc(room);

    assert_true(text && frame);
    for (size_t i = 0; i < WORDS; i++)
        memcpy(text + i * strlen(word), word, strlen(word));
    size_t size = ZSTD_compress(frame, room, text, n, 1);
    assert_false(ZSTD_isError(size));
    snprintf(path, sizeof path, "%s/big.zst", folder);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    for (size_t i = 0; i < pieces; i++)
        assert_int_equal(fwrite(frame, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
    free(text);
    free(frame);
    return path;
}

static long memory(void) /* the most so far, KiB */
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void read_all(const char *path, const char *unit, uint64_t *texts, uint64_t *tokens)
{
    jc_samples_params p;
    jc_samples *s;
    jc_sample sample;
    jc_error err;
    long early = 0;

    jc_samples_params_init(&p);
    p.unit = unit;
    p.context = CONTEXT;
    *texts = *tokens = 0;
    assert_int_equal(jc_samples_from_text(&s, demo, &path, 1, &p, &err), JC_OK);
    for (;;) {
        if (jc_samples_next(s, &sample, &err))
            fail_msg("%s", err.message);
        if (!sample.ids)
            break;
        assert_true(sample.n_ids <= CONTEXT);
        ++*texts;
        *tokens += sample.n_ids;
        if (!early &&
            *tokens > 1000000) /* all buffers have their size: a document's are 4 MiB */
            early = memory();
    }
    jc_samples_close(s);
#ifndef __SANITIZE_ADDRESS__ /* which gives nothing back */
    assert_true(memory() - early < 2 * MEBIBYTE);
#endif
}

static void test_big__a_million_texts(void **state)
{
    uint64_t texts, tokens;

    read_all(make(*state, "the town\n", 100), "line", &texts, &tokens);
    assert_int_equal(texts, 100 * WORDS);
    assert_in_range(tokens, 2 * texts, 3 * texts);
}

static void test_big__ten_million_tokens_in_one_text(void **state)
{
    uint64_t texts, tokens;

    read_all(make(*state, " the", 1000), "document", &texts, &tokens);
    assert_in_range(tokens, 1000 * WORDS, 1000 * WORDS + texts);
    assert_in_range(texts, tokens / CONTEXT, tokens / (CONTEXT / 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_big__a_million_texts, open_demo, close_demo),
        cmocka_unit_test_setup_teardown(test_big__ten_million_tokens_in_one_text, open_demo,
                                        close_demo),
    };
    return cmocka_run_group_tests_name("text/big", tests, NULL, NULL);
}
