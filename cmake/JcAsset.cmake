# jc_asset(TARGET NAME FILE): put a file into a room as an array of bytes, `const jc_asset
# NAME` of base/page.h. Run as a script (cmake -P) it writes one such array: IN, OUT, NAME.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${IN} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  get_filename_component(file ${IN} NAME)
  file(WRITE ${OUT} "/* ${file}, as bytes */\n#include \"base/page.h\"\n\n"
    "extern const jc_asset ${NAME};\n"
    "static const unsigned char bytes[] = {\n${bytes}};\n"
    "const jc_asset ${NAME} = {bytes, sizeof bytes};\n")
  return()
endif()

set(JC_EMBED ${CMAKE_CURRENT_LIST_FILE})

function(jc_asset target name file)
  set(made ${CMAKE_CURRENT_BINARY_DIR}/assets/${name}.c)
  add_custom_command(OUTPUT ${made} DEPENDS ${file} ${JC_EMBED} VERBATIM
    COMMAND ${CMAKE_COMMAND} -DIN=${file} -DOUT=${made} -DNAME=${name} -P ${JC_EMBED})
  target_sources(${target} PRIVATE ${made})
endfunction()
