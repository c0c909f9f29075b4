#ifndef MP_TEST_TYPES_ORDER_TEST_H
#define MP_TEST_TYPES_ORDER_TEST_H

#include <string>

namespace mp {
struct InvokeContext;
}

// Each in a file that includes hooks and headers of the library in another order. Tell what went wrong.

namespace hooks_first {
std::string Check(mp::InvokeContext& context);
}
namespace hooks_between {
std::string Check(mp::InvokeContext& context);
}
namespace hooks_last {
std::string Check(mp::InvokeContext& context);
}

#endif // MP_TEST_TYPES_ORDER_TEST_H
