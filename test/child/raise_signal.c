/* raise_signal N: die of signal N. */
#include <signal.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    return argc > 1 ? raise(atoi(argv[1])) : 1;
}
