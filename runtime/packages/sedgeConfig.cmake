# SPDX-License-Identifier: MIT
#
# find_package(sedge) gives
#   sedge::sedge            the command
#   sedge::runtime          the runtime of compiled networks as a shared library, and its header
#   sedge::runtime_static   the same as an archive that has all that it needs
#   sedge_add_network(NAME FILE [OPTION...])
#       a library NAME to link: the network of the .sedge FILE, compiled by `sedge build --emit obj OPTION...`, and
#       sedge::runtime. A program has one network; several are several shared libraries of `sedge build --emit lib`.

include("${CMAKE_CURRENT_LIST_DIR}/sedgeTargets.cmake")

if(NOT TARGET sedge::runtime_static)
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  include(CMakeFindDependencyMacro)
  find_dependency(Threads)
  get_target_property(sedge_include sedge::runtime INTERFACE_INCLUDE_DIRECTORIES)
  get_target_property(sedge_archive sedge::sedge LOCATION)
  get_filename_component(sedge_archive "${sedge_archive}/../../lib/sedge/libsedge_trainer.a" ABSOLUTE)
  add_library(sedge::runtime_static STATIC IMPORTED)
  set_target_properties(sedge::runtime_static PROPERTIES
    IMPORTED_LOCATION "${sedge_archive}"
    INTERFACE_INCLUDE_DIRECTORIES "${sedge_include}"
    INTERFACE_LINK_LIBRARIES "Threads::Threads;m")
endif()

function(sedge_add_network name file)
  get_filename_component(source "${file}" ABSOLUTE)
  set(object "${CMAKE_CURRENT_BINARY_DIR}/${name}.sedge.o")
  add_custom_command(
    OUTPUT "${object}"
    COMMAND sedge::sedge build "${source}" --emit obj -o "${object}" -q ${ARGN}
    DEPENDS "${source}" sedge::sedge
    COMMENT "Compiling network ${name}"
    VERBATIM)
  set_source_files_properties("${object}" PROPERTIES GENERATED TRUE EXTERNAL_OBJECT TRUE)
  add_library(${name} INTERFACE)
  target_sources(${name} INTERFACE "${object}")
  target_link_libraries(${name} INTERFACE sedge::runtime)
endfunction()
