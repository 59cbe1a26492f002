/* SPDX-License-Identifier: MIT */
/*
 * quickstart.c: fit a shortcut from every layer to the last one, then ask at each layer
 * what the model would say next if it stopped there.
 *
 *     cc quickstart.c $(pkg-config --cflags --libs jumpcut) -o quickstart
 *     ./quickstart MODEL TEXTS shortcuts.safetensors "The river flows through the city of"
 *
 * MODEL is a folder, TEXTS a file with one text a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jumpcut.h>

/* Everything that is released at the end of main. */
struct work {
    jc_model *model;
    jc_tokenizer *tokenizer;
    jc_samples *samples;
    jc_stats *stats;
    jc_shortcut *shortcut;
    jc_session *session;
    jc_ids ids;
    float *state;  /* [width] */
    float *logits; /* [vocab] */
};

static void note(void *arg, const char *message)
{
    (void)arg;
    fprintf(stderr, "note: %s\n", message);
}

/* One pass over the texts, one least-squares fit for every layer, one file. */
static jc_status fit(struct work *w, const char *texts, const char *out, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(w->model);
    const jc_hooks hooks = {.note = note};
    jc_samples_params samples;
    jc_fit_params params;
    jc_status st;

    jc_samples_params_init(&samples);
    samples.context = info->context;
    samples.vocab = info->vocab;
    jc_fit_params_init(&params);
    params.hooks = &hooks;
    st = jc_samples_from_text(&w->samples, w->tokenizer, &texts, 1, &samples, err);
    if (st == JC_OK)
        st = jc_stats_gather(&w->stats, w->model, w->samples, NULL, err);
    if (st == JC_OK)
        st = jc_fit(&w->shortcut, w->stats, &params, err);
    if (st == JC_OK)
        st = jc_shortcut_save(w->shortcut, out, err);
    if (st == JC_OK)
        printf("%s: maps from %u layers, fitted on %llu states\n", out, info->layers,
               (unsigned long long)jc_stats_rows(w->stats));
    return st;
}

/* The likeliest next token after a state of the last layer, as text. */
static jc_status say(struct work *w, unsigned layer, const float *state, jc_error *err)
{
    const uint32_t vocab = jc_model_get_info(w->model)->vocab;
    uint32_t best = 0;
    char *text = NULL;
    size_t length;
    jc_status st = jc_model_readout(w->model, state, 1, w->logits, err);

    if (st)
        return st;
    for (uint32_t i = 1; i < vocab; i++)
        if (w->logits[i] > w->logits[best])
            best = i;
    st = jc_tokenizer_decode(w->tokenizer, &best, 1, &text, &length, err);
    if (st == JC_OK)
        printf("layer %2u: '%s'\n", layer, text);
    free(text);
    return st;
}

/* Run the prompt once, and jump from each layer to the last. */
static jc_status look(struct work *w, const char *prompt, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(w->model);
    jc_status st = jc_tokenizer_encode(w->tokenizer, prompt, strlen(prompt), &w->ids, err);

    if (st)
        return st;
    uint32_t last = (uint32_t)w->ids.n - 1;
    jc_text text = {.ids = w->ids.id, .n = w->ids.n, .positions = &last, .n_positions = 1};

    st = jc_session_new(&w->session, w->model, err);
    if (st == JC_OK)
        st = jc_session_run(w->session, &text, 1, err);
    for (uint32_t l = 0; st == JC_OK && l < info->layers; l++) {
        st = jc_shortcut_apply(w->shortcut, l, info->layers,
                               jc_session_states(w->session, l), 1, w->state, err);
        if (st == JC_OK)
            st = say(w, l, w->state, err);
    }
    if (st == JC_OK)
        st = say(w, info->layers, jc_session_states(w->session, info->layers), err);
    return st;
}

int main(int argc, char **argv)
{
    struct work w = {0};
    jc_error err = {0};
    jc_status st;

    if (argc != 5 || !argv[4][0]) {
        fprintf(stderr, "usage: quickstart MODEL TEXTS SHORTCUTS PROMPT\n");
        return 2;
    }
    st = jc_model_open(&w.model, argv[1], NULL, &err);
    if (st == JC_OK)
        st = jc_tokenizer_open(&w.tokenizer, argv[1], &err);
    if (st)
        goto done;
    w.state = calloc(jc_model_get_info(w.model)->width, sizeof *w.state);
    w.logits = calloc(jc_model_get_info(w.model)->vocab, sizeof *w.logits);
    if (!w.state || !w.logits) {
        fprintf(stderr, "quickstart: out of memory\n");
        st = JC_E_NOMEM;
        goto done;
    }
    st = fit(&w, argv[2], argv[3], &err);
    if (st == JC_OK)
        st = look(&w, argv[4], &err);
done:
    if (st && err.message[0])
        fprintf(stderr, "quickstart: %s\n", err.message);
    free(w.logits);
    free(w.state);
    jc_ids_free(&w.ids);
    jc_session_free(w.session);
    jc_shortcut_free(w.shortcut);
    jc_stats_free(w.stats);
    jc_samples_close(w.samples);
    jc_tokenizer_close(w.tokenizer);
    jc_model_close(w.model);
    return st ? 1 : 0;
}
