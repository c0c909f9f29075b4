#include <mp/c/process.h>

#include <errno.h>
#include <fcntl.h>
#include <io.h>

#include <mp/process/options.h>
#include <mp/process/system_windows.h>

static int take(int number, DWORD name, mp_handle *ret_handle, mp_error *reterr)
{
    if (!mp_priv_stdio_is_open(number)) {
        return MP_PRIV_FAIL_SYSTEM(reterr, ERROR_INVALID_HANDLE, MP_STAGE_STDIO, "start on stdin and stdout");
    }
    return mp_handle_duplicate(GetStdHandle(name), ret_handle, reterr);
}

/* The C runtime's number, and what the system says to who asks it. */
static bool replace(int number, DWORD name, int by)
{
    if (_dup2(by, number) < 0) return false;
    return SetStdHandle(name, (HANDLE)_get_osfhandle(number));
}

static int give_up_both(void)
{
    const int null = _open("NUL", _O_RDWR | _O_BINARY | _O_NOINHERIT);
    if (null < 0) return -errno;
    /* Without a stderr prints go nowhere. */
    const bool done = replace(0, STD_INPUT_HANDLE, null) &&
                      (replace(1, STD_OUTPUT_HANDLE, 2) || replace(1, STD_OUTPUT_HANDLE, null));
    const int r = done ? 0 : -errno;
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
