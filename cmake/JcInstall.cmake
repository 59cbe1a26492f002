# libjumpcut, shared and static, of the rooms made so far; and what `make install` puts
# where: libraries, headers, jumpcut.pc, the demo model. The program installs itself.
get_property(rooms GLOBAL PROPERTY JC_ROOMS)
list(TRANSFORM rooms PREPEND jc_)
add_library(jumpcut_shared SHARED)
add_library(jumpcut_static STATIC)
foreach(library jumpcut_shared jumpcut_static)
  target_link_libraries(${library} PRIVATE ${rooms})
  target_include_directories(${library}
    INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  set_target_properties(${library} PROPERTIES OUTPUT_NAME jumpcut)
endforeach()
set_target_properties(jumpcut_shared PROPERTIES VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR})

install(TARGETS jumpcut_shared jumpcut_static)
install(DIRECTORY include/ TYPE INCLUDE)
install(DIRECTORY data/demo DESTINATION ${CMAKE_INSTALL_DATADIR}/jumpcut)

# relative to the file itself, so that DESTDIR and --prefix need no second file
set(JC_PC_DIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH JC_PC_PREFIX ${JC_PC_DIR} ${CMAKE_INSTALL_PREFIX})
file(RELATIVE_PATH JC_PC_LIBDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH JC_PC_INCLUDEDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/jumpcut.pc.in jumpcut.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/jumpcut.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(BUILD_TESTING)
  file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/api/test_*.c)
  foreach(source ${tests}) # as a user of the library has it
    get_filename_component(test ${source} NAME_WE)
    add_executable(${test} ${source})
    target_link_libraries(${test} PRIVATE jc_flags jc_check jumpcut_shared PkgConfig::JANSSON m)
    add_test(NAME api/${test} COMMAND ${test})
    set_tests_properties(api/${test} PROPERTIES LABELS system TIMEOUT 60)
  endforeach()
  add_executable(torture tests/api/torture.c) # lets allocations fail, which is not exported
  target_include_directories(torture PRIVATE src)
  target_link_libraries(torture PRIVATE jc_flags jc_check jumpcut_static m)
  add_test(NAME api/torture COMMAND torture)
  set_tests_properties(api/torture PROPERTIES LABELS system TIMEOUT 120)
  add_test(NAME api/test_install COMMAND ${PROJECT_SOURCE_DIR}/tests/api/test_install.sh
    ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR} ${CMAKE_C_COMPILER}
    $<$<BOOL:${JC_SANITIZE}>:-fsanitize=address,undefined> COMMAND_EXPAND_LISTS)
  set_tests_properties(api/test_install PROPERTIES LABELS system TIMEOUT 120)
endif()
