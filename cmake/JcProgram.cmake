# the program `jumpcut`, linked with the rooms themselves (so that it needs no installed
# library), its man page, and its cases: tests/cli/cases/*.case, run by tests/cli/run.sh.
file(GLOB sources CONFIGURE_DEPENDS src/cli/*.c)
get_property(rooms GLOBAL PROPERTY JC_ROOMS)
list(TRANSFORM rooms PREPEND jc_)
file(RELATIVE_PATH data ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_DATADIR}/jumpcut)
add_executable(jumpcut ${sources})
target_include_directories(jumpcut PRIVATE include src)
# where the demo model is, seen from the installed program; beside a built one lies a link
target_compile_definitions(jumpcut PRIVATE JC_DATA_RELATIVE="${data}")
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/data ${PROJECT_BINARY_DIR}/data SYMBOLIC)
target_link_libraries(jumpcut PRIVATE jc_flags ${rooms} PkgConfig::JANSSON m)
install(TARGETS jumpcut)

# man pages and completion, made from the rows of the program and the public headers
find_program(SCDOC scdoc REQUIRED)
file(GLOB headers CONFIGURE_DEPENDS include/jumpcut/*.h)
add_custom_command(OUTPUT jumpcut.1
  COMMAND ${PROJECT_SOURCE_DIR}/tools/man.sh ${PROJECT_BINARY_DIR}/man
    ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:jumpcut>
  COMMAND ${CMAKE_COMMAND} -E copy man/man1/jumpcut.1 jumpcut.1
  DEPENDS jumpcut tools/man.sh tools/man3.awk ${headers} VERBATIM)
add_custom_target(man ALL DEPENDS jumpcut.1)
install(DIRECTORY ${PROJECT_BINARY_DIR}/man/man1 ${PROJECT_BINARY_DIR}/man/man3 TYPE MAN)
set(completion ${PROJECT_BINARY_DIR}/man/completion)
install(FILES ${completion}/jumpcut DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${completion}/_jumpcut DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${completion}/jumpcut.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

if(BUILD_TESTING)
  set(program $<TARGET_FILE:jumpcut>)
  set(patience 240)
  if(CMAKE_CROSSCOMPILING_EMULATOR) # scripts run the program by a script of its name
    set(patience 600)
    list(JOIN CMAKE_CROSSCOMPILING_EMULATOR " " emulator)
    set(program ${PROJECT_BINARY_DIR}/emulated/jumpcut)
    file(CONFIGURE OUTPUT ${program} CONTENT "#!/bin/sh\nexec ${emulator} ${PROJECT_BINARY_DIR}/jumpcut \"$@\"\n")
    file(CHMOD ${program} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
  endif()
  file(GLOB cases CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/cli/cases/*.case)
  foreach(case ${cases})
    get_filename_component(name ${case} NAME_WE)
    add_test(NAME cli/${name}
      COMMAND ${PROJECT_SOURCE_DIR}/tests/cli/run.sh ${program} ${case})
    set_tests_properties(cli/${name} PROPERTIES LABELS cli TIMEOUT ${patience} SKIP_RETURN_CODE 77)
  endforeach()
  set_tests_properties(cli/fit-tuned-beside cli/eval-context-maps cli/text-means-one-thing cli/out-dash
    PROPERTIES TIMEOUT 900) # train for a while, or run many commands
  set_tests_properties(cli/study-goes-on PROPERTIES TIMEOUT 900) # a study many times
  # signals, on a model of random weights that is wide enough to be slow
  add_executable(wide_tool tests/cli/wide_tool.c bench/common.c)
  target_include_directories(wide_tool PRIVATE include src bench)
  target_link_libraries(wide_tool PRIVATE jc_flags ${rooms} PkgConfig::JANSSON m)
  add_test(NAME cli-stop COMMAND ${PROJECT_SOURCE_DIR}/tests/cli/stop.sh
    $<TARGET_FILE:jumpcut> $<TARGET_FILE:wide_tool>)
  add_test(NAME cli-stages COMMAND ${PROJECT_SOURCE_DIR}/tests/cli/stages.sh
    $<TARGET_FILE:jumpcut> $<TARGET_FILE:wide_tool>)
  set_tests_properties(cli-stages PROPERTIES LABELS system TIMEOUT 1800 SKIP_RETURN_CODE 77)
  add_executable(peak_tool tests/cli/peak_tool.c)
  target_link_libraries(peak_tool PRIVATE jc_flags)
  add_test(NAME cli-peak COMMAND ${PROJECT_SOURCE_DIR}/tests/cli/peak.sh
    $<TARGET_FILE:jumpcut> $<TARGET_FILE:wide_tool> $<TARGET_FILE:peak_tool>)
  add_test(NAME cli-progress COMMAND ${PROJECT_SOURCE_DIR}/tests/cli/progress.sh
    $<TARGET_FILE:jumpcut>)
  add_test(NAME cli-killed COMMAND ${PROJECT_SOURCE_DIR}/tests/cli/killed.sh
    $<TARGET_FILE:jumpcut> 3)
  set_tests_properties(cli-stop cli-progress cli-killed cli-peak PROPERTIES LABELS system TIMEOUT 600)
  set_tests_properties(cli-peak PROPERTIES TIMEOUT 1800) # three studies
  # every command of these documents, and every example of --help, as it is written
  foreach(name docs/tutorial README)
    string(TOLOWER ${name} test)
    string(REPLACE docs/ "" test ${test})
    add_test(NAME docs/${test} COMMAND ${PROJECT_SOURCE_DIR}/tests/docs/commands.sh
      $<TARGET_FILE:jumpcut> ${PROJECT_SOURCE_DIR}/${name}.md)
  endforeach()
  add_test(NAME docs/examples COMMAND ${PROJECT_SOURCE_DIR}/tests/docs/examples.sh
    $<TARGET_FILE:jumpcut>)
  set_tests_properties(docs/tutorial docs/readme docs/examples PROPERTIES LABELS cli TIMEOUT 900)
endif()
