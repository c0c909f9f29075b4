// A type of an application and its hooks, which need nothing of the library but its lists of types; and what is done
// with it. Each file that includes this one names a namespace, so that each has templates of its own.

#include <mp/util.h>
#include <string>

namespace mp {
struct InvokeContext;
}

namespace ORDER {

struct Word
{
    std::string letters;
    bool operator<(const Word& other) const { return letters < other.letters; }
    bool operator==(const Word& other) const { return letters == other.letters; }
};

//! Hooked in the library's namespace.
struct Count
{
    int32_t number{0};
};

template <typename Value, typename Output>
void CustomBuildField(mp::TypeList<Word>, mp::Priority<1>, mp::InvokeContext&, Value&& value, Output&& output)
{
    output.set(value.letters.c_str());
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(mp::TypeList<Word>, mp::Priority<1>, mp::InvokeContext&, Input&& input,
                               ReadDest&& read_dest)
{
    return read_dest.construct(input.get().cStr());
}

//! "-" is as good as nothing.
inline bool CustomHasValue(mp::InvokeContext&, const Word& word) { return word.letters != "-"; }

template <typename Input>
bool CustomHasField(mp::TypeList<Word>, mp::InvokeContext&, const Input& input)
{
    return input.get().size() > 0;
}

template <typename Input>
void ThrowField(mp::TypeList<Word>, mp::InvokeContext&, Input&& input)
{
    throw std::string("word ") + input.get().cStr();
}

} // namespace ORDER

namespace mp {

template <typename InvokeCtx>
int32_t BuildPrimitive(InvokeCtx&, const ORDER::Count& value, TypeList<int32_t>)
{
    return value.number + 1;
}

template <typename Input, typename ReadDest>
decltype(auto) CustomReadField(TypeList<ORDER::Count>, Priority<1>, InvokeContext&, Input&& input, ReadDest&& read_dest)
{
    return read_dest.construct(input.get());
}

} // namespace mp
