#ifndef MP_GEN_CHECK_H
#define MP_GEN_CHECK_H

#include "model.h"

namespace mp::gen {

//! Everything in the schema that has no C++ mapping, each as "file: Calculator.add.params.x: reason".
std::vector<std::string> Check(const Module& module);

} // namespace mp::gen

#endif // MP_GEN_CHECK_H
