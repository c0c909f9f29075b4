/* old_kernel [fork] PROGRAM ARGS...: run a program on a system without pidfds and close_range; with "fork"
 * also without CLONE_VM. Low half of the arguments only: little-endian machines. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_NOT_SKIP(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define IF_NO_BIT_SKIP(bits, skip) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, (skip))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define ALLOW RETURN(SECCOMP_RET_ALLOW)
#define REFUSE(err) RETURN(SECCOMP_RET_ERRNO | (err))

enum { PIDFD = 0x1000, VM = 0x100, THREAD = 0x10000 };

int main(int argc, char **argv)
{
    const int no_vm = argc > 1 && strcmp(argv[1], "fork") == 0;
    struct sock_filter filter[] = {
        LOAD(nr),
        IF_NOT_SKIP(434 /* pidfd_open */, 1), REFUSE(ENOSYS),
        IF_NOT_SKIP(424 /* pidfd_send_signal */, 1), REFUSE(ENOSYS),
        IF_NOT_SKIP(436 /* close_range */, 1), REFUSE(ENOSYS),
        IF_NOT_SKIP(435 /* clone3 */, 1), REFUSE(ENOSYS),
        IF_NOT_SKIP(SYS_waitid, 4), LOAD(args[0]),
        IF_NOT_SKIP(3 /* P_PIDFD */, 1), REFUSE(EINVAL), ALLOW,
        IF_NOT_SKIP(SYS_clone, 8), LOAD(args[0]),
        IF_NO_BIT_SKIP(THREAD, 1), ALLOW,
        IF_NO_BIT_SKIP(PIDFD, 1), REFUSE(EINVAL),
        IF_NO_BIT_SKIP(no_vm ? VM : 0, 1), REFUSE(EINVAL), ALLOW,
        ALLOW,
    };
    const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
    if (argc < 2 + no_vm) return 2;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
        perror("seccomp");
        return 4;
    }
    execv(argv[1 + no_vm], argv + 1 + no_vm);
    return 3;
}
