/* script STEP...: does one thing after another.
 *   out TEXT, err TEXT  writes to stdout or stderr; \n is a line break, \ooo the byte of that octal number
 *   read                waits for a byte from stdin
 *   flood TEXT          writes to stdout until that fails, then exits with 5
 *   pid                 writes the number of this process and a line break to stdout
 *   spawn STEPS         starts a script that goes on by itself; commas are between the steps, and semicolons are the
 *                       commas of the scripts that it starts
 *   spawn-dying STEPS   the same, of one that dies with this process
 *   spawn-dying-group STEPS  the same, of one that leads a group, too
 *   hold                runs until killed
 *   die                 ends as if killed
 *   exit NUMBER */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mp/c/process.h>

#include "io.h"

enum { STEPS_MAX = 16 };

/* In place. Returns the length. */
static size_t unescape(char *text)
{
    char *to = text;
    for (char *from = text; *from != '\0';) {
        if (from[0] == '\\' && from[1] == 'n') {
            *to++ = '\n';
            from += 2;
        } else if (from[0] == '\\') {
            const char number[] = {from[1], from[2], from[3], '\0'};
            *to++ = (char)strtol(number, NULL, 8);
            from += 4;
        } else {
            *to++ = *from++;
        }
    }
    return (size_t)(to - text);
}

static int put(int fd, char *text)
{
    const size_t size = unescape(text);
    return write(fd, text, (unsigned)size) == (int)size;
}

static void flood(const char *text)
{
    while (write(1, text, (unsigned)strlen(text)) > 0) {}
    _exit(5);
}

static int start(char *self, char *steps, uint64_t flags)
{
    const char *argv[STEPS_MAX + 2] = {self};
    size_t n = 1;
    for (char *step = strtok(steps, ","); step != NULL && n <= STEPS_MAX; step = strtok(NULL, ",")) {
        for (char *c = step; *c != '\0'; c++) *c = *c == ';' ? ',' : *c;
        argv[n++] = step;
    }
    mp_spawn_options options = MP_SPAWN_OPTIONS_INIT;
    mp_process *process;
    options.argv = argv;
    options.flags = flags;
    if (mp_process_spawn(&options, &process, NULL) < 0) return 0;
    mp_process_unref(process);
    return 1;
}

int main(int argc, char **argv)
{
    char byte;
    for (int i = 1; i < argc; i++) {
        const char *step = argv[i];
        if (strcmp(step, "read") == 0) {
            if (read(0, &byte, 1) < 0) return 3;
        } else if (strcmp(step, "pid") == 0) {
            printf("%d\n", (int)getpid());
            fflush(stdout);
        } else if (strcmp(step, "hold") == 0) {
            io_hold();
        } else if (strcmp(step, "die") == 0) {
            io_die();
        } else if (++i == argc) {
            return 2;
        } else if (strcmp(step, "out") == 0 || strcmp(step, "err") == 0) {
            if (!put(step[0] == 'o' ? 1 : 2, argv[i])) return 4;
        } else if (strcmp(step, "flood") == 0) {
            flood(argv[i]);
        } else if (strcmp(step, "spawn") == 0) {
            if (!start(argv[0], argv[i], 0)) return 6;
        } else if (strcmp(step, "spawn-dying") == 0) {
            if (!start(argv[0], argv[i], MP_SPAWN_DIE_WITH_PARENT)) return 6;
        } else if (strcmp(step, "spawn-dying-group") == 0) {
            if (!start(argv[0], argv[i], MP_SPAWN_DIE_WITH_PARENT | MP_SPAWN_OWN_GROUP)) return 6;
        } else if (strcmp(step, "exit") == 0) {
            _exit(atoi(argv[i]));
        } else {
            return 2;
        }
    }
    return 0;
}
