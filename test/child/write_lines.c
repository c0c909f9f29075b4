/* write_lines COUNT: COUNT lines "1 0 ...", "1 1 ..." to stdout and as many, "2 0 ...", to stderr, in turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    char padding[81];
    const int count = argc > 1 ? atoi(argv[1]) : 0;
    static char buffers[2][8192];
    FILE *const files[2] = {stdout, stderr};
    memset(padding, 'x', 80);
    padding[80] = '\0';
    for (int k = 0; k < 2; k++) setvbuf(files[k], buffers[k], _IOFBF, sizeof(buffers[k]));
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < 2; k++) {
            if (fprintf(files[k], "%d %d %s\n", k + 1, i, padding) < 0) return 1;
        }
    }
    return 0;
}
