#ifndef MP_TEST_GEN_SUPPORT_H
#define MP_TEST_GEN_SUPPORT_H

#include "model.h"

#include <string>
#include <vector>

namespace mp::gen::test {

//! A fresh directory that is the working directory while the object lives.
class TempDir
{
public:
    TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();

    const std::string& path() const { return m_path; }
    //! Names in it, also below, in order.
    std::vector<std::string> list() const;

private:
    std::string m_path;
    std::string m_before;
};

void WriteFile(const std::string& path, const std::string& text);
std::string ReadText(const std::string& path);

//! Schema text with an id and the usual imports (Cxx, Proxy) in front.
std::string Schema(const std::string& text);

//! Parse a schema, as mpgen does. The working directory must be a TempDir.
Module LoadSchema(const std::string& text);

struct Outcome
{
    int status{-1};
    std::string err;
};
//! Run mpgen here.
Outcome RunMpgen(const std::vector<std::string>& args);

const Node& NodeAt(const Module& module, const std::string& path);
const Field& FieldAt(const Node& node, const std::string& name);

} // namespace mp::gen::test

#endif // MP_TEST_GEN_SUPPORT_H
