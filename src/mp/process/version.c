#include <mp/c/version.h>

#include <mp/c/status.h>

int mp_version_check(int abi)
{
    return abi <= MP_C_ABI ? 0 : MP_ENOTSUP;
}
