#ifndef THING_TYPES_H
#define THING_TYPES_H

#include <mp/type-string.h>
#include <mp/type-struct.h>

#endif // THING_TYPES_H
