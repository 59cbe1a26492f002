/* SPDX-License-Identifier: MIT */
/*
 * team.h: the processes that run one command together. In `jumpcut` it is one, alone.c; in
 * `jumpcut-mpi` they are the ranks of MPI, src/dist/mpi.c.
 *
 * Rank 0 leads: it prints, finishes and writes; the others gather their share. While all
 * wait for each other a failure is told by all together (agree); while they work on their
 * own, one that fails ends all of them.
 */
#ifndef JC_CLI_TEAM_H
#define JC_CLI_TEAM_H

#include <jumpcut.h>

void jc_team_begin(void);
const jc_team *jc_team_get(void);
/* From now on this rank's team is one of so many, which work on their own: that of the
 * ranks whose number leaves the same rest. 1: all ranks are one team again. */
void jc_team_divide(uint32_t teams);
/* Called by all: the status of the first rank that failed, and its message. */
jc_status jc_team_agree(jc_status st, jc_error *err);
/* Who says what went wrong: "rank 3: " where this rank failed on its own, "" where the
 * leader speaks for all, NULL for those who are silent. */
const char *jc_team_voice(void);
/* The exit status, 0 for success; does not return where one rank ends all. */
int jc_team_end(int code);

#endif
