#ifndef MP_GEN_ERROR_H
#define MP_GEN_ERROR_H

#include <stdexcept>

namespace mp::gen {

//! Ends the program with "mpgen error: <what>" and status 1.
class Error : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

} // namespace mp::gen

#endif // MP_GEN_ERROR_H
