#define _GNU_SOURCE
#include <mp/process/environment.h>

#include <string.h>

int mp_priv_environment_compare(const char *a, const char *b, size_t size)
{
    return memcmp(a, b, size);
}
