#ifndef MP_CALL_ERRORS_H
#define MP_CALL_ERRORS_H

#include <stdexcept>

namespace mp {

//! A call would have taken the connection past one of its Limits. Thrown to the caller where that is this process; the
//! peer's calls fail with the text.
class LimitError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

} // namespace mp

#endif // MP_CALL_ERRORS_H
