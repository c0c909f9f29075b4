/* open_pipe INFO: opens the pipe of a connect info and ends without reading. */
#include <windows.h>

int wmain(int argc, wchar_t **argv)
{
    if (argc < 2) return 2;
    return CreateFileW(argv[1], GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL) == INVALID_HANDLE_VALUE;
}
