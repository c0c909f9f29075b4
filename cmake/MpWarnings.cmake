# Warnings and sanitizers of this project's own targets; users' targets are left alone.

option(MP_WERROR "Treat warnings in this project's sources as errors" OFF)
set(MP_SANITIZE "" CACHE STRING "Sanitizers for this project's targets: empty, 'address,undefined' or 'thread'")

add_library(mp_warnings INTERFACE)
target_compile_options(mp_warnings INTERFACE
  -Wall -Wextra -Wpedantic
  $<$<BOOL:${MP_WERROR}>:-Werror>
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wthread-safety>)

# On the library targets it is public, so that what links them is instrumented too.
add_library(mp_sanitize INTERFACE)
if(MP_SANITIZE)
  target_compile_options(mp_sanitize INTERFACE -fsanitize=${MP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # Instrumented code makes GCC see uninitialized variables in KJ's headers where there are none.
  target_compile_options(mp_sanitize INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
  target_link_options(mp_sanitize INTERFACE -fsanitize=${MP_SANITIZE})
endif()
