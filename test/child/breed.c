/* breed HOW PROGRAM ARG...: spawns a program from several threads, again and again, until this one is killed. Writes a
 * byte to stdout when the first one runs. HOW is "ordinary" or "private", and they are to die with this process; or
 * "untied", and they are not. */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <mp/c/process.h>

enum { N_THREADS = 3, N_CHILDREN_MAX = 100 };

static mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
static atomic_int n_spawned;

static void *breed(void *arg)
{
    mp_process *process;
    (void)arg;
    while (atomic_load(&n_spawned) < N_CHILDREN_MAX && mp_process_spawn(&options, &process, NULL) == 0) {
        mp_process_unref(process);
        if (atomic_fetch_add(&n_spawned, 1) == 0 && write(1, "x", 1) != 1) break;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    options.argv = (const char *const *)(argv + 2);
    if (strcmp(argv[1], "untied") != 0) options.flags |= MP_SPAWN_DIE_WITH_PARENT;
    if (strcmp(argv[1], "private") == 0) options.flags |= MP_SPAWN_PRIVATE;
    for (int i = 0; i < N_THREADS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, breed, NULL) != 0) return 2;
    }
    for (;;) pause();
}
