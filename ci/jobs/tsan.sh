about="ThreadSanitizer"
cmake_args=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DMP_WERROR=ON -DMP_SANITIZE=thread)
race_repeats=5
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/ci/tsan.supp
# The runtime of g++ 12 refuses to start where the kernel spreads mappings over more than 28 random bits.
if setarch --addr-no-randomize true 2>/dev/null; then runner=(setarch --addr-no-randomize); fi
