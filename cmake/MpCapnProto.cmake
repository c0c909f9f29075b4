# Finds Cap'n Proto, and refuses versions that are known not to work.

# Debian's package looks for libatomic in a way that fails; nothing here needs it.
set(FOUND_LIBATOMIC TRUE)
# Nor can it be found twice, so what a parent project has found is used.
if(NOT TARGET CapnProto::capnp-rpc)
  find_package(CapnProto 0.9 QUIET NO_MODULE)
endif()
if(NOT TARGET CapnProto::capnp-rpc)
  message(FATAL_ERROR
    "Cap'n Proto is required but was not found.\n"
    "On Debian and Ubuntu: apt-get install capnproto libcapnp-dev\n"
    "Elsewhere set CMAKE_PREFIX_PATH to where it is installed.")
endif()

set(mp_capnp_issue "")
if(CapnProto_VERSION VERSION_EQUAL 0.9.0 OR CapnProto_VERSION VERSION_EQUAL 0.9.1
    OR (CapnProto_VERSION VERSION_GREATER_EQUAL 0.10.0 AND CapnProto_VERSION VERSION_LESS_EQUAL 0.10.2))
  set(mp_capnp_issue "CVE-2022-46149: a hostile message can make it read out of bounds")
elseif(CapnProto_VERSION AND CapnProto_VERSION VERSION_LESS 1.0 AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang"
    AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 16)
  set(mp_capnp_issue "its headers don't compile as C++20 with Clang 16 and later")
endif()
if(mp_capnp_issue)
  message(FATAL_ERROR
    "Cap'n Proto ${CapnProto_VERSION} has known compatibility issues: ${mp_capnp_issue}. Please use another version.")
endif()
