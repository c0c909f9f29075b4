/* stdio_worker: answers each byte of its stream with the next one, and prints where a print must do no harm. */
#include <stdio.h>

#include <mp/c/process.h>

#include "io.h"

int main(void)
{
    mp_handle input, output;
    mp_error error;
    unsigned char byte;
    if (mp_start_stdio(&input, &output, &error) < 0) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    printf("a stray");
    fflush(stdout);
    if (io_write(io_stdout(), " print\n", 7) != 7) return 4;
    if (getchar() != EOF) return 2;
    while (io_read(input, &byte, 1) == 1) {
        byte++;
        if (io_write(output, &byte, 1) != 1) return 3;
    }
    return 0;
}
