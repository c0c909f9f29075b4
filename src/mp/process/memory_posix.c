#define _GNU_SOURCE
#include <mp/process/memory.h>

#include <mp/process/sys.h>

void *mp_priv_alloc(size_t size)
{
    return mp_priv_sys.alloc(size);
}
