/* parent HOW PROGRAM ARG...: spawns a program that is to die with this one, from a thread that ends; writes the numbers of
 * both to stdout and runs until it is killed. HOW is "library", "private"
 * (which does not die with it), or "naive": fork, and the parent-death signal in the child. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <mp/c/process.h>

static char **command;
static int pid = -1;
static int thread_id;
static int is_private;

static void *spawn_by_library(void *arg)
{
    (void)arg;
    thread_id = (int)gettid();
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    mp_process *process;
    options.argv = (const char *const *)command;
    options.flags = is_private ? MP_SPAWN_PRIVATE : MP_SPAWN_DIE_WITH_PARENT;
    if (mp_process_spawn(&options, &process, NULL) == 0) pid = mp_process_pid(process);
    return NULL;
}

static void *spawn_naively(void *arg)
{
    int done[2];
    char byte;
    (void)arg;
    thread_id = (int)gettid();
    if (pipe2(done, O_CLOEXEC) < 0) return NULL;
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(command[0], command);
        _exit(127);
    }
    close(done[1]);
    while (read(done[0], &byte, 1) > 0) {} /* until the program runs */
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    if (argc < 3) return 2;
    command = argv + 2;
    is_private = strcmp(argv[1], "private") == 0;
    const int naive = strcmp(argv[1], "naive") == 0;
    if (pthread_create(&thread, NULL, naive ? spawn_naively : spawn_by_library, NULL) != 0) return 2;
    pthread_join(thread, NULL);
    if (pid < 0) return 2;
    printf("%d %d\n", pid, thread_id);
    fflush(stdout);
    for (;;) pause();
}
