/* SPDX-License-Identifier: MIT */
/*
 * couple.h: guesses of tokens that are drawn. The number u that decides a draw is known
 * before the logits are: a token is drawn where u lies in its part of the cumulative
 * distribution, in the order of ids. A guessed distribution says where that part roughly
 * is.
 */
#ifndef JC_COUPLE_H
#define JC_COUPLE_H

/* Probability that u lies in the part that is guessed as [from, to) of [0, 1], whose place
 * is known up to an error of about a fifth. */
double jc_couple(double from, double to, double u);

#endif
