/* <mp/c/version.h>: version of the C libraries and of their binary interface. */
#ifndef MP_C_VERSION_H
#define MP_C_VERSION_H

#include <mp/c/export.h>

#define MP_C_VERSION_MAJOR 0
#define MP_C_VERSION_MINOR 1
#define MP_C_VERSION_PATCH 0

/** Grows with every addition to the C interface; a higher number contains all lower ones. */
#define MP_C_ABI 1

MP_BEGIN_DECLS

/** Ask the loaded library whether it has everything that a header of number `abi` declares
 *  (normally MP_C_ABI). AnyThread.
 *  Returns 0, or MP_ENOTSUP if the library is older. */
MP_API int mp_version_check(int abi);

MP_END_DECLS

#endif
