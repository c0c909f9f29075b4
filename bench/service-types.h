// The C++ types that the library's rows pass.
#ifndef BENCH_SERVICE_TYPES_H
#define BENCH_SERVICE_TYPES_H

#include <mp/type-context.h>
#include <mp/type-data.h>
#include <mp/type-decay.h>
#include <mp/type-interface.h>
#include <mp/type-number.h>
#include <mp/type-string.h>
#include <mp/type-struct.h>
#include <mp/type-threadmap.h>
#include <mp/type-vector.h>

#endif // BENCH_SERVICE_TYPES_H
