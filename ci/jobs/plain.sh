about="g++ and Cap'n Proto as the distribution has them; warnings are errors"
cmake_args=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DMP_WERROR=ON)
race_repeats=50
targets+=(mpbench)
packages=(valgrind libc6-dbg)

# What a call costs, in counts that a busy machine doesn't change.
further_steps() {
    step counts taskset -c 0 "$dir/bench/mpbench" --rows syscalls,allocations,instructions --check bench/counts.json
}
