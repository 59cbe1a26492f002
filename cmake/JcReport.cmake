# The page of src/report/, with Debian's Chart.js (libjs-chart.js), and its tests.
function(jc_report_page)
  find_file(CHARTJS chart.min.js PATHS /usr/share/javascript/chart.js NO_CACHE REQUIRED)
  file(STRINGS ${CHARTJS} version REGEX "Chart\\.js v" LIMIT_COUNT 1)
  if(NOT version MATCHES "v3\\.")
    message(FATAL_ERROR "src/report/charts.js is written for Chart.js 3, not for '${version}'")
  endif()
  jc_asset(jc_report jc_asset_chart ${CHARTJS})
  jc_asset(jc_report jc_asset_html ${PROJECT_SOURCE_DIR}/src/report/page.html)
  jc_asset(jc_report jc_asset_css ${PROJECT_SOURCE_DIR}/src/report/page.css)
  foreach(script base charts heat sections net decode further closing)
    jc_asset(jc_report jc_asset_${script} ${PROJECT_SOURCE_DIR}/src/report/${script}.js)
  endforeach()

  if(BUILD_TESTING)
    add_executable(report_tool tests/report/report_tool.c)
    target_link_libraries(report_tool PRIVATE jc_flags jc_report jc_base m)
    add_test(NAME report/screenshot COMMAND ${PROJECT_SOURCE_DIR}/tests/report/screenshot.sh
      $<TARGET_FILE:report_tool>)
    set_tests_properties(report/screenshot PROPERTIES LABELS "unit;screen" TIMEOUT 180
      SKIP_RETURN_CODE 77)
  endif()
endfunction()
