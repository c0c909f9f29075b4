#ifndef THING_H
#define THING_H

#include <string>

struct Thing
{
    std::string name;
};

#endif // THING_H
