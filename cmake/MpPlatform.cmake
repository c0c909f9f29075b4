# MP_PLATFORM names the half of each platform pair (x_posix.c, x_windows.c) that is compiled.

if(WIN32)
  set(MP_PLATFORM windows)
else()
  set(MP_PLATFORM posix)
endif()
