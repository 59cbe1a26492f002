# Puts the page of src/report/ and Debian's Chart.js (libjs-chart.js) into room report as
# arrays of bytes. Run as a script (cmake -P) it writes one such array: IN, OUT, NAME.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${IN} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  get_filename_component(file ${IN} NAME)
  file(WRITE ${OUT} "/* ${file}, as bytes */\n#include \"report/assets.h\"\n\n"
    "static const unsigned char bytes[] = {\n${bytes}};\n"
    "const jc_asset ${NAME} = {bytes, sizeof bytes};\n")
  return()
endif()

set(JC_EMBED ${CMAKE_CURRENT_LIST_FILE})

function(jc_report_asset name file)
  set(made ${CMAKE_CURRENT_BINARY_DIR}/report/${name}.c)
  add_custom_command(OUTPUT ${made} DEPENDS ${file} ${JC_EMBED} VERBATIM
    COMMAND ${CMAKE_COMMAND} -DIN=${file} -DOUT=${made} -DNAME=${name} -P ${JC_EMBED})
  target_sources(jc_report PRIVATE ${made})
endfunction()

function(jc_report_page)
  find_file(CHARTJS chart.min.js PATHS /usr/share/javascript/chart.js NO_CACHE REQUIRED)
  file(STRINGS ${CHARTJS} version REGEX "Chart\\.js v" LIMIT_COUNT 1)
  if(NOT version MATCHES "v3\\.")
    message(FATAL_ERROR "src/report/page.js is written for Chart.js 3, not for '${version}'")
  endif()
  jc_report_asset(jc_asset_chart ${CHARTJS})
  jc_report_asset(jc_asset_html ${PROJECT_SOURCE_DIR}/src/report/page.html)
  jc_report_asset(jc_asset_css ${PROJECT_SOURCE_DIR}/src/report/page.css)
  jc_report_asset(jc_asset_js ${PROJECT_SOURCE_DIR}/src/report/page.js)

  if(BUILD_TESTING)
    add_executable(report_tool tests/report/report_tool.c)
    target_link_libraries(report_tool PRIVATE jc_flags jc_report jc_base m)
    add_test(NAME report/screenshot COMMAND ${PROJECT_SOURCE_DIR}/tests/report/screenshot.sh
      $<TARGET_FILE:report_tool>)
    set_tests_properties(report/screenshot PROPERTIES LABELS unit TIMEOUT 180
      SKIP_RETURN_CODE 77)
  endif()
endfunction()
