# What is installed besides the targets: headers, schemas, and what find_package, pkg-config and make need.
#
# Components: lib (the runtime), bin (mpgen), process (the process layer alone), and common to the first two.

include(CMakePackageConfigHelpers)

set(mp_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Libmultiprocess)
set(mp_templates ${PROJECT_SOURCE_DIR}/cmake/install)
set(mp_configured ${PROJECT_BINARY_DIR}/install)

# pkg-config's files name directories relative to themselves, so that the installed tree can be moved. One that is not
# below the prefix is named as it is.
file(RELATIVE_PATH mp_pc_prefix "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" mp_pc_prefix "${mp_pc_prefix}")
set(mp_pc_prefix "\${pcfiledir}/${mp_pc_prefix}")
foreach(dir LIBDIR INCLUDEDIR)
  string(TOLOWER mp_pc_${dir} variable)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    set(${variable} "${CMAKE_INSTALL_${dir}}")
  else()
    set(${variable} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(mp_pc_prefix "${CMAKE_INSTALL_PREFIX}")
endif()

function(mp_install_pkgconfig name component)
  configure_file(${mp_templates}/${name}.pc.in ${mp_configured}/${name}.pc @ONLY)
  install(FILES ${mp_configured}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT ${component})
endfunction()

# Targets install-bin and install-lib: build and install this much alone.
function(mp_add_install_target component target)
  if(TARGET install-${component})
    return()
  endif()
  add_custom_target(install-${component}
    COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --config $<CONFIG> --component ${component}
    COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --config $<CONFIG> --component common
    COMMENT "Installing component ${component}"
    USES_TERMINAL
    VERBATIM)
  add_dependencies(install-${component} ${target})
endfunction()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/mp/c DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/mp COMPONENT process
  FILES_MATCHING PATTERN "*.h")
install(EXPORT ProcessTargets NAMESPACE Libmultiprocess:: DESTINATION ${mp_package_dir} COMPONENT process)
mp_install_pkgconfig(mp-process process)

configure_package_config_file(${mp_templates}/LibmultiprocessConfig.cmake.in
  ${mp_configured}/LibmultiprocessConfig.cmake
  INSTALL_DESTINATION ${mp_package_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR
  NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Of the machine that it runs on, whatever it is built for: mpgen may be wanted here, and the library elsewhere.
write_basic_package_version_file(${mp_configured}/LibmultiprocessConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
set(mp_package_files
  ${mp_configured}/LibmultiprocessConfig.cmake
  ${mp_configured}/LibmultiprocessConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/TargetCapnpSources.cmake)

if(MP_PROCESS_ONLY)
  install(FILES ${mp_package_files} DESTINATION ${mp_package_dir} COMPONENT process)
  return()
endif()
install(FILES ${mp_package_files} DESTINATION ${mp_package_dir} COMPONENT common)

install(EXPORT LibTargets NAMESPACE Libmultiprocess:: DESTINATION ${mp_package_dir} COMPONENT lib)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/mp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT lib
  FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_BINARY_DIR}/include/mp/proxy.capnp.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/mp COMPONENT lib)
# Where the linker finds Cap'n Proto, if it doesn't look there by itself.
set(mp_pc_capnp_libs "")
get_target_property(mp_capnp_location CapnProto::capnp LOCATION)
if(mp_capnp_location)
  get_filename_component(mp_capnp_lib_dir "${mp_capnp_location}" DIRECTORY)
  if(NOT mp_capnp_lib_dir IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
    set(mp_pc_capnp_libs " -L${mp_capnp_lib_dir}")
  endif()
endif()
mp_install_pkgconfig(libmultiprocess lib)
mp_add_install_target(lib multiprocess)

install(EXPORT BinTargets NAMESPACE Libmultiprocess:: DESTINATION ${mp_package_dir} COMPONENT bin)
install(FILES ${PROJECT_SOURCE_DIR}/schema/mp/proxy.capnp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/mp COMPONENT bin)
install(FILES ${mp_templates}/mpgen.mk DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT bin)
mp_add_install_target(bin mpgen)
