// A child that leads a group, and what it has started.
#ifndef MP_TEST_SUPPORT_FAMILY_H
#define MP_TEST_SUPPORT_FAMILY_H

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <support/spawn.h>

namespace mp::test {

//! The pipe ends when the last of them has.
struct Family
{
    Process leader;
    Fd all;
};

//! Returns when the leader, a script, has printed something.
inline Family StartFamily(std::vector<std::string> steps)
{
    Pipe pipe = MakePipe();
    Command command = ChildCommand("script", std::move(steps));
    Family family{command.Stdio(1, pipe.write.get()).Flags(MP_SPAWN_OWN_GROUP).Start(), std::move(pipe.read)};
    pipe.write.Close();
    char byte;
    EXPECT_EQ(Read(family.all.get(), &byte, 1), 1);
    return family;
}

inline bool HasEnded(const Family& family)
{
    char byte;
    return Read(family.all.get(), &byte, 1) == 0;
}

} // namespace mp::test

#endif // MP_TEST_SUPPORT_FAMILY_H
