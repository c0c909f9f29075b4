about="what crashes the established library (scenarios 91 to 95), 10,000 times, all at once, plain and sanitized"
# A test runs its race ten times.
repeats=1000

# Each test in a process of its own: they are each other's load.
crash() { # BUILD
    local tests test pids=() status=0 out=$logs/$job.$1
    mapfile -t tests < <("$dir/test/rpc/mptest_race" --gtest_list_tests --gtest_filter='KnownCrash.*' | sed -n 's/^  //p')
    ((${#tests[@]} == 5)) || { echo "there are ${#tests[@]} tests, not 5"; return 1; }
    for test in "${tests[@]}"; do
        "${runner[@]}" "$dir/test/rpc/mptest_race" "--gtest_filter=KnownCrash.$test" "--gtest_repeat=$repeats" \
            --gtest_break_on_failure --gtest_brief=1 >"$out.$test.log" 2>&1 &
        pids+=($!)
    done
    for test in "${!tests[@]}"; do
        wait "${pids[test]}" && continue
        status=1
        echo "KnownCrash.${tests[test]} failed"
        tail -n 100 "$out.${tests[test]}.log"
    done
    return "$status"
}

main() {
    local sub
    for sub in plain asan tsan; do
        runner=()
        . "ci/jobs/$sub.sh"
        dir=build/ci/$sub
        step "configure $sub" configure "$dir" "${cmake_args[@]}"
        step "build $sub" cmake --build "$dir" --parallel "$parallel" --target mptest_race
        step "crash $sub" crash "$sub"
    done
}
