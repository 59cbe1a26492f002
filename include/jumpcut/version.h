/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_VERSION_H
#define JUMPCUT_VERSION_H

/**
 * @file jumpcut/version.h
 * Which version of the library a program is compiled for. jc_version() says which one it
 * runs with: the two share an ABI where the major numbers are equal.
 */

#include "jumpcut/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JC_VERSION_MAJOR 0
#define JC_VERSION_MINOR 1
#define JC_VERSION_PATCH 0

/** One number that grows with versions, for `#if JC_VERSION_NUMBER >= 100`. */
#define JC_VERSION_NUMBER                                                                  \
    (JC_VERSION_MAJOR * 10000 + JC_VERSION_MINOR * 100 + JC_VERSION_PATCH)

JC_API const char *jc_version(void); /* "0.1.0" */

#ifdef __cplusplus
}
#endif
#endif
