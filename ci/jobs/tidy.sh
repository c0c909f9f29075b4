about="clang-tidy over the libraries and mpgen"
packages=(clang-14 clang-tidy-14)
# With assertions: the analyzer believes them.
cmake_args=(-DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang-14 -DCMAKE_CXX_COMPILER=clang++-14 -DBUILD_TESTING=OFF)

tidy() {
    find src/mp \( -name '*.cpp' -o -name '*.c' \) ! -name '*_windows.*' -print0 | sort -z |
        xargs -0 -n 1 -P "$parallel" clang-tidy-14 -p "$dir" --quiet
}

main() {
    configure_step
    build_step mp_headers
    step tidy tidy
}
