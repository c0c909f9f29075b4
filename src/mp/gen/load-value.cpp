#include "load-value.h"

#include <capnp/any.h>
#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/debug.h>

namespace mp::gen {
namespace {

namespace schema = capnp::schema;

// Ids that Cap'n Proto derives from the file's id and the annotation's name: see schema/mp/proxy.capnp, c++.capnp.
constexpr uint64_t INCLUDE_ID = 0xb899f3c154fdb458;
constexpr uint64_t INCLUDE_TYPES_ID = 0xbcec15648e8a0cf1;
constexpr uint64_t WRAP_ID = 0xe6f46079b7b1405e;
constexpr uint64_t COUNT_ID = 0xd02682b319f69b38;
constexpr uint64_t EXCEPTION_ID = 0x996a183200992f88;
constexpr uint64_t NAME_ID = 0xb594888f63f4dbb9;
constexpr uint64_t SKIP_ID = 0x824c08b82695d8dd;
constexpr uint64_t POOL_ID = 0xaf4dd0789a3bc78b;
constexpr uint64_t CXX_NAMESPACE_ID = 0xb9c6f99ebf805f2c;
constexpr uint64_t CXX_NAME_ID = 0xf264a779fef191ce;

std::string Copy(capnp::Text::Reader text) { return {text.begin(), text.size()}; }

Type LoadAnyPointer(schema::Type::AnyPointer::Reader reader)
{
    Type type;
    if (reader.isParameter()) {
        type.kind = Kind::Parameter;
        type.id = reader.getParameter().getScopeId();
        type.index = reader.getParameter().getParameterIndex();
    } else if (reader.isImplicitMethodParameter()) {
        type.kind = Kind::MethodParameter;
        type.index = reader.getImplicitMethodParameter().getParameterIndex();
    } else {
        const auto any = reader.getUnconstrained();
        type.kind = any.isStruct()       ? Kind::AnyStruct
                    : any.isList()       ? Kind::AnyList
                    : any.isCapability() ? Kind::Capability
                                         : Kind::AnyPointer;
    }
    return type;
}

Type Named(Kind kind, uint64_t id, schema::Brand::Reader brand)
{
    Type type;
    type.kind = kind;
    type.id = id;
    type.brand = LoadBrand(brand);
    return type;
}

//! The pointer as a message of its own.
Value::Message Encode(capnp::AnyPointer::Reader pointer)
{
    capnp::MallocMessageBuilder message;
    message.setRoot(pointer);
    const auto words = capnp::messageToFlatArray(message);
    const auto bytes = words.asChars();
    return {std::string(bytes.begin(), bytes.size())};
}

} // namespace

Type LoadType(schema::Type::Reader reader)
{
    Type type;
    switch (reader.which()) {
    case schema::Type::LIST:
        type.kind = Kind::List;
        type.element.push_back(LoadType(reader.getList().getElementType()));
        return type;
    case schema::Type::ENUM: return Named(Kind::Enum, reader.getEnum().getTypeId(), reader.getEnum().getBrand());
    case schema::Type::STRUCT:
        return Named(Kind::Struct, reader.getStruct().getTypeId(), reader.getStruct().getBrand());
    case schema::Type::INTERFACE:
        return Named(Kind::Interface, reader.getInterface().getTypeId(), reader.getInterface().getBrand());
    case schema::Type::ANY_POINTER: return LoadAnyPointer(reader.getAnyPointer());
    default:
        // Void to Data have the same order in both.
        KJ_REQUIRE(reader.which() <= schema::Type::DATA, "unknown kind of type in the schema");
        type.kind = static_cast<Kind>(reader.which());
        return type;
    }
}

Brand LoadBrand(schema::Brand::Reader reader)
{
    Brand brand;
    for (const auto scope : reader.getScopes()) {
        BrandScope loaded{scope.getScopeId(), scope.isInherit(), {}};
        if (scope.isBind()) {
            for (const auto binding : scope.getBind()) {
                Type unbound;
                unbound.kind = Kind::AnyPointer;
                loaded.bindings.push_back(binding.isType() ? LoadType(binding.getType()) : unbound);
            }
        }
        brand.push_back(std::move(loaded));
    }
    return brand;
}

Value LoadValue(schema::Value::Reader reader)
{
    switch (reader.which()) {
    case schema::Value::BOOL: return {reader.getBool()};
    case schema::Value::INT8: return {int64_t{reader.getInt8()}};
    case schema::Value::INT16: return {int64_t{reader.getInt16()}};
    case schema::Value::INT32: return {int64_t{reader.getInt32()}};
    case schema::Value::INT64: return {reader.getInt64()};
    case schema::Value::UINT8: return {uint64_t{reader.getUint8()}};
    case schema::Value::UINT16: return {uint64_t{reader.getUint16()}};
    case schema::Value::UINT32: return {uint64_t{reader.getUint32()}};
    case schema::Value::UINT64: return {reader.getUint64()};
    case schema::Value::FLOAT32: return {double{reader.getFloat32()}};
    case schema::Value::FLOAT64: return {reader.getFloat64()};
    case schema::Value::TEXT: return {Copy(reader.getText())};
    case schema::Value::DATA: {
        const auto chars = reader.getData().asChars();
        return {std::string(chars.begin(), chars.size())};
    }
    case schema::Value::LIST: return {Encode(reader.getList())};
    case schema::Value::ENUM: return {uint64_t{reader.getEnum()}};
    case schema::Value::STRUCT: return {Encode(reader.getStruct())};
    case schema::Value::ANY_POINTER: return {Encode(reader.getAnyPointer())};
    case schema::Value::VOID:
    case schema::Value::INTERFACE: break;
    }
    return {};
}

Annotations LoadAnnotations(capnp::List<schema::Annotation>::Reader reader)
{
    Annotations loaded;
    for (const auto annotation : reader) {
        const auto value = annotation.getValue();
        switch (annotation.getId()) {
        case INCLUDE_ID: loaded.include.push_back(Copy(value.getText())); break;
        case INCLUDE_TYPES_ID: loaded.include_types.push_back(Copy(value.getText())); break;
        case WRAP_ID: loaded.wrap = Copy(value.getText()); break;
        case COUNT_ID: loaded.count = value.getInt32(); break;
        case EXCEPTION_ID: loaded.exception = Copy(value.getText()); break;
        case NAME_ID: loaded.name = Copy(value.getText()); break;
        case SKIP_ID: loaded.skip = true; break;
        case POOL_ID: loaded.pool = true; break;
        case CXX_NAMESPACE_ID: loaded.cxx_namespace = Copy(value.getText()); break;
        case CXX_NAME_ID: loaded.cxx_name = Copy(value.getText()); break;
        default: break;
        }
    }
    return loaded;
}

} // namespace mp::gen
