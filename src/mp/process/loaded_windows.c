#include <mp/process/system_windows.h>

int mp_priv_stay_loaded(void)
{
    static const wchar_t inside = L'\0'; /* of the module that this is compiled into */
    HMODULE module;
    const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    return GetModuleHandleExW(flags, &inside, &module) ? 0 : mp_priv_status_of(GetLastError());
}
