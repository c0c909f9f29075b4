about="the process layer cross-compiled for Windows with mingw-w64; nothing is run"
packages=(g++-mingw-w64-x86-64-posix)
cmake_args=(
    -DCMAKE_BUILD_TYPE=RelWithDebInfo
    -DCMAKE_TOOLCHAIN_FILE=cmake/toolchain-mingw.cmake
    -DMP_PROCESS_ONLY=ON
    -DMP_WERROR=ON
    -DBUILD_TESTING=OFF)
main() {
    configure_step
    build_step all
}
