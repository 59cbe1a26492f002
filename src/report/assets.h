/* SPDX-License-Identifier: MIT */
/* assets.h: the parts of the page, put into the program by cmake/JcAsset.cmake. */
#ifndef JC_REPORT_ASSETS_H
#define JC_REPORT_ASSETS_H

#include "base/page.h"

extern const jc_asset jc_asset_html;  /* page.html, the skeleton with {{slots}} */
extern const jc_asset jc_asset_css;   /* page.css */
extern const jc_asset jc_asset_chart; /* Chart.js */
extern const jc_asset jc_asset_base;  /* the scripts, in the order of the page */
extern const jc_asset jc_asset_charts, jc_asset_heat, jc_asset_sections, jc_asset_net,
    jc_asset_decode, jc_asset_further, jc_asset_closing;

#endif
