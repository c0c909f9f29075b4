#ifndef MP_GEN_BIND_H
#define MP_GEN_BIND_H

#include "model.h"

#include <cassert>

// How the schema's methods and structs map to those of C++: which field is which argument or member.
namespace mp::gen {

//! Id of mp.Context.
constexpr uint64_t CONTEXT_ID = 0x9c44e6645d0b22c6;

//! A field of a method's parameters, its results, or both, or a field of a struct.
struct BoundField
{
    std::string name;
    //! Where it occurs; at least one is set. For struct fields: params.
    const Field* params{nullptr};
    const Field* results{nullptr};
    //! A field hasX beside it says whether it is set.
    bool optional{false};
    //! A parameter wantX says whether the caller wants it.
    bool requested{false};
    //! A pointer on the wire.
    bool boxed{false};
    //! Of type mp.Context, so no value at all.
    bool context{false};
    //! Left out of the C++ struct.
    bool skip{false};
    //! How many C++ arguments it takes, and the number of the first.
    int count{1};
    int first{0};

    const Field& field() const
    {
        assert(params != nullptr || results != nullptr);
        return params != nullptr ? *params : *results;
    }
};

enum class Role { Method, Construct, Destroy };

struct BoundMethod
{
    //! The interface that declares the method.
    const Node* interface {
        nullptr
    };
    const Method* method{nullptr};
    const Node* params{nullptr};
    const Node* results{nullptr};
    Role role{Role::Method};
    //! In the order of the C++ arguments; also those that take none.
    std::vector<BoundField> arguments;
    //! In the order of declaration.
    std::vector<BoundField> exceptions;
    std::optional<BoundField> result;
    //! Number of C++ arguments.
    int arity{0};

    //! The argument of type mp.Context, or null.
    const BoundField* context() const;
    //! Whether the results carry anything.
    bool hasOutput() const;
};

//! One method. Its parameter and result lists must be in the module.
BoundMethod Bind(const Module& module, const Node& interface, const Method& method);

//! All methods of an interface: those of its superclasses first, depth first, each superclass once.
std::vector<BoundMethod> BindAll(const Module& module, const Node& interface);

//! Those that a client has: of several construct or destroy methods only the last, which is the interface's own.
std::vector<BoundMethod> BindClient(const Module& module, const Node& interface);

//! The superclasses of an interface, in the order of BindAll, without the interface.
std::vector<const Node*> AllSuperclasses(const Module& module, const Node& interface);

//! The fields of a struct; hasX companions are not among them.
std::vector<BoundField> BindStruct(const Node& node);

//! Whether a field named "has" or "want" and the capitalized name makes the other a companion.
const Field* FindCompanion(const Node& node, const char* prefix, const std::string& name);

//! Interfaces and structs of the file that are wrapped or, structs, not nested in a generic type: in source order, an
//! outer one before its nested ones.
std::vector<const Node*> WrappedInterfaces(const Module& module);
std::vector<const Node*> Structs(const Module& module);

} // namespace mp::gen

#endif // MP_GEN_BIND_H
