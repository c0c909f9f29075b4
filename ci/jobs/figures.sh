. ci/jobs/plain.sh
about="the benchmark against its limits, free and pinned to one CPU, and what compiling generated code costs; wants a quiet machine"
build=plain
main() {
    local bench=$dir/bench/mpbench
    configure_step
    build_step mpbench
    step "figures free" "$bench" --check bench/limits.json
    step "figures pinned" taskset -c 0 "$bench" --check bench/limits.json
    step "figures compile" cmake --build "$dir" --target bench-compile
}
