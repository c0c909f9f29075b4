about="the process layer cross-compiled for Windows with mingw-w64, its tests under Wine"
packages=(g++-mingw-w64-x86-64-posix googletest wine wine64)
cmake_args=(
    -DCMAKE_BUILD_TYPE=RelWithDebInfo
    -DCMAKE_TOOLCHAIN_FILE=cmake/toolchain-mingw.cmake
    -DMP_PROCESS_ONLY=ON
    -DMP_WERROR=ON)
# One in some thousand programs does not start where the kernel has put something at the address that Wine needs.
if setarch --addr-no-randomize true 2>/dev/null; then runner=(setarch --addr-no-randomize); fi

stop_wine() { wineserver -k || true; }

# The prefix is made anew, in a directory of this build. Its server stays until the end: starting one takes longer than
# a test.
start_wine() {
    stop_wine
    rm -rf "$WINEPREFIX"
    mkdir -p "$WINEPREFIX"
    wineserver -p && "${runner[@]}" wine wineboot --init
}

main() {
    # winedbg would look into a crash, and the crash pass for success then.
    export WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=d;winemenubuilder.exe=d;winedbg.exe=d'
    export WINEPREFIX=$PWD/$dir/wine
    unset DISPLAY WAYLAND_DISPLAY
    configure_step
    build_step all
    trap stop_wine EXIT
    step wine start_wine
    test_step test "${ctest_args[@]}"
}
