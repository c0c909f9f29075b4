about="process and runtime tests under valgrind"
packages=(valgrind libc6-dbg)
cmake_args=(
    -DCMAKE_BUILD_TYPE=RelWithDebInfo
    "-DMEMORYCHECK_COMMAND_OPTIONS=--quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=99")
main() {
    configure_step
    build_step all
    test_step memcheck -T memcheck --timeout 600 -L '^(process|rpc)$' -LE '^race$'
}
