#ifndef MP_BENCH_COMPILE_EVERY_TYPES_H
#define MP_BENCH_COMPILE_EVERY_TYPES_H

#include <mp/proxy-types.h>
#include <mp/type-array.h>
#include <mp/type-char.h>
#include <mp/type-chrono.h>
#include <mp/type-context.h>
#include <mp/type-data.h>
#include <mp/type-decay.h>
#include <mp/type-exception.h>
#include <mp/type-function.h>
#include <mp/type-interface.h>
#include <mp/type-map.h>
#include <mp/type-message.h>
#include <mp/type-number.h>
#include <mp/type-optional.h>
#include <mp/type-pair.h>
#include <mp/type-pointer.h>
#include <mp/type-set.h>
#include <mp/type-string.h>
#include <mp/type-struct.h>
#include <mp/type-threadmap.h>
#include <mp/type-tuple.h>
#include <mp/type-unordered-set.h>
#include <mp/type-variant.h>
#include <mp/type-vector.h>
#include <mp/type-void.h>

namespace mp {

inline void CustomBuildMessage(InvokeContext&, const compile::Message& src,
                               compile::messages::Message::Builder&& builder)
{
    builder.setTrace(src.trace);
}

inline void CustomReadMessage(InvokeContext&, const compile::messages::Message::Reader& reader, compile::Message& dest)
{
    dest.trace = reader.getTrace();
}

} // namespace mp

#endif // MP_BENCH_COMPILE_EVERY_TYPES_H
