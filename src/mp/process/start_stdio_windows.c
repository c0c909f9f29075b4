#include <mp/c/process.h>

#include <errno.h>
#include <fcntl.h>
#include <io.h>

#include <mp/process/options.h>
#include <mp/process/system_windows.h>

enum { NO_FILE = -2 }; /* what _get_osfhandle says of a standard stream that was closed when the program started */

static int take(int number, DWORD name, mp_handle *ret_handle, mp_error *reterr)
{
    if (!mp_priv_stdio_is_open(number)) {
        return MP_PRIV_FAIL_SYSTEM(reterr, ERROR_INVALID_HANDLE, MP_STAGE_STDIO, "start on stdin and stdout");
    }
    return mp_handle_duplicate(GetStdHandle(name), ret_handle, reterr);
}

/* The C runtime's number, and what the system says to who asks it. Returns 0 or a negative status. */
static int replace(int number, DWORD name, int by)
{
    if (_dup2(by, number) < 0) return -errno;
    return SetStdHandle(name, (HANDLE)_get_osfhandle(number)) ? 0 : mp_priv_status_of(GetLastError());
}

/* The C runtime has its number in any case, and copies of it, which then are no file's. */
static bool has_stderr(void)
{
    const intptr_t handle = _get_osfhandle(2);
    return handle != NO_FILE && mp_priv_handle_check((HANDLE)handle) == 0;
}

static int give_up_both(void)
{
    const int null = _open("NUL", _O_RDWR | _O_BINARY | _O_NOINHERIT);
    if (null < 0) return -errno;
    int r = replace(0, STD_INPUT_HANDLE, null);
    /* Without a stderr prints go nowhere. */
    if (r == 0) r = replace(1, STD_OUTPUT_HANDLE, has_stderr() ? 2 : null);
    if (null > 2) (void)_close(null);
    return r;
}

int mp_start_stdio(mp_handle *ret_input, mp_handle *ret_output, mp_error *reterr)
{
    if (ret_input == NULL || ret_output == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "start on stdin and stdout: an argument is NULL");
    }
    const int saved = errno;
    mp_handle input, output = MP_HANDLE_INVALID;
    int r = take(0, STD_INPUT_HANDLE, &input, reterr);
    if (r < 0) return r;
    r = take(1, STD_OUTPUT_HANDLE, &output, reterr);
    if (r == 0) {
        r = give_up_both();
        if (r < 0) mp_priv_fail(reterr, r, MP_STAGE_STDIO, "start on stdin and stdout");
    }
    errno = saved;
    if (r < 0) {
        (void)mp_handle_close(input);
        (void)mp_handle_close(output);
        return r;
    }
    *ret_input = input;
    *ret_output = output;
    return 0;
}
