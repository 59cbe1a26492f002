/* SPDX-License-Identifier: MIT */
/* Every public function once with NULL in the place of its objects: calls answer E_ARG,
 * getters something harmless, and nothing crashes. The headers are read for their names, so
 * a function that is new and not in the table here fails. */
#include <ctype.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

#include "jumpcut.h"

static void *out; /* what a call gives */
static jc_error err;
static float x[4];
static uint32_t id;
static size_t n;
static bool flag;
static const char *text;
static double real;
static char name[64];

static bool nowhere, asked;

/* Where a call that makes something is to put it; `asked` tells that it is such a call. */
static void *place(void)
{
    asked = true;
    out = &err; /* which is to become NULL */
    return nowhere ? NULL : (void *)&out;
}

#define OUT (place())

/* A call of each; its status, or a getter's answer, which is E_ARG as it were. */
#define CALLS(CALL, GET)                                                                   \
    GET(jc_model_tensors, jc_model_tensors(NULL))                                          \
    GET(jc_model_tensor, jc_model_tensor(NULL, 0))                                         \
    GET(jc_model_keys, jc_model_keys(NULL))                                                \
    GET(jc_model_key, jc_model_key(NULL, 0))                                               \
    GET(jc_contents_next, jc_contents_next(NULL, NULL))                                    \
    CALL(jc_context_new, jc_context_new(NULL, NULL, &err))                                 \
    GET(jc_context_free, jc_context_free(NULL))                                            \
    CALL(jc_convert_read, jc_convert_read(OUT, NULL, NULL, NULL, &err))                    \
    CALL(jc_convert_write, jc_convert_write(NULL, NULL, NULL, NULL, &err))                 \
    GET(jc_convert_options, jc_convert_options(NULL))                                      \
    GET(jc_convert_format_at, jc_convert_format_at(99999))                                 \
    GET(jc_eval_options, jc_eval_options(NULL))                                            \
    CALL(jc_eval, jc_eval(OUT, NULL, NULL, 0, NULL, NULL, &err))                           \
    GET(jc_results_free, jc_results_free(NULL))                                            \
    CALL(jc_results_read, jc_results_read(NULL, NULL, &err))                               \
    GET(jc_results_has, jc_results_has(NULL, NULL))                                        \
    CALL(jc_results_add, jc_results_add(NULL, NULL, &err))                                 \
    CALL(jc_results_take, jc_results_take(NULL, NULL, NULL, &err))                         \
    GET(jc_results_fit, jc_results_fit(NULL, 0))                                           \
    CALL(jc_results_json, jc_results_json(NULL, OUT, &err))                                \
    GET(jc_metric_at, jc_metric_at(99999))                                                 \
    GET(jc_fit_options, jc_fit_options(NULL))                                              \
    CALL(jc_fit, jc_fit(OUT, NULL, NULL, &err))                                            \
    CALL(jc_fit_ranks, jc_fit_ranks(OUT, NULL, 1, NULL, NULL, &err))                       \
    GET(jc_method_at, jc_method_at(99999))                                                 \
    GET(jc_generate_options, jc_generate_options(NULL))                                    \
    GET(jc_drafter_name, jc_drafter_name(99999))                                           \
    GET(jc_drafter_about, jc_drafter_about(99999))                                         \
    GET(jc_gate_name, jc_gate_name(99999))                                                 \
    GET(jc_gate_about, jc_gate_about(99999))                                               \
    GET(jc_fill_name, jc_fill_name(99999))                                                 \
    GET(jc_fill_about, jc_fill_about(99999))                                               \
    GET(jc_generate_bytes, jc_generate_bytes(NULL, NULL, 1, NULL))                         \
    CALL(jc_model_ends, jc_model_ends(NULL, NULL, NULL, &err))                             \
    CALL(jc_generate, jc_generate(NULL, NULL, 1, NULL, NULL, NULL, &err))                  \
    CALL(jc_generate_compare, jc_generate_compare(NULL, NULL, NULL, 1, NULL, &err))        \
    GET(jc_memory_rate, (void)&jc_memory_rate)                                             \
    CALL(jc_stopper_new, jc_stopper_new(OUT, NULL, 1, &err))                               \
    GET(jc_stopper_free, jc_stopper_free(NULL))                                            \
    CALL(jc_stopper_push, jc_stopper_push(NULL, "a", 1, &text, &n, &flag, &err))           \
    GET(jc_stopper_end, jc_stopper_end(NULL, &text, &n))                                   \
    GET(jc_self_text_options, jc_self_text_options(NULL))                                  \
    CALL(jc_self_text_new, jc_self_text_new(OUT, NULL, 1, -1, NULL, &err))                 \
    GET(jc_self_text_free, jc_self_text_free(NULL))                                        \
    CALL(jc_self_text_next, jc_self_text_next(NULL, NULL, &err))                           \
    GET(jc_lens_options, jc_lens_options(NULL))                                            \
    CALL(jc_lens_new, jc_lens_new(OUT, NULL, NULL, NULL, 0, &id, 1, NULL, &err))           \
    GET(jc_lens_free, jc_lens_free(NULL))                                                  \
    GET(jc_lens_map, jc_lens_map(NULL, 0))                                                 \
    GET(jc_lens_columns, jc_lens_columns(NULL))                                            \
    GET(jc_lens_position, jc_lens_position(NULL, 0))                                       \
    GET(jc_lens_rows, jc_lens_rows(NULL))                                                  \
    GET(jc_lens_tap, jc_lens_tap(NULL, 0))                                                 \
    GET(jc_lens_at, jc_lens_at(NULL, 0, 0, 0))                                             \
    GET(jc_lens_targets, jc_lens_targets(NULL))                                            \
    GET(jc_lens_target, jc_lens_target(NULL, 0))                                           \
    GET(jc_lens_of_target, jc_lens_of_target(NULL, 0, 0, 0, 0))                            \
    GET(jc_lens_of_next, jc_lens_of_next(NULL, 0, 0, 0))                                   \
    GET(jc_lens_settled, jc_lens_settled(NULL, 0, 0))                                      \
    GET(jc_lens_view_at, jc_lens_view_at(99999))                                           \
    CALL(jc_lens_show, jc_lens_show(NULL, NULL, NULL, OUT, &n, &err))                      \
    GET(jc_states_options, jc_states_options(NULL))                                        \
    CALL(jc_states_save, jc_states_save(NULL, NULL, NULL, NULL, &err))                     \
    GET(jc_model_options, jc_model_options(NULL))                                          \
    CALL(jc_model_open, jc_model_open(OUT, NULL, NULL, &err))                              \
    GET(jc_model_close, jc_model_close(NULL))                                              \
    GET(jc_model_get_info, jc_model_get_info(NULL))                                        \
    GET(jc_model_note, jc_model_note(NULL, 0))                                             \
    CALL(jc_model_inspect, jc_model_inspect(OUT, NULL, &err))                              \
    CALL(jc_model_readout, jc_model_readout(NULL, x, 1, x, &err))                          \
    GET(jc_architecture_find, jc_architecture_find(NULL, NULL))                            \
    GET(jc_architecture_list, jc_architecture_list())                                      \
    GET(jc_backend_list, jc_backend_list())                                                \
    GET(jc_backend_about, jc_backend_about(99999))                                         \
    GET(jc_form_name, jc_form_name(99999))                                                 \
    GET(jc_form_about, jc_form_about(99999))                                               \
    GET(jc_point_name, jc_point_name(99999))                                               \
    CALL(jc_tap_parse, jc_tap_parse(NULL, NULL, NULL, &err))                               \
    GET(jc_tap_name, jc_tap_name((jc_tap){1, 99999}, name))                                \
    GET(jc_model_points, jc_model_points(NULL, &n))                                        \
    CALL(jc_session_new, jc_session_new(OUT, NULL, &err))                                  \
    GET(jc_session_free, jc_session_free(NULL))                                            \
    CALL(jc_session_run, jc_session_run(NULL, NULL, 1, &err))                              \
    GET(jc_session_rows, jc_session_rows(NULL))                                            \
    GET(jc_session_states, jc_session_states(NULL, 0))                                     \
    CALL(jc_session_want, jc_session_want(NULL, NULL, 1, &err))                            \
    GET(jc_session_wanted, jc_session_wanted(NULL, 0))                                     \
    CALL(jc_option_set, jc_option_set(NULL, NULL, 0, "a", "b", &err))                      \
    GET(jc_option_defaults, jc_option_defaults(NULL, 0, NULL, 0))                          \
    CALL(jc_policy_open, jc_policy_open(OUT, NULL, &err))                                  \
    CALL(jc_policy_save, jc_policy_save(NULL, NULL, &err))                                 \
    GET(jc_policy_free, jc_policy_free(NULL))                                              \
    GET(jc_policy_get_info, jc_policy_get_info(NULL))                                      \
    CALL(jc_policy_check, jc_policy_check(NULL, NULL, NULL, &err))                         \
    GET(jc_calibrate_options, jc_calibrate_options(NULL))                                  \
    CALL(jc_calibrate, jc_calibrate(OUT, NULL, NULL, NULL, NULL, &err))                    \
    GET(jc_tune_options, jc_tune_options(NULL))                                            \
    CALL(jc_tune, jc_tune(OUT, NULL, NULL, NULL, NULL, &err))                              \
    CALL(jc_report_write, jc_report_write(NULL, NULL, &err))                               \
    CALL(jc_report_show, jc_report_show(NULL, OUT, &n, &err))                              \
    CALL(jc_report_write_json, jc_report_write_json(NULL, 1, NULL, NULL, &err))            \
    GET(jc_samples_options, jc_samples_options(NULL))                                      \
    CALL(jc_samples_from_text, jc_samples_from_text(OUT, NULL, NULL, 0, NULL, &err))       \
    CALL(jc_samples_from_strings,                                                          \
         jc_samples_from_strings(OUT, NULL, NULL, NULL, NULL, &err))                       \
    CALL(jc_samples_from_file, jc_samples_from_file(OUT, NULL, NULL, &err))                \
    CALL(jc_samples_from_source, jc_samples_from_source(OUT, NULL, NULL, NULL, &err))      \
    CALL(jc_samples_next, jc_samples_next(NULL, NULL, &err))                               \
    GET(jc_samples_more, jc_samples_more(NULL))                                            \
    GET(jc_samples_position, jc_samples_position(NULL, NULL))                              \
    GET(jc_samples_close, jc_samples_close(NULL))                                          \
    CALL(jc_sample_line, jc_sample_line(NULL, OUT, &err))                                  \
    GET(jc_seq_bytes, jc_seq_bytes(NULL, NULL))                                            \
    CALL(jc_seq_new, jc_seq_new(OUT, NULL, NULL, &err))                                    \
    GET(jc_seq_free, jc_seq_free(NULL))                                                    \
    GET(jc_seq_length, jc_seq_length(NULL))                                                \
    GET(jc_seq_room, jc_seq_room(NULL))                                                    \
    GET(jc_seq_truncate, jc_seq_truncate(NULL, 0))                                         \
    CALL(jc_seq_fork, jc_seq_fork(OUT, NULL, &err))                                        \
    CALL(jc_seq_commit, jc_seq_commit(NULL, &id, 1, &err))                                 \
    CALL(jc_session_extend, jc_session_extend(NULL, NULL, 1, JC_PASS_STEP, OUT, &err))     \
    CALL(jc_session_logits, jc_session_logits(NULL, 0, 1, x, &err))                        \
    CALL(jc_shortcut_open, jc_shortcut_open(OUT, NULL, &err))                              \
    CALL(jc_shortcut_save, jc_shortcut_save(NULL, NULL, &err))                             \
    GET(jc_shortcut_free, jc_shortcut_free(NULL))                                          \
    GET(jc_shortcut_meta, jc_shortcut_meta(NULL, "method"))                                \
    CALL(jc_shortcut_join, jc_shortcut_join(NULL, NULL, &err))                             \
    CALL(jc_shortcut_set_meta, jc_shortcut_set_meta(NULL, "a", "b", &err))                 \
    CALL(jc_shortcut_check, jc_shortcut_check(NULL, NULL, &err))                           \
    GET(jc_shortcut_layers, jc_shortcut_layers(NULL))                                      \
    GET(jc_shortcut_width, jc_shortcut_width(NULL))                                        \
    GET(jc_shortcut_has, jc_shortcut_has(NULL, 0, 1))                                      \
    GET(jc_shortcut_has_part, jc_shortcut_has_part(NULL, 1, "mlp"))                        \
    CALL(jc_shortcut_apply, jc_shortcut_apply(NULL, 0, 1, x, 1, x, &err))                  \
    CALL(jc_shortcut_store, jc_shortcut_store(NULL, "f16", &real, &err))                   \
    GET(jc_tap_at_name, jc_tap_at_name((jc_tap_at){{1, 99999}, 0}, name))                  \
    GET(jc_shortcut_map, jc_shortcut_map(NULL, 0))                                         \
    GET(jc_map_name, jc_map_name(NULL))                                                    \
    GET(jc_map_form, jc_map_form(NULL))                                                    \
    GET(jc_map_sources, jc_map_sources(NULL))                                              \
    GET(jc_map_source, jc_map_source(NULL, 0))                                             \
    GET(jc_map_target, jc_map_target(NULL))                                                \
    GET(jc_map_inputs, jc_map_inputs(NULL))                                                \
    GET(jc_map_outputs, jc_map_outputs(NULL))                                              \
    GET(jc_map_costs, jc_map_costs(NULL))                                                  \
    GET(jc_map_r2, jc_map_r2(NULL))                                                        \
    CALL(jc_map_dense, jc_map_dense(NULL, x, NULL, &err))                                  \
    CALL(jc_map_run, jc_map_run(NULL, x, 1, x, &err))                                      \
    GET(jc_stats_options, jc_stats_options(NULL))                                          \
    CALL(jc_stats_gather, jc_stats_gather(OUT, NULL, NULL, NULL, &err))                    \
    CALL(jc_stats_gather_at, jc_stats_gather_at(OUT, NULL, NULL, NULL, NULL, &err))        \
    GET(jc_stats_free, jc_stats_free(NULL))                                                \
    CALL(jc_stats_merge, jc_stats_merge(NULL, NULL, &err))                                 \
    CALL(jc_stats_finish, jc_stats_finish(NULL, &err))                                     \
    CALL(jc_stats_unite, jc_stats_unite(NULL, NULL, &err))                                 \
    CALL(jc_stats_save, jc_stats_save(NULL, NULL, &err))                                   \
    CALL(jc_stats_load, jc_stats_load(OUT, NULL, &err))                                    \
    GET(jc_stats_rows, jc_stats_rows(NULL))                                                \
    GET(jc_stats_texts, jc_stats_texts(NULL))                                              \
    GET(jc_stats_fingerprint, jc_stats_fingerprint(NULL))                                  \
    CALL(jc_stats_set_meta, jc_stats_set_meta(NULL, "key", "value", &err))                 \
    GET(jc_stats_meta, jc_stats_meta(NULL, "key"))                                         \
    GET(jc_stats_layers, jc_stats_layers(NULL))                                            \
    GET(jc_stats_width, jc_stats_width(NULL))                                              \
    GET(jc_stats_mean, jc_stats_mean(NULL, (jc_tap){0, 0}))                                \
    GET(jc_stats_square, jc_stats_square(NULL, (jc_tap){0, 0}))                            \
    GET(jc_stats_products, jc_stats_products(NULL, (jc_tap){0, 0}, (jc_tap){1, 0}))        \
    GET(jc_status_text, jc_status_text(JC_E_ARG))                                          \
    GET(jc_status_name, jc_status_name(JC_E_ARG))                                          \
    GET(jc_train_options, jc_train_options(NULL))                                          \
    CALL(jc_train, jc_train(OUT, NULL, NULL, NULL, NULL, &err))                            \
    GET(jc_training_size_options, jc_training_size_options(NULL))                          \
    CALL(jc_training_size, jc_training_size(OUT, NULL, NULL, 1, NULL, NULL, &err))         \
    CALL(jc_rank_study, jc_rank_study(OUT, NULL, NULL, NULL, NULL, NULL, NULL, &err))      \
    CALL(jc_decode_study, jc_decode_study(OUT, NULL, NULL, NULL, NULL, &err))              \
    CALL(jc_transfer, jc_transfer(OUT, NULL, NULL, 1, NULL, &err))                         \
    GET(jc_ids_free, jc_ids_free(NULL))                                                    \
    CALL(jc_tokenizer_open, jc_tokenizer_open(OUT, NULL, &err))                            \
    GET(jc_tokenizer_close, jc_tokenizer_close(NULL))                                      \
    GET(jc_tokenizer_kind, jc_tokenizer_kind(NULL))                                        \
    GET(jc_tokenizer_size, jc_tokenizer_size(NULL))                                        \
    CALL(jc_tokenizer_check, jc_tokenizer_check(NULL, &id, 1, 1, &err))                    \
    GET(jc_tokenizer_special, jc_tokenizer_special(NULL, "bos"))                           \
    CALL(jc_tokenizer_find, jc_tokenizer_find(NULL, "a", 1, &id, &err))                    \
    CALL(jc_tokenizer_encode, jc_tokenizer_encode(NULL, "a", 1, NULL, &err))               \
    CALL(jc_tokenizer_decode, jc_tokenizer_decode(NULL, &id, 1, OUT, &n, &err))            \
    CALL(jc_text_stream_new, jc_text_stream_new(OUT, NULL, &err))                          \
    GET(jc_text_stream_free, jc_text_stream_free(NULL))                                    \
    CALL(jc_text_stream_push, jc_text_stream_push(NULL, 1, &text, &n, &err))               \
    CALL(jc_text_stream_end, jc_text_stream_end(NULL, &text, &n, &err))                    \
    GET(jc_version, jc_version())

#define CALL(function, call)                                                               \
    static jc_status try_##function(void)                                                  \
    {                                                                                      \
        return call;                                                                       \
    }
#define GET(function, call)                                                                \
    static jc_status try_##function(void)                                                  \
    {                                                                                      \
        (void)(call);                                                                      \
        return JC_E_ARG;                                                                   \
    }
CALLS(CALL, GET)

#define ROW(function, call) {#function, try_##function},
static const struct {
    const char *name;
    jc_status (*try)(void);
} table[] = {CALLS(ROW, ROW)};

/* What it makes is NULL then; and it answers so too where it has nowhere to put that. */
static bool answers(size_t i)
{
    if (table[i].try() != JC_E_ARG || (asked && out))
        return false;
    nowhere = true;
    return !asked || table[i].try() == JC_E_ARG;
}

/* In a process of its own: what became of it, as text, or NULL. */
static const char *wrong_with(size_t i)
{
    int status;
    pid_t child = fork();

    signal(SIGSEGV, SIG_DFL); /* not cmocka's */
    if (child == 0)
        _exit(answers(i) ? 0 : 1);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return "crashes";
    return WEXITSTATUS(status) ? "does not answer E_ARG, or leaves its result unset" : NULL;
}

static void test_null__is_answered_by_every_function(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *what = wrong_with(i);
        if (what)
            print_error("%s(NULL...) %s\n", table[i].name, what);
        wrong += what != NULL;
    }
    assert_int_equal(wrong, 0);
}

static bool in_table(const char *function, size_t length)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strlen(table[i].name) == length &&
            strncmp(table[i].name, function, length) == 0)
            return true;
    return false;
}

/* The name after each JC_API, which the first parenthesis ends; data has none. */
static size_t check_header(const char *at)
{
    size_t found = 0;

    while ((at = strstr(at, "JC_API "))) {
        const char *open = strchr(at, '('), *end = strchr(at, ';');
        at++;
        if (!open || !end || open > end)
            continue;
        const char *start = open;
        while (isalnum((unsigned char)start[-1]) || start[-1] == '_')
            start--;
        if (strncmp(start, "jc_", 3) != 0) /* the definition of JC_API */
            continue;
        if (!in_table(start, (size_t)(open - start)))
            fail_msg("%.*s() is not in the table", (int)(open - start), start);
        found++;
    }
    return found;
}

static void test_null__the_table_has_every_public_function(void **state)
{
    static char all[1 << 20];
    FILE *f = popen("cat " JC_SOURCE_DIR "/include/jumpcut/*.h", "r");

    (void)state;
    assert_non_null(f);
    all[fread(all, 1, sizeof all - 1, f)] = 0;
    assert_int_equal(pclose(f), 0);
    assert_int_equal(check_header(all), sizeof table / sizeof *table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null__is_answered_by_every_function),
        cmocka_unit_test(test_null__the_table_has_every_public_function),
    };
    return cmocka_run_group_tests_name("api/null", tests, NULL, NULL);
}
