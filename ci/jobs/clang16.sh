. ci/jobs/capnp1.sh
about="clang 16 with that Cap'n Proto 1.x"
packages=(clang-16)
cmake_args+=(-DCMAKE_C_COMPILER=clang-16 -DCMAKE_CXX_COMPILER=clang++-16)
