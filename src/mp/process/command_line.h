/* One command line out of many arguments, as Windows programs take it apart again. */
#ifndef MP_PROCESS_COMMAND_LINE_H
#define MP_PROCESS_COMMAND_LINE_H

#include <stddef.h>

/** Write the command line of argv, NUL-terminated, into text, as far as size allows; text may be NULL if
 *  size is 0. CommandLineToArgvW gives argv back. Returns the length that the whole of it has. */
size_t mp_priv_command_line(const char *const *argv, char *text, size_t size);

#endif
