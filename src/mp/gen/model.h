#ifndef MP_GEN_MODEL_H
#define MP_GEN_MODEL_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// What a schema file says, free of any output language. load.cpp fills it, everything else only reads it.
namespace mp::gen {

enum class Kind {
    Void,
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float32,
    Float64,
    Text,
    Data,
    List,
    Enum,
    Struct,
    Interface,
    AnyPointer,
    AnyStruct,
    AnyList,
    Capability,
    Parameter,       //!< parameter of a generic type
    MethodParameter, //!< parameter of a generic method
};

struct Type;

//! What a generic type's parameters, or those of a type around it, stand for.
struct BrandScope
{
    uint64_t scope_id{0};
    //! Each parameter stands for itself; there are no bindings then.
    bool inherit{false};
    //! Kind::AnyPointer where unbound.
    std::vector<Type> bindings;
};
using Brand = std::vector<BrandScope>;

struct Type
{
    Kind kind{Kind::Void};
    //! Node of an enum, struct or interface; node that declares a Parameter.
    uint64_t id{0};
    //! Which Parameter or MethodParameter.
    uint16_t index{0};
    //! One type for a list, else none.
    std::vector<Type> element;
    Brand brand;
};

//! Whether values of the type are pointers on the wire, and so can be absent.
inline bool IsPointer(const Type& type) { return type.kind >= Kind::Text && type.kind != Kind::Enum; }

//! A default or a constant.
struct Value
{
    //! Encoded in the standard way, as a message of one segment: lists, structs, any pointers.
    struct Message
    {
        std::string bytes;
    };
    //! Text, Data: string. Enum: uint64_t. Void and interfaces: monostate.
    std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Message> data;
};

//! The annotations that generators know. Of several equal ones on one declaration the last counts.
struct Annotations
{
    std::optional<std::string> wrap;
    std::optional<int32_t> count;
    std::optional<std::string> exception;
    std::optional<std::string> name;
    bool skip{false};
    bool pool{false};
    //! Cap'n Proto's own: name, and namespace of a file, in the C++ that capnpc-c++ writes.
    std::optional<std::string> cxx_name;
    std::optional<std::string> cxx_namespace;
    std::vector<std::string> include;
    std::vector<std::string> include_types;
};

struct Field
{
    std::string name;
    std::string doc;
    Annotations annotations;
    //! Position among its struct's fields, which are in ordinal order.
    uint16_t index{0};
    //! Position in the source.
    uint16_t code_order{0};
    std::optional<uint16_t> explicit_ordinal;
    //! Set for members of the struct's unnamed union.
    std::optional<uint16_t> discriminant;
    //! Node of the group or named union, whose other members here are unset; 0 for a plain field.
    uint64_t group_id{0};
    Type type;
    Value default_value;
    bool has_explicit_default{false};
    //! In units of the type's size.
    uint32_t offset{0};
};

struct Enumerant
{
    std::string name;
    std::string doc;
    Annotations annotations;
    uint16_t code_order{0};
};

struct Method
{
    std::string name;
    std::string doc;
    Annotations annotations;
    uint16_t ordinal{0};
    uint16_t code_order{0};
    uint64_t params_id{0};
    Brand params_brand;
    uint64_t results_id{0};
    Brand results_brand;
    //! Names of a generic method's parameters.
    std::vector<std::string> type_params;
    //! Declared "-> stream".
    bool streaming{false};
};

struct Superclass
{
    uint64_t id{0};
    Brand brand;
};

enum class NodeKind { File, Struct, Enum, Interface, Const, Annotation };

//! A declaration that has an id. Only the members of its kind are set.
struct Node
{
    uint64_t id{0};
    NodeKind kind{NodeKind::File};
    //! Unqualified; empty for files.
    std::string name;
    //! "Outer.Inner", "Calculator.add.params"; for a file its path.
    std::string path;
    //! The declaration around it, a file for top-level ones; 0 for files. For a method's parameter list: the interface.
    uint64_t scope_id{0};
    //! The parameter list or result list of a method, not a struct that the schema names.
    bool implicit{false};
    std::string doc;
    Annotations annotations;
    //! Names of a generic type's parameters.
    std::vector<std::string> type_params;
    //! It, or a declaration around it, has type parameters.
    bool generic{false};
    //! In source order.
    std::vector<uint64_t> nested;

    // Structs, and groups (which have is_group set)
    std::vector<Field> fields;
    uint16_t data_words{0};
    uint16_t pointers{0};
    bool is_group{false};
    //! Members of the unnamed union.
    uint16_t discriminant_count{0};
    //! In units of 16 bits.
    uint32_t discriminant_offset{0};

    std::vector<Enumerant> enumerants;

    // Interfaces; methods in ordinal order
    std::vector<Method> methods;
    std::vector<Superclass> superclasses;

    // Constants; annotations have the type only
    Type type;
    Value value;
};

struct Import
{
    uint64_t id{0};
    //! As written in the schema: "/mp/proxy.capnp", "other.capnp".
    std::string name;
};

//! One schema file and all that it refers to.
struct Module
{
    //! Node of the file.
    uint64_t file_id{0};
    std::map<uint64_t, Node> nodes;
    std::vector<Import> imports;

    const Node& file() const { return nodes.at(file_id); }
    //! Null for nodes that the compiler left out because nothing needs them.
    const Node* find(uint64_t id) const
    {
        const auto it = nodes.find(id);
        return it == nodes.end() ? nullptr : &it->second;
    }
};

} // namespace mp::gen

#endif // MP_GEN_MODEL_H
