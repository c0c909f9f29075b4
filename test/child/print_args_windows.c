/* print_args: each argument as this program's C runtime found it, in UTF-8, and a NUL behind it. */
#include <windows.h>

#include <stdio.h>

int wmain(int argc, wchar_t **argv)
{
    static char utf8[1 << 17];
    for (int i = 1; i < argc; i++) {
        const int size = WideCharToMultiByte(CP_UTF8, 0, argv[i], -1, utf8, sizeof(utf8), NULL, NULL);
        if (size <= 0 || fwrite(utf8, 1, (size_t)size, stdout) != (size_t)size) return 1;
    }
    return 0;
}
