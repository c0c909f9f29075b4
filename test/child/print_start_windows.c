/* print_start: lines "arg...", "env...", "cwd ...", in UTF-8; "?" for a string that has no form in it. */
#include <windows.h>

#include <stdio.h>

static void print(const wchar_t *text)
{
    static char utf8[1 << 17];
    const int size = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, text, -1, utf8, sizeof(utf8), NULL, NULL);
    printf("%s\n", size > 0 ? utf8 : "?");
}

int wmain(int argc, wchar_t **argv)
{
    static wchar_t cwd[1 << 15];
    wchar_t *block = GetEnvironmentStringsW();
    for (int i = 1; i < argc; i++) {
        printf("arg%d ", i);
        print(argv[i]);
    }
    for (const wchar_t *entry = block; *entry != L'\0'; entry += wcslen(entry) + 1) {
        printf("env ");
        print(entry);
    }
    FreeEnvironmentStringsW(block);
    if (GetCurrentDirectoryW(1 << 15, cwd) == 0) return 1;
    printf("cwd ");
    print(cwd);
    return 0;
}
