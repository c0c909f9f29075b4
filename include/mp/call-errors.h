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

//! A call would have begun over a connection that is being drained. Thrown to the caller where that is this process; the
//! peer's calls fail with the text.
class DrainedError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

//! A call hadn't ended when its time had come. Thrown to the caller only.
class TimeoutError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

//! A call's token was cancelled before it had ended. Thrown to the caller only.
class CancelledError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

} // namespace mp

#endif // MP_CALL_ERRORS_H
