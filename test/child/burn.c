/* burn MS KIB: use MS milliseconds of CPU time and KIB of memory. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv)
{
    if (argc < 3) return 1;
    const size_t size = (size_t)atol(argv[2]) * 1024;
    char *memory = malloc(size);
    if (memory == NULL) return 2;
    memset(memory, 1, size);
    const clock_t end = (clock_t)atol(argv[1]) * CLOCKS_PER_SEC / 1000;
    while (clock() < end) {}
    const int r = memory[size / 2] == 1 ? 0 : 3;
    free(memory);
    return r;
}
