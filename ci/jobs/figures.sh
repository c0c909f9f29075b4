. ci/jobs/plain.sh
about="the benchmark against bench/limits.json, free and pinned to one CPU; wants a quiet machine"
build=plain
main() {
    local bench=$dir/bench/mpbench
    configure_step
    build_step mpbench
    step "figures free" "$bench" --check bench/limits.json
    step "figures pinned" taskset -c 0 "$bench" --check bench/limits.json
}
