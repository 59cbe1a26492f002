# jc_room(NAME USES room... LIBS target...): one room of src/ as an object library, and
# one test program for each tests/NAME/test_*.c, linked with that room and the rooms
# below it only, so that a call upwards fails to link.
set(JC_PATIENCE 900) # seconds for a test program, on a busy machine
if(CMAKE_CROSSCOMPILING_EMULATOR)
  set(JC_PATIENCE 3000)
endif()
function(jc_room name)
  cmake_parse_arguments(ROOM "" "" "USES;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.c)
  if(NOT JC_CUDA)
    list(FILTER sources EXCLUDE REGEX /kernels/cuda/)
  endif()
  if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64) # instruction sets that others do not have
    list(FILTER sources EXCLUDE REGEX "/kernels/.*_v[34]\\.c$")
  endif()
  add_library(jc_${name} OBJECT ${sources})
  target_include_directories(jc_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(jc_${name} PRIVATE jc_flags PUBLIC ${ROOM_LIBS})
  set_property(GLOBAL APPEND PROPERTY JC_ROOMS ${name})

  set(below ${ROOM_USES})
  foreach(room ${ROOM_USES})
    list(APPEND below ${JC_BELOW_${room}})
  endforeach()
  list(REMOVE_DUPLICATES below)
  set(JC_BELOW_${name} ${below} PARENT_SCOPE)

  if(BUILD_TESTING)
    file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/test_*.c)
    foreach(source ${tests})
      get_filename_component(test ${source} NAME_WE)
      add_executable(${test} ${source})
      target_link_libraries(${test} PRIVATE jc_flags jc_check jc_${name})
      foreach(room ${below})
        target_link_libraries(${test} PRIVATE jc_${room})
      endforeach()
      add_test(NAME ${name}/${test} COMMAND ${test})
      set_tests_properties(${name}/${test} PROPERTIES LABELS unit TIMEOUT ${JC_PATIENCE}
        SKIP_RETURN_CODE 77)
      if(name STREQUAL kernels OR kernels IN_LIST below)
        # once more, on a backend whose memory only its own operations may touch
        target_sources(${test} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/guard.c)
        add_test(NAME ${name}/${test}-guarded COMMAND ${test})
        set_tests_properties(${name}/${test}-guarded PROPERTIES LABELS guard TIMEOUT ${JC_PATIENCE}
          SKIP_RETURN_CODE 77 ENVIRONMENT "JC_TEST_GUARD=1;OMP_WAIT_POLICY=passive")
        if(JC_CUDA) # and on a GPU
          target_sources(${test} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/gpu.c)
          add_test(NAME ${name}/${test}-cuda COMMAND ${test})
          set_tests_properties(${name}/${test}-cuda PROPERTIES LABELS cuda TIMEOUT ${JC_PATIENCE}
            SKIP_RETURN_CODE 77 ENVIRONMENT JC_TEST_CUDA=1)
        endif()
        if(test MATCHES "^test_(attention|backends|mixtures|sequence|taps)$") # and with memory alone
          add_test(NAME ${name}/${test}-bare COMMAND ${test})
          set_tests_properties(${name}/${test}-bare PROPERTIES LABELS guard TIMEOUT ${JC_PATIENCE}
            SKIP_RETURN_CODE 77 ENVIRONMENT "JC_TEST_GUARD=bare;OMP_WAIT_POLICY=passive")
        endif()
      endif()
    endforeach()
  endif()
endfunction()
