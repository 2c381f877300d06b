# SPDX-License-Identifier: MIT
#
# Turns a text file into a C file that holds its bytes, ended by a NUL:
#   cmake -DINPUT=file -DOUTPUT=file.c -DHEADER=header.h -DNAME=symbol -P embed.cmake
# defines `const char NAME[]` and `const size_t NAME_bytes` (without the NUL), which HEADER declares.

file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
get_filename_component(file_name ${INPUT} NAME)
file(WRITE ${OUTPUT}
  "/* The bytes of ${file_name}; made by compiler/embed.cmake. */\n"
  "#include \"${HEADER}\"\n"
  "const char ${NAME}[] = {\n${bytes}0x00};\n"
  "const size_t ${NAME}_bytes = sizeof ${NAME} - 1;\n")
