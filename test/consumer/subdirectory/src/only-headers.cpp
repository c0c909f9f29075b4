#include "left/item.capnp.proxy-types.h"
#include "right/item.capnp.proxy.h"
#include "src/init.capnp.proxy-types.h"
#include "src/plain.capnp.h"
