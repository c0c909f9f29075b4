/* print_handles: a line "number type" for each handle that was inherited: it can be inherited again. */
#include <windows.h>

#include <winternl.h>

#include <stdint.h>
#include <stdio.h>

enum { STEP = 4, NUMBER_MAX = 0x1000, TYPE_INFORMATION = 2 };

int wmain(void)
{
    struct {
        UNICODE_STRING name;
        wchar_t room[512];
    } type;
    ULONG size;
    for (uintptr_t number = STEP; number < NUMBER_MAX; number += STEP) {
        const HANDLE handle = (HANDLE)number;
        DWORD flags;
        if (!GetHandleInformation(handle, &flags) || (flags & HANDLE_FLAG_INHERIT) == 0) continue;
        if (NtQueryObject(handle, (OBJECT_INFORMATION_CLASS)TYPE_INFORMATION, &type, sizeof(type), &size) < 0) {
            return 1;
        }
        printf("%u %.*ls\n", (unsigned)number, (int)(type.name.Length / sizeof(wchar_t)), type.name.Buffer);
    }
    return 0;
}
