/* SPDX-License-Identifier: MIT */
/* mpi.c: the team of `jumpcut-mpi`: the ranks of MPI. What MPI itself finds wrong, such as
 * a rank that is gone, ends the job by its default, with a message. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <mpi.h>

#include "cli/team.h"

enum { MOST = 1 << 24 }; /* numbers or bytes at a time */

static MPI_Comm comm; /* of the team at hand */

static jc_status sum(void *arg, int64_t *x, size_t n, jc_error *err)
{
    const jc_team *team = jc_team_get();

    (void)arg;
    (void)err;
    for (size_t at = 0; at < n; at += MOST) {
        int count = (int)(n - at < MOST ? n - at : MOST);
        if (team->rank == 0)
            MPI_Reduce(MPI_IN_PLACE, x + at, count, MPI_INT64_T, MPI_SUM, 0, comm);
        else
            MPI_Reduce(x + at, NULL, count, MPI_INT64_T, MPI_SUM, 0, comm);
    }
    return JC_OK;
}

static jc_status least(void *arg, int64_t *x, size_t n, jc_error *err)
{
    (void)arg;
    (void)err;
    for (size_t at = 0; at < n; at += MOST) {
        int count = (int)(n - at < MOST ? n - at : MOST);
        MPI_Allreduce(MPI_IN_PLACE, x + at, count, MPI_INT64_T, MPI_MIN, comm);
    }
    return JC_OK;
}

static jc_status tell(void *arg, uint32_t from, void *bytes, size_t n, jc_error *err)
{
    unsigned char *at = bytes;

    (void)arg;
    (void)err;
    for (size_t some; n > 0; at += some, n -= some) {
        some = n < MOST ? n : MOST;
        MPI_Bcast(at, (int)some, MPI_BYTE, (int)from, comm);
    }
    return JC_OK;
}

static jc_team team = {
    .size = sizeof team, .ranks = 1, .sum = sum, .least = least, .tell = tell};
static bool agreed; /* the failure is known to all ranks */

void jc_team_begin(void)
{
    int rank, ranks, level;

    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
    comm = MPI_COMM_WORLD;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    team.rank = (uint32_t)rank;
    team.ranks = (uint32_t)ranks;
}

const jc_team *jc_team_get(void)
{
    return &team;
}

void jc_team_divide(uint32_t teams)
{
    int rank, ranks;

    if (comm != MPI_COMM_WORLD)
        MPI_Comm_free(&comm);
    comm = MPI_COMM_WORLD;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (teams > 1)
        MPI_Comm_split(MPI_COMM_WORLD, rank % (int)teams, rank, &comm);
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &ranks);
    team.rank = (uint32_t)rank;
    team.ranks = (uint32_t)ranks;
}

jc_status jc_team_agree(jc_status st, jc_error *err)
{
    int first = st ? (int)team.rank : INT_MAX, failed = st != JC_OK, code = (int)st;
    char message[sizeof err->message] = "";

    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (failed == 0)
        return JC_OK;
    if ((int)team.rank == first)
        memcpy(message, err->message, sizeof message);
    MPI_Bcast(&code, 1, MPI_INT, first, MPI_COMM_WORLD);
    MPI_Bcast(message, sizeof message, MPI_CHAR, first, MPI_COMM_WORLD);
    agreed = true;
    err->status = (jc_status)code;
    if (failed == (int)team.ranks)
        snprintf(err->message, sizeof err->message, "%s", message);
    else
        snprintf(err->message, sizeof err->message, "rank %d of %u: %.440s", first,
                 team.ranks, message);
    return err->status;
}

const char *jc_team_voice(void)
{
    static char name[32];

    if (agreed || team.ranks == 1)
        return team.rank == 0 ? "" : NULL;
    snprintf(name, sizeof name, "rank %u of %u: ", team.rank, team.ranks);
    return name;
}

int jc_team_end(int code)
{
    if (code && !agreed && team.ranks > 1) {
        fflush(NULL);
        MPI_Abort(MPI_COMM_WORLD, code);
    }
    MPI_Finalize();
    return code;
}
