# SPDX-License-Identifier: MIT
#
# Turns text files, one after the other, into a C file that holds their bytes, ended by a NUL:
#   cmake -DINPUT=file,file... -DOUTPUT=file.c -DHEADER=header.h -DNAME=symbol -P embed.cmake
# defines `const char NAME[]` and `const size_t NAME_bytes` (without the NUL), which HEADER declares.

string(REPLACE "," ";" inputs "${INPUT}")
set(hex "")
set(names "")
foreach(input ${inputs})
  file(READ ${input} more HEX)
  string(APPEND hex "${more}")
  get_filename_component(name ${input} NAME)
  string(APPEND names " ${name}")
endforeach()
# As characters: a byte above 127 as a number would be too large for a char that has a sign.
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
string(REPLACE "'\\x0a'," "'\\x0a',\n" bytes "${bytes}")
file(WRITE ${OUTPUT}
  "/* The bytes of${names}; made by compiler/embed.cmake. */\n"
  "#include \"${HEADER}\"\n"
  "const char ${NAME}[] = {\n${bytes}0x00};\n"
  "const size_t ${NAME}_bytes = sizeof ${NAME} - 1;\n")
