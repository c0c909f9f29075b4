#include <mp/c/process.h>

#include <mp/process/system_windows.h>

int mp_start_stdio(mp_handle *ret_input, mp_handle *ret_output, mp_error *reterr)
{
    if (ret_input == NULL || ret_output == NULL) {
        return mp_priv_refuse(reterr, MP_EINVAL, MP_STAGE_ARGUMENT, "start on stdin and stdout: an argument is NULL");
    }
    mp_handle input, output;
    const int r = mp_handle_duplicate(GetStdHandle(STD_INPUT_HANDLE), &input, reterr);
    if (r < 0) return r;
    const int k = mp_handle_duplicate(GetStdHandle(STD_OUTPUT_HANDLE), &output, reterr);
    if (k < 0) {
        (void)mp_handle_close(input);
        return k;
    }
    (void)SetStdHandle(STD_INPUT_HANDLE, NULL);
    (void)SetStdHandle(STD_OUTPUT_HANDLE, GetStdHandle(STD_ERROR_HANDLE));
    *ret_input = input;
    *ret_output = output;
    return 0;
}
