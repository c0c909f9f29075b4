/* print_attributes: lines "pid 12", "parent 1", "group 12", "session 3", "umask 22", "uid 0 0 0", "gid 0 0 0", "groups 1",
 * "nice 0", "files 1024 4096": what a program starts with besides descriptors and signals. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    uid_t uid[3];
    gid_t gid[3];
    struct rlimit files;
    if (getresuid(&uid[0], &uid[1], &uid[2]) < 0 || getresgid(&gid[0], &gid[1], &gid[2]) < 0) return 1;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0) return 1;
    printf("pid %d\n", (int)getpid());
    printf("parent %d\n", (int)getppid());
    printf("group %d\n", (int)getpgrp());
    printf("session %d\n", (int)getsid(0));
    printf("umask %o\n", (unsigned)umask(0));
    printf("uid %u %u %u\n", uid[0], uid[1], uid[2]);
    printf("gid %u %u %u\n", gid[0], gid[1], gid[2]);
    printf("groups %d\n", getgroups(0, NULL));
    printf("nice %d\n", getpriority(PRIO_PROCESS, 0));
    printf("files %llu %llu\n", (unsigned long long)files.rlim_cur, (unsigned long long)files.rlim_max);
    return 0;
}
