# The page of src/lens/, and its test in a browser.
foreach(part page.html page.css base.js sheet.js paper.js page.js)
  string(REPLACE "." "_" name ${part})
  jc_asset(jc_lens jc_lens_${name} ${PROJECT_SOURCE_DIR}/src/lens/${part})
endforeach()

if(BUILD_TESTING)
  add_executable(lens_tool tests/lens/lens_tool.c)
  target_link_libraries(lens_tool PRIVATE jc_flags jc_lens)
  foreach(room ${JC_BELOW_lens})
    target_link_libraries(lens_tool PRIVATE jc_${room})
  endforeach()
  add_test(NAME lens/screenshot COMMAND ${PROJECT_SOURCE_DIR}/tests/lens/screenshot.sh
    $<TARGET_FILE:lens_tool>)
  set_tests_properties(lens/screenshot PROPERTIES LABELS "unit;screen" TIMEOUT 180
    SKIP_RETURN_CODE 77)
endif()
