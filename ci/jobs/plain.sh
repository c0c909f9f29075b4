about="g++ and Cap'n Proto as the distribution has them; warnings are errors"
cmake_args=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DMP_WERROR=ON)
race_repeats=50
targets+=(mpbench)
packages=(valgrind libc6-dbg libxml2-utils openssh-client openssh-server)
export MP_TEST_REQUIRE_SSHD=1

# That it is drawn, whatever a busy machine measures.
picture() {
    local svg=$logs/$job.picture.svg charts
    "$dir/bench/mpbench" --quick --svg "$svg" || return 1
    charts=$(xmllint --xpath 'count(//*[@class="chart"])' "$svg") || return 1
    [[ $charts == 4 ]] || { echo "there are $charts charts, not 4"; return 1; }
}

# What a call costs, in counts that a busy machine doesn't change.
further_steps() {
    step picture picture
    step counts taskset -c 0 "$dir/bench/mpbench" --rows syscalls,allocations,instructions --check bench/counts.json
}
