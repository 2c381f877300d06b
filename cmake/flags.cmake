# SPDX-License-Identifier: MIT
#
# How all C of the project is compiled: the interface library sedge_flags, linked by everything.

add_library(sedge_flags INTERFACE)
target_include_directories(sedge_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_definitions(sedge_flags INTERFACE _GNU_SOURCE)

# The same bits on every machine: a product and a sum are fused only where the code says fma, and nothing is
# reordered. Never -ffast-math. errno after sqrt is nobody's business, so sqrt may be one instruction.
target_compile_options(sedge_flags INTERFACE -ffp-contract=off -fno-math-errno)

target_compile_options(sedge_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Wstrict-prototypes -Wmissing-prototypes)
if(SEDGE_WERROR)
  target_compile_options(sedge_flags INTERFACE -Werror)
endif()

if(SEDGE_SANITIZE)
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_compile_options(sedge_flags INTERFACE ${sanitizers} -fno-omit-frame-pointer)
  target_link_options(sedge_flags INTERFACE ${sanitizers})
endif()

if(SEDGE_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "SEDGE_FUZZ needs clang: configure with -DCMAKE_C_COMPILER=clang-19")
  endif()
  target_compile_options(sedge_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
