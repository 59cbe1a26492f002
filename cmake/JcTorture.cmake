# `make torture`: the program on small inputs while one allocation of its process fails; a sample of
# it is a test. The sanitizers bring allocators of their own, and LLVM's OpenMP crashes as the process ends
# without memory, after our message, so those builds have neither.
if(BUILD_TESTING AND NOT JC_SANITIZE AND NOT JC_TSAN AND CMAKE_C_COMPILER_ID STREQUAL "GNU"
    AND TARGET jumpcut)
  add_library(scarce MODULE tests/torture/scarce.c)
  target_link_libraries(scarce PRIVATE ${CMAKE_DL_LIBS})
  set_target_properties(scarce PROPERTIES PREFIX "" C_VISIBILITY_PRESET default)
  add_test(NAME torture/program COMMAND ${PROJECT_SOURCE_DIR}/tests/torture/torture.sh
    $<TARGET_FILE:jumpcut> $<TARGET_FILE:scarce> 900)
  set_tests_properties(torture/program PROPERTIES LABELS system TIMEOUT 1200)
endif()
