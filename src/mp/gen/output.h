#ifndef MP_GEN_OUTPUT_H
#define MP_GEN_OUTPUT_H

#include <map>
#include <string>

namespace mp::gen {

//! A directory in the working directory for files in the making; removed with what is left in it.
class Staging
{
public:
    //! @throws Error
    Staging();
    Staging(const Staging&) = delete;
    Staging& operator=(const Staging&) = delete;
    ~Staging();

    const std::string& path() const { return m_path; }

    //! Put files (by path relative to the working directory) in their place: all are written before the first is moved,
    //! and those that would not change are left as they are, so that nothing is built again for them.
    //! @throws Error
    void commit(const std::map<std::string, std::string>& files) const;

private:
    std::string m_path;
};

//! @throws Error
std::string ReadFile(const std::string& path);

} // namespace mp::gen

#endif // MP_GEN_OUTPUT_H
