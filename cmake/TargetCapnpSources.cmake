# target_capnp_sources(target include_prefix file... [IMPORT_PATHS dir...] [ONLY_CAPNP])
#
# Generates C++ from Cap'n Proto schemas with mpgen, and adds it to an existing target. May be called several times for
# one target, also from other directories than the target's.
#
#   include_prefix  absolute path; generated #include lines are relative to it
#   file...         schemas, relative to CMAKE_CURRENT_SOURCE_DIR
#   IMPORT_PATHS    further directories for absolute imports; the one of /mp/proxy.capnp is always there
#   ONLY_CAPNP      add only Cap'n Proto's own code, not the client and server classes
#
# The directory that corresponds to include_prefix among the build directories becomes a public include directory of
# the target. The target <target>_headers builds the generated headers, for targets that only include them.
# MPGEN_EXECUTABLE names a generator that runs here when the library is built for another machine.

# A project may have set it as a variable of its own.
if(NOT DEFINED MPGEN_EXECUTABLE)
  set(MPGEN_EXECUTABLE "" CACHE FILEPATH "mpgen to use instead of the one that belongs to the library")
endif()

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

# Makes <target>_headers build these files, too. Only targets of this directory can depend on them directly.
function(_mp_add_headers target files)
  set(name ${target}_headers)
  if(NOT TARGET ${name})
    add_custom_target(${name} DEPENDS ${files})
  else()
    get_property(count TARGET ${name} PROPERTY MP_CALLS)
    math(EXPR count "${count} + 1")
    set_property(TARGET ${name} PROPERTY MP_CALLS ${count})
    add_custom_target(${name}_${count} DEPENDS ${files})
    add_dependencies(${name} ${name}_${count})
  endif()
endfunction()

function(target_capnp_sources target include_prefix)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "ONLY_CAPNP" "" "IMPORT_PATHS")
  if(NOT TARGET ${target})
    message(FATAL_ERROR "target_capnp_sources: \"${target}\" is not a target.")
  endif()
  _mp_find_generator(generator generator_depends)
  # A schema may import the others.
  set(schemas "${ARG_UNPARSED_ARGUMENTS}")
  list(TRANSFORM schemas PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  # Where there is none, mpgen knows.
  get_property(mp_include_dir GLOBAL PROPERTY MP_INCLUDE_DIR)
  set(mp_schema "")
  if(mp_include_dir)
    set(mp_schema "${mp_include_dir}/mp/proxy.capnp")
  endif()
  set(generated "")
  foreach(file IN LISTS ARG_UNPARSED_ARGUMENTS)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/${file}")
    set(outputs
      "${output}.c++"
      "${output}.h"
      "${output}.proxy-client.c++"
      "${output}.proxy-server.c++"
      "${output}.proxy-types.c++"
      "${output}.proxy-types.h"
      "${output}.proxy.h")
    # mpgen leaves files alone that stay as they are. Ninja notices, but make would run it again and again.
    set(touch "")
    if(NOT CMAKE_GENERATOR MATCHES "Ninja")
      set(touch COMMAND ${CMAKE_COMMAND} -E touch ${outputs})
    endif()
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND ${generator} "${CMAKE_CURRENT_SOURCE_DIR}" "${include_prefix}" "${CMAKE_CURRENT_SOURCE_DIR}/${file}"
        ${ARG_IMPORT_PATHS} ${mp_include_dir}
      ${touch}
      DEPENDS ${schemas} ${mp_schema} ${generator_depends}
      WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}"
      COMMENT "Generating C++ from ${file}"
      VERBATIM)
    set(sources "${output}.c++")
    if(NOT ARG_ONLY_CAPNP)
      list(APPEND sources "${output}.proxy-client.c++" "${output}.proxy-server.c++" "${output}.proxy-types.c++")
    endif()
    target_sources(${target} PRIVATE ${sources})
    # Also in the directory of the target, if this is another one.
    set_source_files_properties(${sources} TARGET_DIRECTORY ${target} PROPERTIES GENERATED TRUE)
    set_source_files_properties("${output}.c++" TARGET_DIRECTORY ${target} PROPERTIES SKIP_LINTING TRUE)
    list(APPEND generated ${outputs})
  endforeach()
  # Through one target, so that nothing is generated twice at the same time.
  _mp_add_headers(${target} "${generated}")
  add_dependencies(${target} ${target}_headers)

  _mp_build_include_dir("${include_prefix}" build_include_dir)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${build_include_dir}>)
  set(imported FALSE)
  if(TARGET Libmultiprocess::multiprocess)
    target_link_libraries(${target} PRIVATE Libmultiprocess::multiprocess)
    get_target_property(imported Libmultiprocess::multiprocess IMPORTED)
  endif()
  if(imported)
    # MP_INCLUDE_DIR came with mpgen. If that is another machine's, so may be the headers there.
    target_include_directories(${target} SYSTEM PUBLIC
      $<BUILD_INTERFACE:$<TARGET_PROPERTY:Libmultiprocess::multiprocess,INTERFACE_INCLUDE_DIRECTORIES>>)
  else()
    target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${mp_include_dir}>)
  endif()
endfunction()
