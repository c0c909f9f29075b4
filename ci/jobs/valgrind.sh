about="process and runtime tests under valgrind"
packages=(valgrind libc6-dbg)
cmake_args=(
    -DCMAKE_BUILD_TYPE=RelWithDebInfo
    "-DMEMORYCHECK_COMMAND_OPTIONS=--quiet --vgdb=no --max-threads=2000 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=99 --suppressions=$PWD/ci/valgrind.supp")

# Not what valgrind does in the kernel's place: it keeps to limits of descriptors and of arguments in its own way, looks
# at programs before it executes them, forks where a new process would share memory, so that posix_spawn misses an error
# in there, and takes its time. Nor what needs pidfds, which it doesn't know: without them a copy of a handle in a forked
# process stays. Nor copies of a process with threads, in which what only these had is lost. And not all tests once more
# in one process, nor a signal every 100 microseconds, in which nothing can be done.
without=(
    'All/ServerFault.IsAnErrorOfWhoAsksOnly/(alloc|read|recvmsg) .*'
    Attributes.ResourceLimits
    CaptureOutput.OfManyChildrenLosesNothingInBoundedMemory
    Cost.IsIndependentOfTheParentsMemory
    Fork.CopyDropsAHandleThatAThreadWasIn
    Fork.CopyStartsChildrenWhileOthersAreStarted
    Listen.RecoversFromALackOfDescriptors
    Load.IdleConnectionsTakeNoTime
    Private.ServerDoesNotGrow
    SlowReader.IsServedNoFasterThanItReads
    SocketFds.ReportWhatTheDescriptorLimitCutOff
    SpawnProcess.FailsWithoutDescriptors
    SpawnWithoutSocket.PassesOptionsOn
    Spawn.LeavesNoTraceAtEveryDescriptorLimit
    Spawn.ReturnsE2bigForTwoMebibytesOfArguments
    Spawn.ReturnsEnoentWhenTheInterpreterIsMissing
    StartProcessWithoutSocket.NamesAProgramThatIsMissing
    Unref.InAForkedProcessLeavesTheChildAlone
    'mptest(_process.private)?'
    'process_.*test.(interrupted|private)')

main() {
    configure_step
    build_step all
    test_step memcheck -T memcheck --timeout 600 -L '^(process|rpc)$' -LE '^race$' -E "^($(IFS='|'; echo "${without[*]}"))$"
}
