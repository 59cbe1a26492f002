# libjumpcut, of the rooms made so far; and what `make install` puts where: library, headers,
# jumpcut.pc and the CMake package, documents, examples, the demo model. The program installs
# itself. There is no static library: it would need the very build of OpenBLAS that ours is
# made with, which a program that is linked with it cannot be held to.
get_property(rooms GLOBAL PROPERTY JC_ROOMS)
list(TRANSFORM rooms PREPEND jc_)
add_library(jumpcut_shared SHARED)
target_link_libraries(jumpcut_shared PRIVATE ${rooms})
target_include_directories(jumpcut_shared INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set(symbols ${PROJECT_SOURCE_DIR}/cmake/libjumpcut.map)
target_link_options(jumpcut_shared PRIVATE -Wl,--version-script=${symbols})
set_target_properties(jumpcut_shared PROPERTIES OUTPUT_NAME jumpcut EXPORT_NAME jumpcut
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${symbols})

include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/jumpcut)
install(TARGETS jumpcut_shared EXPORT jumpcutTargets)
install(EXPORT jumpcutTargets NAMESPACE jumpcut:: DESTINATION ${package})
write_basic_package_version_file(jumpcutConfigVersion.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/jumpcutConfig.cmake.in jumpcutConfig.cmake COPYONLY)
install(FILES ${PROJECT_BINARY_DIR}/jumpcutConfig.cmake
  ${PROJECT_BINARY_DIR}/jumpcutConfigVersion.cmake DESTINATION ${package})

install(DIRECTORY include/ TYPE INCLUDE)
install(DIRECTORY data/demo DESTINATION ${CMAKE_INSTALL_DATADIR}/jumpcut)
install(FILES README.md CHANGELOG.md LICENSE TYPE DOC)
install(DIRECTORY docs/ TYPE DOC)
install(DIRECTORY examples TYPE DOC)

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
  target_link_libraries(torture PRIVATE jc_flags jc_check ${rooms} m)
  add_test(NAME api/torture COMMAND torture)
  set_tests_properties(api/torture PROPERTIES LABELS system TIMEOUT 300)
  add_test(NAME api/test_install COMMAND ${PROJECT_SOURCE_DIR}/tests/api/test_install.sh
    ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR} ${CMAKE_C_COMPILER}
    $<$<BOOL:${JC_SANITIZE}>:-fsanitize=address,undefined> COMMAND_EXPAND_LISTS)
  set_tests_properties(api/test_install PROPERTIES LABELS system TIMEOUT 120)
endif()
