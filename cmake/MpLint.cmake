# Tools that look at each source of this project as it is compiled.

option(MP_ENABLE_CLANG_TIDY "Run clang-tidy along with the compiler" OFF)
option(MP_ENABLE_IWYU "Run include-what-you-use along with the compiler" OFF)

function(mp_lint_with property program names)
  find_program(${program} NAMES ${names} DOC "Used when linting is enabled")
  if(NOT ${program})
    list(JOIN names ", " names)
    message(FATAL_ERROR "Linting is enabled, but there is none of ${names}. Set ${program} or disable it.")
  endif()
  foreach(language C CXX)
    set(CMAKE_${language}_${property} "${${program}}" PARENT_SCOPE)
  endforeach()
endfunction()

if(MP_ENABLE_CLANG_TIDY)
  mp_lint_with(CLANG_TIDY MP_CLANG_TIDY_EXECUTABLE "clang-tidy;clang-tidy-16;clang-tidy-14")
endif()
if(MP_ENABLE_IWYU)
  mp_lint_with(INCLUDE_WHAT_YOU_USE MP_IWYU_EXECUTABLE "include-what-you-use;iwyu")
endif()
