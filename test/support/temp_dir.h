// A directory that is gone after the test, with what is in it. POSIX.
#ifndef MP_TEST_SUPPORT_TEMP_DIR_H
#define MP_TEST_SUPPORT_TEMP_DIR_H

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace mp::test {

class TempDir
{
public:
    TempDir()
    {
        std::string path = std::filesystem::temp_directory_path() / "mp_test_XXXXXX";
        EXPECT_NE(mkdtemp(path.data()), nullptr);
        m_path = path;
    }
    ~TempDir() { std::filesystem::remove_all(m_path); }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    std::string operator/(const std::string& name) const { return m_path + "/" + name; }
    const std::string& path() const { return m_path; }
    std::set<std::string> names() const
    {
        std::set<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(m_path)) names.insert(entry.path().filename());
        return names;
    }

private:
    std::string m_path;
};

} // namespace mp::test

#endif // MP_TEST_SUPPORT_TEMP_DIR_H
