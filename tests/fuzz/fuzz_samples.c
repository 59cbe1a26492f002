/* SPDX-License-Identifier: MIT */
/* fuzz_samples.c: any bytes as a file of samples and as texts of every unit, plain or
 * compressed; what is given must be within its bounds. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "text/corpus.h"

#include "jumpcut/samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONTEXT = 16, VOCAB = 100 };

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_sample(const jc_sample *s)
{
    check(s->n_ids >= 1 && s->n_ids <= CONTEXT && s->n_positions >= 1);
    for (size_t i = 0; i < s->n_ids; i++)
        check(s->ids[i] < VOCAB);
    for (size_t i = 0; i < s->n_positions; i++)
        check(s->positions[i] < s->n_ids &&
              (i == 0 || s->positions[i - 1] < s->positions[i]));
}

static void check_end(jc_status st, const jc_error *err)
{
    check(st == JC_OK ||
          (err->status == st && err->message[0] && !strchr(err->message, '\n')));
}

static void run_samples(const char *path)
{
    jc_samples *s;
    jc_sample sample = {.n_ids = 1};
    jc_samples_params p;
    jc_error err = {JC_OK, ""};

    jc_samples_params_init(&p);
    p.context = CONTEXT;
    p.vocab = VOCAB;
    jc_status st = jc_samples_from_file(&s, path, &p, &err);
    while (st == JC_OK) {
        st = jc_samples_next(s, &sample, &err);
        if (st || !sample.ids)
            break;
        check_sample(&sample);
    }
    check_end(st, &err);
    jc_samples_close(s);
}

static void run_texts(const char *path, jc_unit unit, size_t limit)
{
    jc_corpus *c;
    const char *text;
    size_t n;
    jc_error err = {JC_OK, ""};
    const jc_corpus_params params = {.unit = unit, .limit = limit};
    jc_status st = jc_corpus_open(&c, &path, 1, &params, &err);

    while (st == JC_OK) {
        st = jc_corpus_next(c, &text, &n, &err);
        if (st || !text)
            break;
        check(n > 0 && (limit == 0 || n <= limit));
    }
    check_end(st, &err);
    jc_corpus_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], named[] = "/tmp/jumpcut-fuzz-XXXXXX.jsonl";
    int fd = memfd_create("fuzz", 0);

    check(fd >= 0);
    for (size_t at = 0; at < size;) {
        ssize_t n = write(fd, data + at, size - at);
        check(n > 0);
        at += (size_t)n;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    run_samples(path);
    for (jc_unit unit = JC_UNIT_LINE; unit <= JC_UNIT_FILE; unit++)
        for (size_t limit = 0; limit <= 16; limit += 8)
            run_texts(path, unit, limit);
    /* by its name, JSON Lines */
    int link = mkstemps(named, 6);
    check(link >= 0 && close(link) == 0 && unlink(named) == 0 && symlink(path, named) == 0);
    run_texts(named, JC_UNIT_LINE, 0);
    run_texts(named, JC_UNIT_DOCUMENT, 8);
    unlink(named);
    close(fd);
    return 0;
}
