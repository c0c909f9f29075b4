/* listen ADDRESS: listens, prints "MP_OK" or why not, and stays until its stdin ends. */
#include <stdio.h>

#include <mp/c/address.h>

int main(int argc, char** argv)
{
    if (argc != 2) return 2;
    mp_listener* listener;
    const int r = mp_listener_new(argv[1], NULL, &listener, NULL);
    printf("%s\n", mp_status_name(r));
    fflush(stdout);
    if (r < 0) return 1;
    while (getchar() != EOF) {
    }
    mp_listener_close(listener);
    return 0;
}
