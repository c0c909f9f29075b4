. ci/jobs/plain.sh
about="the tests that race threads or processes, 200 times"
build=plain
race_repeats=200
main() {
    configure_step
    build_step "${targets[@]}"
    race_step
}
