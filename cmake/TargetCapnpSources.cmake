# target_capnp_sources(target include_prefix file... [IMPORT_PATHS dir...] [ONLY_CAPNP])
#
# Generates C++ from Cap'n Proto schemas with mpgen, and adds it to an existing target.
#
#   include_prefix  absolute path; generated #include lines are relative to it
#   file...         schemas, relative to CMAKE_CURRENT_SOURCE_DIR
#   IMPORT_PATHS    further directories for absolute imports; the one of /mp/proxy.capnp is always there
#   ONLY_CAPNP      add only Cap'n Proto's own code, not the client and server classes
#
# The directory that corresponds to include_prefix among the build directories becomes a public include directory of
# the target. The target <target>_headers builds the generated headers, for targets that only include them.
# MPGEN_EXECUTABLE names a generator that runs here when the library is built for another machine.

function(_mp_find_generator out_command out_depends)
  if(MPGEN_EXECUTABLE)
    if(NOT EXISTS "${MPGEN_EXECUTABLE}")
      message(FATAL_ERROR "MPGEN_EXECUTABLE: \"${MPGEN_EXECUTABLE}\" does not exist.")
    endif()
    set(${out_command} "${MPGEN_EXECUTABLE}" PARENT_SCOPE)
    set(${out_depends} "${MPGEN_EXECUTABLE}" PARENT_SCOPE)
  elseif(TARGET Libmultiprocess::mpgen AND TARGET Libmultiprocess::multiprocess)
    set(${out_command} Libmultiprocess::mpgen PARENT_SCOPE)
    set(${out_depends} Libmultiprocess::mpgen PARENT_SCOPE)
  else()
    message(FATAL_ERROR "No usable mpgen. Set MPGEN_EXECUTABLE or enable the internal target.")
  endif()
endfunction()

# The directory below the build tree that corresponds to an absolute prefix in the source tree.
function(_mp_build_include_dir include_prefix out_dir)
  file(RELATIVE_PATH relative "${CMAKE_CURRENT_SOURCE_DIR}" "${include_prefix}")
  get_filename_component(dir "${relative}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
  set(${out_dir} "${dir}" PARENT_SCOPE)
endfunction()

function(target_capnp_sources target include_prefix)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "ONLY_CAPNP" "" "IMPORT_PATHS")
  if(NOT TARGET ${target})
    message(FATAL_ERROR "target_capnp_sources: \"${target}\" is not a target.")
  endif()
  _mp_find_generator(generator generator_depends)
  get_property(mp_include_dir GLOBAL PROPERTY MP_INCLUDE_DIR)
  if(NOT mp_include_dir)
    set(mp_include_dir "${MP_INCLUDE_DIR}")
  endif()

  set(headers "")
  foreach(file IN LISTS ARG_UNPARSED_ARGUMENTS)
    set(schema "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
    set(output "${CMAKE_CURRENT_BINARY_DIR}/${file}")
    set(file_headers "${output}.h" "${output}.proxy.h" "${output}.proxy-types.h")
    add_custom_command(
      OUTPUT
        "${output}.c++"
        ${file_headers}
        "${output}.proxy-client.c++"
        "${output}.proxy-server.c++"
        "${output}.proxy-types.c++"
      COMMAND ${generator} "${CMAKE_CURRENT_SOURCE_DIR}" "${include_prefix}" "${schema}" ${ARG_IMPORT_PATHS} ${mp_include_dir}
      DEPENDS "${schema}" ${generator_depends}
      WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}"
      COMMENT "Generating C++ from ${file}"
      VERBATIM)
    target_sources(${target} PRIVATE "${output}.c++")
    set_source_files_properties("${output}.c++" PROPERTIES SKIP_LINTING TRUE)
    if(NOT ARG_ONLY_CAPNP)
      target_sources(${target} PRIVATE
        "${output}.proxy-client.c++"
        "${output}.proxy-server.c++"
        "${output}.proxy-types.c++")
    endif()
    list(APPEND headers ${file_headers})
  endforeach()

  _mp_build_include_dir("${include_prefix}" build_include_dir)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${build_include_dir}>
    $<BUILD_INTERFACE:${mp_include_dir}>)
  if(TARGET Libmultiprocess::multiprocess)
    target_link_libraries(${target} PRIVATE Libmultiprocess::multiprocess)
  endif()
  if(NOT TARGET ${target}_headers)
    add_custom_target(${target}_headers DEPENDS ${headers})
  endif()
endfunction()
