# jc_fuzz(NAME ROOMS room... FILES file... LIBS target...): tests/fuzz/fuzz_NAME.c over the rooms
# and the further files that it names.
# With JC_FUZZ=ON (clang, see `make fuzz`) a libFuzzer program fuzz_NAME, and nothing else of
# the project is built; otherwise a test that replays tests/fuzz/corpus/NAME.
option(JC_FUZZ "build the libFuzzer programs of tests/fuzz, by clang, and nothing else" OFF)

function(jc_fuzz name)
  cmake_parse_arguments(FUZZ "" "" "ROOMS;FILES;LIBS" ${ARGN})
  set(source tests/fuzz/fuzz_${name}.c)
  if(JC_FUZZ)
    set(flags -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
    list(TRANSFORM FUZZ_ROOMS REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/src/\\1/*.c")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${FUZZ_ROOMS})
    add_executable(fuzz_${name} ${source} ${sources} ${FUZZ_FILES})
    target_include_directories(fuzz_${name} PRIVATE include src tests)
    target_compile_options(fuzz_${name} PRIVATE ${flags})
    target_link_options(fuzz_${name} PRIVATE ${flags})
    target_link_libraries(fuzz_${name} PRIVATE jc_flags ${FUZZ_LIBS} m)
  elseif(BUILD_TESTING)
    list(TRANSFORM FUZZ_ROOMS PREPEND jc_)
    add_executable(replay_${name} ${source} tests/fuzz/replay.c ${FUZZ_FILES})
    target_include_directories(replay_${name} PRIVATE tests)
    target_link_libraries(replay_${name} PRIVATE jc_flags ${FUZZ_ROOMS})
    add_test(NAME fuzz/${name}
      COMMAND replay_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT 60)
  endif()
endfunction()

set(store_libs PkgConfig::JANSSON PkgConfig::XXHASH)
jc_fuzz(safetensors ROOMS store tensor base LIBS ${store_libs})
jc_fuzz(packs ROOMS store tensor base LIBS ${store_libs})
jc_fuzz(torch ROOMS store tensor base LIBS ${store_libs})
# what reads configurations, without the kernels that the rest of the room wants
file(GLOB hparams CONFIGURE_DEPENDS src/model/arch/*.c)
list(APPEND hparams src/model/archs.c src/model/hparams.c src/model/keys.c
  src/model/rotary.c src/model/unknown.c)
jc_fuzz(gguf ROOMS store tensor base FILES ${hparams} LIBS ${store_libs})
jc_fuzz(config ROOMS store tensor base FILES ${hparams} LIBS ${store_libs})
# what reads sums, likewise
jc_fuzz(sums ROOMS store tensor base FILES src/model/taps.c src/shortcut/place.c src/stats/exact.c
  src/stats/exact_file.c src/stats/moments.c src/stats/moments_file.c src/stats/moments_parts.c
  src/stats/near.c src/stats/near_file.c src/stats/share.c LIBS ${store_libs})

# what reads shortcuts, and checks results
file(GLOB forms CONFIGURE_DEPENDS src/shortcut/form_*.c)
jc_fuzz(shortcuts ROOMS store tensor base FILES ${forms} src/model/taps.c src/shortcut/forms.c
  src/shortcut/map.c src/shortcut/place.c src/shortcut/run.c src/shortcut/shortcut.c
  src/shortcut/shortcut_file.c src/shortcut/shortcut_save.c LIBS ${store_libs})
jc_fuzz(results ROOMS store tensor base FILES src/report/check.c src/report/check_sections.c
  src/report/members.c LIBS ${store_libs})

set(text_libs PkgConfig::JANSSON PkgConfig::PCRE2 PkgConfig::UTF8PROC PkgConfig::ZLIB
  PkgConfig::ZSTD)
jc_fuzz(tokenizer ROOMS text store tensor base LIBS ${text_libs} PkgConfig::XXHASH)
jc_fuzz(pieces ROOMS text store tensor base LIBS ${text_libs} PkgConfig::XXHASH)
jc_fuzz(ranks ROOMS text store tensor base LIBS ${text_libs} PkgConfig::XXHASH)
jc_fuzz(samples ROOMS text store tensor base LIBS ${text_libs} PkgConfig::XXHASH)
