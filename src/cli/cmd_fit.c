/* SPDX-License-Identifier: MIT */
/* cmd_fit.c: `jumpcut fit`: texts or sums in, a file of shortcuts out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/spill.h"
#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/ahead.h"
#include "cli/divide.h"
#include "cli/dry_run.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "cli/team.h"
#include "cli/train.h"
#include "cli/work.h"

enum { LARGE_MAPS = 1 << 20 }; /* bytes of one that may go to a file */

/* A share's sums are kept, and nothing is fitted. */
static jc_status check_shard(jc_cli *cli, jc_error *err)
{
    const jc_own *own = &cli->args.own;

    if (own->sums.n)
        return jc_cli_usage(cli, err, "'--shard' is of texts: give no '--sums'");
    if (own->out || !own->save_sums)
        return jc_cli_usage(cli, err,
                            "'--shard' keeps the sums of a share with '--save-sums FILE', "
                            "and without '--out': 'merge' all shares, then fit their sums");
    if (cli->args.self.self_text)
        return jc_cli_usage(cli, err,
                            "'--shard' wants texts that are there: keep those of "
                            "'--self-text' with 'sample' first");
    return JC_OK;
}

static jc_status check_ranks(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;

    if (jc_team_get()->ranks == 1)
        return JC_OK;
    if (args->stats.shard)
        return jc_cli_usage(cli, err,
                            "'--shard' is of runs without MPI: ranks take theirs");
    if (args->own.sums.n || jc_cli_trains(args->fit.method))
        return jc_cli_usage(cli, err, "ranks share the texts of sums: with '%s' run one",
                            args->own.sums.n ? "--sums" : args->fit.method);
    return jc_ranks_check(cli, err);
}

static jc_status check(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    const jc_own *own = &args->own;
    jc_status st = check_ranks(cli, err);

    if (st == JC_OK && args->stats.shard)
        st = check_shard(cli, err);
    if (st)
        return st;
    if (!own->out && !args->stats.shard)
        return jc_cli_usage(cli, err, "'fit' wants '--out FILE'");
    if (own->rank_curve && strcmp(args->fit.method, "narrow") != 0)
        return jc_cli_usage(cli, err, "'--rank-curve' is of '--method narrow'");
    st = jc_fit_check_method(cli, err);
    if (st)
        return st;
    if (!own->sums.n && args->n_words == 0)
        return jc_cli_usage(cli, err, "'fit' wants MODEL, or '--sums'%s",
                            own->text.n > 1 ? " (MODEL comes before '--text')" : "");
    if (!own->sums.n)
        return jc_work_check(cli, "train", err);
    if (own->text.n || own->samples || args->self.self_text)
        return jc_cli_usage(cli, err, "'--sums' stand for texts: give one or the other");
    if (jc_args_given(args, "pairs") || args->stats.layers || args->stats.maps ||
        own->from.n || own->to.n)
        return jc_cli_usage(cli, err,
                            "'--pairs' and maps mean nothing with '--sums', which have "
                            "theirs");
    return JC_OK;
}

/* The maps of --from and --to as one text, "0,12@-1:12 1,12@-1:12"; free(). */
static jc_status join_maps(jc_cli *cli, char **maps, jc_error *err)
{
    const jc_list *from = &cli->args.own.from, *to = &cli->args.own.to;
    size_t room = 1;

    *maps = NULL;
    if (from->n == 0 && to->n == 0)
        return JC_OK;
    if (cli->args.stats.maps)
        return jc_cli_usage(cli, err, "'--maps' and '--from' say the same: give one");
    if (from->n == 0 || to->n == 0 || (to->n > 1 && to->n != from->n))
        return jc_cli_usage(cli, err,
                            "'--from' wants '--to' with one tap, or with as many as it "
                            "has lists of taps");
    for (size_t i = 0; i < from->n; i++)
        room += strlen(from->item[i]) + strlen(to->item[to->n > 1 ? i : 0]) + 2;
    *maps = calloc(room, 1);
    if (!*maps)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the maps");
    for (size_t i = 0, n = 0; i < from->n; i++)
        n += (size_t)snprintf(*maps + n, room - n, "%s%s:%s", i ? " " : "", from->item[i],
                              to->item[to->n > 1 ? i : 0]);
    cli->args.stats.maps = *maps;
    return JC_OK;
}

/* What it is about to do; weights are flops. */
static void plan(jc_cli *cli, const jc_model *model, const jc_work *work)
{
    const jc_model_info *info = jc_model_get_info(model);
    double d = info->width, maps = jc_ahead_maps(cli, info), fit = maps * 30 * d * d * d;
    double tokens = jc_ahead_tokens(cli, work->samples);
    double flops = tokens * (jc_ahead_pass(info) + 4 * maps * d * d) +
                   jc_ahead_writing(cli, info, tokens);
    const jc_ui_step steps[] = {{"gathering sums", tokens > 0 ? flops : 1e12},
                                {"fitting", fit}};

    jc_ahead_say(cli, model, jc_ahead_sums(cli, info), tokens > 0 ? flops + fit : 0, false);
    jc_ui_plan(&cli->ui, steps, JC_COUNT_OF(steps));
}

/* Beside its maps a training holds their gradient and two moments. */
static jc_status say_training(jc_cli *cli, const jc_model *model, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    double d = info->width, maps = info->layers * d * d * sizeof(float);
    jc_work work = {0};
    jc_status st = jc_work_open(&work, cli, model, err);

    if (st == JC_OK) {
        double vectors = jc_ahead_vectors(cli, jc_ahead_tokens(cli, work.samples));
        jc_ahead_say(
            cli, model, 4 * maps,
            vectors > 0 ? jc_ahead_training(cli, info, cli->args.fit.method, vectors) : 0,
            false);
    }
    jc_work_close(&work);
    return st;
}

static jc_status gather(jc_stats **stats, jc_model **model, jc_cli *cli, jc_divide *divide,
                        jc_error *err)
{
    const jc_args *args = &cli->args;
    jc_work work = {0};
    jc_stats_params params = args->stats;
    const jc_team *team = jc_team_get();
    char *name = jc_work_name(cli);
    jc_status st = name ? JC_OK : jc_cli_fail(err, JC_E_NOMEM, "out of memory for a name");

    params.work = name;
    if (st == JC_OK)
        st = jc_work_model(model, cli, args->word[0], true, err);
    if (st == JC_OK && jc_cli_trains(args->fit.method))
        st = say_training(cli, *model, err);
    if (st || jc_cli_trains(args->fit.method)) { /* it gathers the sums that it wants */
        free(name);
        return st;
    }
    st = jc_work_open(&work, cli, *model, err);
    if (st == JC_OK)
        st = jc_ranks_texts(cli, err);
    st = jc_team_agree(st, err);
    if (st == JC_OK)
        st = jc_divide_choose(divide, cli, *model, err);
    jc_divide_begin(divide, &params);
    if (st == JC_OK)
        plan(cli, *model, &work);
    if (st == JC_OK)
        st = jc_stats_gather(stats, *model, work.samples, &params, err);
    if (st == JC_OK && team->ranks > 1)
        st = jc_stats_unite(*stats, team, err);
    jc_team_divide(1);
    free(name);
    jc_work_close(&work);
    jc_ui_clear(&cli->ui);
    return st;
}

/* Whether the method looks at the model itself. */
static bool wants_model(const jc_cli *cli)
{
    return strcmp(cli->args.fit.metric, "logits") == 0;
}

/* Whether the texts are there once more, to measure what fewer bits take. */
static bool measures(const jc_cli *cli)
{
    const jc_own *own = &cli->args.own;
    bool there = !own->sums.n && strcmp(cli->args.fit.store, "f32") != 0;

    for (size_t i = 0; i < own->text.n; i++)
        there &= strcmp(own->text.item[i], "-") != 0;
    return there && (!own->samples || strcmp(own->samples, "-") != 0);
}

/* Sums of another model are refused where a model is named. */
static jc_status check_sums(const jc_stats *stats, jc_model **model, jc_cli *cli,
                            jc_error *err)
{
    const jc_args *args = &cli->args;

    if (args->n_words == 0)
        return JC_OK;
    jc_status st = jc_work_model(model, cli, args->word[0], wants_model(cli), err);
    if (st)
        return st;
    const char *fingerprint = jc_model_get_info(*model)->fingerprint;
    if (strcmp(fingerprint, jc_stats_fingerprint(stats)) != 0)
        st = jc_cli_fail(err, JC_E_MISMATCH,
                         "cannot use '%s' with '%s': the sums are of model %s, this is %s",
                         cli->args.own.sums.item[0], cli->args.word[0],
                         jc_stats_fingerprint(stats), fingerprint);
    return st;
}

static jc_status load_sums(jc_stats **stats, jc_model **model, jc_cli *cli, jc_error *err)
{
    const jc_list *sums = &cli->args.own.sums;
    jc_status st = jc_work_sums(stats, sums->item, sums->n, err);

    return st ? st : check_sums(*stats, model, cli, err);
}

/* R2 by rank as CSV, a line for each map and rank. */
static jc_status write_curve(void *arg, const char *map, size_t inputs, const double *r2,
                             size_t n, jc_error *err)
{
    const jc_output *out = arg;

    for (size_t r = 1; r <= n; r++) {
        unsigned long long narrow = (unsigned long long)r * (inputs + n);
        fprintf(out->f, "%s,%zu,%.6f,%llu,%llu\n", map, r, r2[r - 1], narrow, 2 * narrow);
    }
    return jc_output_look(out, err);
}

/* jc_train(). What it has when it is stopped is kept. */
static jc_status train(jc_shortcut **shortcut, const jc_stats *stats, const jc_model *model,
                       jc_cli *cli, jc_error *err)
{
    const char *out = cli->args.own.out;

    jc_signals_keep(true);
    jc_status st =
        jc_cli_train(shortcut, cli, model, cli->args.fit.method, NULL, stats, err);

    if (st != JC_E_CANCELLED || !*shortcut)
        return st;
    jc_error why;
    jc_status saved = jc_origin_record(cli, *shortcut, stats, &why);
    if (saved == JC_OK)
        saved = jc_shortcut_save(*shortcut, out, &why);
    if (saved) {
        *err = why;
        return saved;
    }
    cli->ui.hooks.note(cli->ui.hooks.arg,
                       cli->args.train.resume
                           ? "the best maps so far are kept; the same command goes on"
                           : "the best maps so far are kept; with '--resume FILE' the same "
                             "command would go on from there");
    return st;
}

/* jc_fit(), and with --rank-curve a file of its curves. */
static jc_status fit(jc_shortcut **shortcut, const jc_stats *stats, const jc_model *model,
                     jc_cli *cli, jc_error *err)
{
    jc_args *args = &cli->args;
    jc_output out = {0};
    const jc_rank_curve curve = {write_curve, &out};
    jc_status st = JC_OK;

    jc_again again = {.cli = cli, .model = model, .noted = true};
    const jc_texts texts = jc_again_texts(&again);
    args->fit.model = wants_model(cli) || measures(cli) ? model : NULL;
    args->fit.texts = measures(cli) ? &texts : NULL;
    if (args->own.rank_curve) {
        st = jc_output_open(&out, args->own.rank_curve, err);
        if (st)
            return st;
        fprintf(out.f, "map,rank,r2,parameters,flops\n");
        args->fit.curve = &curve;
    }
    jc_spill_limit(JC_MAPS_IN_MEMORY, LARGE_MAPS);
    st = jc_fit(shortcut, stats, &args->fit, err);
    args->fit.curve = NULL;
    args->fit.model = NULL;
    args->fit.texts = NULL;
    if (!args->own.rank_curve)
        return st;
    if (st == JC_OK)
        return jc_output_commit(&out, err);
    jc_output_discard(&out);
    return st;
}

/* A rank behind the first, whose team has some of the pairs. */
static jc_status give_part(const jc_divide *divide, const jc_stats *stats,
                           const jc_model *model, jc_cli *cli, jc_status st, jc_error *err)
{
    jc_shortcut *part = NULL;

    if (st == JC_OK && jc_team_get()->rank < divide->teams)
        st = fit(&part, stats, model, cli, err);
    if (st == JC_OK)
        st = jc_divide_join(divide, part, stats, err);
    jc_shortcut_free(part);
    return st;
}

/* ---- the last lines ---- */

/* "map.0+12@-1.12" -> "0+12@-1 to 12"; that of a part as it is. */
static void say_map(const jc_map *map, char *text, size_t size)
{
    char name[JC_TAP_AT_NAME];
    size_t n = 0;

    if (jc_map_sources(map) == 0) {
        snprintf(text, size, "%s", jc_map_name(map));
        return;
    }
    for (size_t i = 0; i < jc_map_sources(map) && n < size; i++) {
        jc_tap_at_name(jc_map_source(map, i), name);
        n += (size_t)snprintf(text + n, size - n, "%s%s", i ? "+" : "", name);
    }
    jc_tap_at_name(jc_map_target(map), name);
    if (n < size)
        snprintf(text + n, size - n, " to %s", name);
}

static void close_r2(jc_cli *cli, const jc_shortcut *shortcut)
{
    const jc_map *least = NULL, *most = NULL, *map;
    char first[120], last[120];
    double sum = 0;
    size_t n = 0;

    for (size_t i = 0; (map = jc_shortcut_map(shortcut, i)); i++) {
        double r2 = jc_map_r2(map);
        if (isnan(r2))
            continue;
        least = !least || r2 < jc_map_r2(least) ? map : least;
        most = !most || r2 > jc_map_r2(most) ? map : most;
        sum += r2;
        n++;
    }
    if (n == 0)
        return;
    say_map(least, first, sizeof first);
    say_map(most, last, sizeof last);
    if (n == 1)
        jc_closing_say(cli, "R2 on the training texts: %.3f (%s)", sum, first);
    else
        jc_closing_say(cli,
                       "R2 on the training texts: %.3f (%s) to %.3f (%s), %.3f on average",
                       jc_map_r2(least), first, jc_map_r2(most), last, sum / (double)n);
}

static void close_store(jc_cli *cli, const jc_shortcut *shortcut)
{
    const char *p1 = jc_shortcut_meta(shortcut, "store.p1");
    const char *loss = jc_shortcut_meta(shortcut, "store.p1-loss");
    const char *vectors = jc_shortcut_meta(shortcut, "store.vectors");

    if (p1 && loss && vectors)
        jc_closing_say(cli,
                       "kept as %s, precision at 1 is %.4f, the mean over layers; it was "
                       "%.4f before (%s vectors)",
                       cli->args.fit.store, strtod(p1, NULL),
                       strtod(p1, NULL) + strtod(loss, NULL), vectors);
}

static void close_fit(jc_cli *cli, const jc_shortcut *shortcut)
{
    const jc_args *args = &cli->args;
    const char *rows = jc_shortcut_meta(shortcut, "rows");
    const char *texts = jc_shortcut_meta(shortcut, "rows.texts");
    char what[160];
    size_t n = 0;
    jc_next next;

    while (jc_shortcut_map(shortcut, n))
        n++;
    snprintf(what, sizeof what, "%zu map%s", n, n == 1 ? "" : "s");
    jc_closing_say(cli, "wrote %s to '%s': method %s, fitted on %s vectors of %s texts",
                   n ? what : "the identity", args->own.out, args->fit.method,
                   rows ? rows : "no", texts ? texts : "no");
    close_r2(cli, shortcut);
    close_store(cli, shortcut);
    if (args->own.save_sums)
        jc_closing_wrote(cli, "the sums", args->own.save_sums);
    if (args->own.rank_curve)
        jc_closing_wrote(cli, "R2 by rank", args->own.rank_curve);
    jc_next_begin(&next, cli, "eval");
    if (args->n_words)
        jc_next_model(&next);
    else
        jc_next_word(&next, jc_shortcut_meta(shortcut, "model"));
    jc_next_word(&next, args->own.out);
    jc_next_texts(&next);
    jc_next_option(&next, "--out", "results.json");
    jc_next_say(&next);
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    const char *const outputs[] = {args->own.out, args->own.save_sums, args->own.rank_curve,
                                   args->train.resume};
    jc_model *model = NULL;
    jc_stats *stats = NULL;
    jc_shortcut *shortcut = NULL;
    char *maps = NULL;
    jc_divide divide = {.teams = 1};
    jc_status st = check(cli, err);

    for (size_t i = 0; i < 2 && st == JC_OK; i++)
        st = jc_inputs_file(outputs[i], "a file of tensors", err);
    if (st == JC_OK)
        st = jc_inputs_spare(cli, outputs, JC_COUNT_OF(outputs), err);
    if (st == JC_OK)
        st = join_maps(cli, &maps, err);
    st = jc_team_agree(st, err);
    if (st)
        return st;
    if (args->own.dry_run) {
        st = jc_fit_dry_run(cli, err);
        free(maps);
        return st;
    }
    st = args->own.sums.n ? load_sums(&stats, &model, cli, err)
                          : gather(&stats, &model, cli, &divide, err);
    if (jc_team_get()->rank > 0) {
        if (divide.teams > 1)
            st = give_part(&divide, stats, model, cli, st, err);
        goto done;
    }
    if (st == JC_OK && stats)
        st = jc_origin_of_sums(cli, stats, err);
    if (st == JC_OK && args->own.save_sums && stats)
        st = jc_stats_save(stats, args->own.save_sums, err);
    if (args->stats.shard)
        goto done;
    if (st == JC_OK)
        st = jc_cli_trains(args->fit.method) ? train(&shortcut, stats, model, cli, err)
                                             : fit(&shortcut, stats, model, cli, err);
    if (st == JC_OK && divide.teams > 1)
        st = jc_divide_join(&divide, shortcut, stats, err);
    if (st == JC_OK)
        st = jc_origin_record(cli, shortcut, stats, err);
    if (st == JC_OK)
        st = jc_shortcut_save(shortcut, args->own.out, err);
done:
    if (st == JC_OK && args->stats.shard)
        jc_closing_say(cli, "wrote share %s to '%s': %llu vectors of %llu texts",
                       args->stats.shard, args->own.save_sums,
                       (unsigned long long)jc_stats_rows(stats),
                       (unsigned long long)jc_stats_texts(stats));
    else if (st == JC_OK && shortcut)
        close_fit(cli, shortcut);
    jc_shortcut_free(shortcut);
    jc_stats_free(stats);
    jc_model_close(model);
    free(maps);
    return st;
}

static const jc_own_row rows[] = {
    {{"out", JC_OPTION_TEXT, offsetof(jc_own, out), 0, 0, NULL, NULL,
      "the file of shortcuts to write"},
     "FILE"},
    {{"save-sums", JC_OPTION_TEXT, offsetof(jc_own, save_sums), 0, 0, NULL, NULL,
      "also keep the sums, for other fits of the same texts"},
     "FILE"},
    {{"sums", JC_OPTION_TEXT, offsetof(jc_own, sums), 0, 0, NULL, NULL,
      "fit from the total of these sums; no texts are read, and MODEL only tells whether "
      "they are its own"},
     "FILE..."},
    {{"from", JC_OPTION_TEXT, offsetof(jc_own, from), 0, 0, NULL, NULL,
      "the taps that a map takes, as 0,12@-1; several lists are several maps"},
     "TAPS..."},
    {{"to", JC_OPTION_TEXT, offsetof(jc_own, to), 0, 0, NULL, NULL,
      "the tap that they go to, one for all or one for each"},
     "TAP..."},
    {{"rank-curve", JC_OPTION_TEXT, offsetof(jc_own, rank_curve), 0, 0, NULL, NULL,
      "method narrow: also write R2 of every rank there, as CSV; it takes no further work"},
     "FILE"},
};
static const jc_group own_rows = {
    .title = "Files", .own = rows, .n_own = JC_COUNT_OF(rows)};

static const jc_default defaults[] = {{"split", NULL}, {NULL, NULL}};

const jc_command jc_command_fit = {
    .name = "fit",
    .summary = "fit shortcuts between the layers of a model",
    .usage = "MODEL --text FILE...|--samples FILE|--self-text N --out FILE [options]",
    .words = "MODEL",
    .max_words = 1,
    .teach =
        "Runs the texts through the model once, adds up sums over the states after each "
        "block, and solves for a matrix from each layer to the last ('--pairs final') or "
        "between any two ('--pairs all'). Memory does not grow with the texts. Where texts "
        "are split, by --train and --val or in the file of --samples, those for training "
        "are fitted on.\n\n"
        "The method 'mat' is plain least squares, as in the paper. With few vectors it "
        "explains noise: a note says how many would be enough, and 'ridge' helps. 'narrow' "
        "makes maps of two narrow matrices, which are the best of their rank. 'tuned' "
        "trains maps to read out as the model does, and the first texts are held out; "
        "stopped by Ctrl-C it writes the best so far. Sums kept by --save-sums can be "
        "fitted again with another method, ridge or intercept in seconds.\n\n"
        "--shard 2/8 runs the second of eight shares of the texts and keeps its sums. "
        "'jumpcut merge' adds all eight up to the same bits as one run over all texts, on "
        "as many machines as you like. 'mpirun jumpcut-mpi fit', with the same words and "
        "options, does so in one go where the program was built with MPI. Where the sums "
        "of all "
        "pairs are too large for one machine, --layers divides the pairs: each part gives "
        "a file of the same maps.\n\n"
        "'--from 0,12@-1 --to 12' fits a map that takes the embedding of a token and layer "
        "12 "
        "of the token before it; 12@+1 is that of the token after it.",
    .examples =
        "jumpcut fit ./gpt2 --text wiki.txt --out mat.safetensors --save-sums sums\n"
        "# another ridge needs no new pass\n"
        "jumpcut fit --sums sums --method ridge --ridge 1e-3 --out "
        "ridge.safetensors\n"
        "# trained from there, so that its guesses are the model's\n"
        "jumpcut fit ./gpt2 --text wiki.txt --method tuned --resume state --out "
        "tuned.safetensors\n"
        "# no texts at hand: let the model write them\n"
        "jumpcut fit ./gpt2 --self-text 500 --out self.safetensors\n",
    .groups = (const jc_group *const[]){&own_rows, &jc_group_fit, &jc_group_train,
                                        &jc_group_stats, &jc_group_corpus, &jc_group_texts,
                                        &jc_group_samples_file, &jc_group_self_text,
                                        &jc_group_samples, &jc_group_model,
                                        &jc_group_dry_run, &jc_group_common, NULL},
    .defaults = defaults,
    .run = run,
};
