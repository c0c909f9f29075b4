/* Which file a program is. */
#ifndef MP_PROCESS_PROGRAM_WINDOWS_H
#define MP_PROCESS_PROGRAM_WINDOWS_H

#include <mp/process/system_windows.h>

#include <mp/c/process.h>

/** Find argv[0] as the options say. The path is absolute and freed with free. Returns 0, MP_ENOENT, MP_EACCES (a
 *  directory), MP_ENOEXEC (a batch file), or another status; *ret_code is the system's part in it. */
int mp_priv_program_find(const mp_spawn_options *options, wchar_t **ret_path, DWORD *ret_code);

/** Check the working directory. Returns 0, MP_ENOENT, MP_ENOTDIR, or another status; *ret_code as above. */
int mp_priv_directory_check(const wchar_t *path, DWORD *ret_code);

#endif
