about="clang 14, with thread safety analysis; warnings are errors"
packages=(clang-14)
cmake_args=(
    -DCMAKE_BUILD_TYPE=RelWithDebInfo
    -DCMAKE_C_COMPILER=clang-14
    -DCMAKE_CXX_COMPILER=clang++-14
    -DMP_WERROR=ON)
targets+=(mpbench)
