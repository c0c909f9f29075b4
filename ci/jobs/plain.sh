about="g++ and Cap'n Proto as the distribution has them; warnings are errors"
cmake_args=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DMP_WERROR=ON)
race_repeats=50
targets+=(mpbench)
