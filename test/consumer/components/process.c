/* Starts a program and waits for it, with the process layer alone. */

#include <mp/c/process.h>
#include <mp/c/version.h>

int main(void)
{
    const char *const argv[] = {"true", NULL};
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    mp_process *process = NULL;
    mp_error error;
    mp_exit how;

    options.argv = argv;
    if (mp_version_check(MP_C_ABI) < 0 || mp_process_spawn(&options, &process, &error) < 0) return 1;
    if (mp_process_wait(process, -1, &how, &error) < 0) return 1;
    mp_process_unref(process);
    return how.how == MP_EXIT_EXITED && how.value == 0 ? 0 : 1;
}
