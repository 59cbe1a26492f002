/* SPDX-License-Identifier: MIT */
#include "cli/divide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ahead.h"
#include "cli/output.h"
#include "cli/team.h"

enum { PIECE = 1 << 24 }; /* bytes that are told at a time */

/* What is fitted of a pair at a time, without what other pairs say. */
static bool can_divide(const jc_cli *cli)
{
    const jc_args *args = &cli->args;
    const char *pairs = args->stats.pairs, *method = args->fit.method;

    return pairs && strcmp(pairs, "all") == 0 && !args->stats.parts && !args->stats.maps &&
           !args->stats.layers && !args->own.save_sums && !args->own.rank_curve &&
           strcmp(args->fit.store, "f32") == 0 && strcmp(args->fit.metric, "state") == 0 &&
           (strcmp(method, "mat") == 0 || strcmp(method, "ridge") == 0 ||
            strcmp(method, "narrow") == 0);
}

/* Layers from the first one that `share` of all pairs lie below. */
static uint32_t cut(uint32_t layers, double share)
{
    double pairs = (double)layers * (layers + 1.0) / 2, sum = 0;
    uint32_t at = 0;

    while (at < layers && sum + (layers - at) / 2.0 < share * pairs)
        sum += layers - at++;
    return at;
}

jc_status jc_divide_choose(jc_divide *divide, jc_cli *cli, const jc_model *model,
                           jc_error *err)
{
    const jc_team *team = jc_team_get();
    const jc_model_info *info = jc_model_get_info(model);
    uint32_t most = team->ranks < info->layers ? team->ranks : info->layers;
    int64_t room = (int64_t)fmin(jc_ahead_memory(), 9e18);

    *divide = (jc_divide){.teams = 1};
    if (team->ranks == 1 || !can_divide(cli))
        return JC_OK;
    jc_status st = team->least(team->arg, &room, 1, err);
    double need = jc_ahead_sums(cli, info);
    while (st == JC_OK && divide->teams < most && need / divide->teams > (double)room)
        divide->teams++;
    divide->mine = team->rank % divide->teams;
    uint32_t first = cut(info->layers, (double)divide->mine / divide->teams);
    uint32_t end = cut(info->layers, (divide->mine + 1.0) / divide->teams);
    snprintf(divide->layers, sizeof divide->layers, "%u-%u", first, end - 1);
    if (divide->teams > 1) {
        char *note = jc_format("sums and maps of all pairs take %.3g GB, and a rank has "
                               "%.3g: the pairs are divided among %u teams of ranks",
                               need / 1e9, (double)room / 1e9, divide->teams);
        if (note)
            jc_ui_remark(&cli->ui, note);
        free(note);
    }
    return st;
}

void jc_divide_begin(jc_divide *divide, jc_stats_params *params)
{
    const jc_team *team = jc_team_get();

    if (divide->teams > 1) {
        params->layers = divide->layers;
        jc_team_divide(divide->teams);
    }
    if (team->ranks > 1) {
        snprintf(divide->shard, sizeof divide->shard, "%u/%u", team->rank + 1, team->ranks);
        params->shard = divide->shard;
    }
}

/* The teams have run the same texts where the last layer's mean has the same bits. */
static jc_status check_texts(const jc_divide *divide, const jc_stats *stats, jc_error *err)
{
    const jc_team *team = jc_team_get();
    int64_t both[2] = {INT64_MAX, INT64_MAX};

    if (team->rank < divide->teams) {
        uint32_t layers = jc_stats_layers(stats), width = jc_stats_width(stats);
        const double *mean = jc_stats_mean(stats, (jc_tap){.block = layers});
        uint64_t hash = jc_stats_texts(stats), bits;
        for (uint32_t c = 0; mean && c < width; c++) {
            memcpy(&bits, &mean[c], sizeof bits);
            hash = (hash ^ bits) * 0x9e3779b97f4a7c15u;
            hash ^= hash >> 29;
        }
        both[0] = (int64_t)(hash >> 2);
        both[1] = -both[0];
    }
    jc_status st = team->least(team->arg, both, 2, err);
    return st == JC_OK && both[0] != -both[1]
               ? jc_cli_fail(err, JC_E_MISMATCH,
                             "cannot put the ranks' maps together: their texts differ: "
                             "every rank must read the same files")
               : st;
}

/* A file of TMPDIR. */
static jc_status temporary(char **path, FILE **f, jc_error *err)
{
    const char *folder = getenv("TMPDIR");
    int fd;

    *path = jc_format("%s/jumpcut-maps-XXXXXX", folder && *folder ? folder : "/tmp");
    if (!*path)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for a path");
    fd = mkstemp(*path);
    *f = fd < 0 ? NULL : fdopen(fd, "w+b");
    return *f ? JC_OK : jc_cli_fail(err, JC_E_IO, "cannot make '%s'", *path);
}

/* What rank `from` has in the file comes into that of rank 0. */
static jc_status send(uint32_t from, FILE *f, jc_error *err)
{
    const jc_team *team = jc_team_get();
    unsigned char *piece = malloc(PIECE);
    uint64_t n = 1;
    jc_status st =
        piece ? JC_OK : jc_cli_fail(err, JC_E_NOMEM, "out of memory for the maps");

    while (st == JC_OK && n > 0) {
        if (team->rank == from)
            n = fread(piece, 1, PIECE, f);
        st = team->tell(team->arg, from, &n, sizeof n, err);
        if (st == JC_OK && n)
            st = team->tell(team->arg, from, piece, (size_t)n, err);
        if (st == JC_OK && team->rank == 0 && fwrite(piece, 1, (size_t)n, f) != n)
            st = jc_cli_fail(err, JC_E_IO, "cannot write the ranks' maps to TMPDIR");
    }
    free(piece);
    return st;
}

/* The maps of the team that rank `from` has led. */
static jc_status take(uint32_t from, jc_shortcut *shortcut, jc_error *err)
{
    const jc_team *team = jc_team_get();
    jc_shortcut *part = NULL;
    char *path = NULL;
    FILE *f = NULL;
    bool has = team->rank == 0 || team->rank == from;
    jc_status st = has ? temporary(&path, &f, err) : JC_OK;

    if (st == JC_OK && team->rank == from)
        st = jc_shortcut_save(shortcut, path, err);
    if (st == JC_OK && team->rank == from) {
        fclose(f);
        f = fopen(path, "rb");
        st = f ? JC_OK : jc_cli_fail(err, JC_E_IO, "cannot read '%s'", path);
    }
    st = jc_team_agree(st, err);
    if (st == JC_OK)
        st = send(from, f, err);
    if (st == JC_OK && team->rank == 0 && fflush(f) != 0)
        st = jc_cli_fail(err, JC_E_IO, "cannot write the ranks' maps to '%s'", path);
    if (st == JC_OK && team->rank == 0)
        st = jc_shortcut_open(&part, path, err);
    if (path)
        unlink(path);
    if (f)
        fclose(f);
    if (st == JC_OK && team->rank == 0)
        st = jc_shortcut_join(shortcut, part, err);
    jc_shortcut_free(part);
    free(path);
    return st;
}

jc_status jc_divide_join(const jc_divide *divide, jc_shortcut *shortcut,
                         const jc_stats *stats, jc_error *err)
{
    jc_status st = check_texts(divide, stats, err);

    for (uint32_t from = 1; from < divide->teams && st == JC_OK; from++)
        st = take(from, shortcut, err);
    return st;
}
