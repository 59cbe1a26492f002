/* SPDX-License-Identifier: MIT */
/* assets.h: the parts of the page, put into the program by cmake/JcReport.cmake. */
#ifndef JC_REPORT_ASSETS_H
#define JC_REPORT_ASSETS_H

#include <stddef.h>

typedef struct jc_asset {
    const unsigned char *data; /* [size] */
    size_t size;
} jc_asset;

extern const jc_asset jc_asset_html;  /* page.html, the skeleton with {{slots}} */
extern const jc_asset jc_asset_css;   /* page.css */
extern const jc_asset jc_asset_js;    /* page.js */
extern const jc_asset jc_asset_chart; /* Chart.js */

#endif
