#include "shared-area.h"

#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace bench {

void SharedAreaUnmap::operator()(SharedArea* area) const { munmap(area, sizeof(SharedArea)); }

SharedAreaPtr CreateSharedArea(int& fd)
{
    fd = Check(memfd_create("mpbench", MFD_CLOEXEC), "memfd_create");
    Check(ftruncate(fd, sizeof(SharedArea)), "ftruncate");
    return MapSharedArea(fd);
}

SharedAreaPtr MapSharedArea(int fd)
{
    void* address = mmap(nullptr, sizeof(SharedArea), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (address == MAP_FAILED) ThrowErrno("mmap");
    return SharedAreaPtr{static_cast<SharedArea*>(address)};
}

} // namespace bench
