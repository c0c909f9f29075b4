#ifndef COUNTER_TYPES_H
#define COUNTER_TYPES_H

#include <mp/type-context.h>
#include <mp/type-function.h>
#include <mp/type-number.h>
#include <mp/type-threadmap.h>

#endif // COUNTER_TYPES_H
