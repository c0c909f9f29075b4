/* copy FROM TO: copy one descriptor to another until it ends. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char data[256];
    ssize_t n;
    if (argc < 3) return 1;
    while ((n = read(atoi(argv[1]), data, sizeof(data))) > 0) {
        if (write(atoi(argv[2]), data, (size_t)n) != n) return 2;
    }
    return n < 0 ? 3 : 0;
}
