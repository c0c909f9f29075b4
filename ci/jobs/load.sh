. ci/jobs/plain.sh
about="ten million calls with all kinds of pauses between them, and eight minutes without any"
build=plain
main() {
    configure_step
    build_step mptest
    step "load 500 times" env MP_LOAD=500 "$dir/test/rpc/mptest" --gtest_filter='Load.*'
}
