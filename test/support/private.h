// Private children, and processes with a spawn server of their own.
#ifndef MP_TEST_SUPPORT_PRIVATE_H
#define MP_TEST_SUPPORT_PRIVATE_H

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <support/spawn.h>

namespace mp::test {

Command PrivateCommand(const std::string& name, std::vector<std::string> args = {});

Held StartPrivateHeld(uint64_t flags = 0);

//! The server's number: it is the parent of its children.
int ServerPid();

//! Runs in a process of its own with a server of its own, and may do to both what it likes. The expectations in it
//! count.
void Elsewhere(const std::function<void()>& body);

} // namespace mp::test

#endif // MP_TEST_SUPPORT_PRIVATE_H
