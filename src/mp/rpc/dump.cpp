#include "dump.h"

#include <algorithm>
#include <capnp/dynamic.h>
#include <kj/encoding.h>
#include <mp/util.h>

namespace mp {

namespace {
using capnp::DynamicList;
using capnp::DynamicStruct;
using capnp::DynamicValue;

//! Prints as Cap'n Proto does, and stops after a number of characters: a message may hold megabytes.
class Printer
{
public:
    explicit Printer(size_t max_chars) : m_max_chars(max_chars) {}

    void print(const DynamicStruct::Reader& data)
    {
        const kj::Maybe<capnp::StructSchema::Field> member = data.which();
        const char* separator = "(";
        for (const auto field : data.getSchema().getFields()) {
            if (full()) return;
            if (!isSet(data, field, member)) continue;
            add(separator, field.getProto().getName(), " = ");
            print(data.get(field), field.getType());
            separator = ", ";
        }
        add(*separator == '(' ? "()" : ")");
    }

    const std::string& text() const { return m_text; }

private:
    bool full() const { return m_text.size() > m_max_chars; }

    template <typename... Pieces>
    void add(Pieces&&... pieces)
    {
        m_text += kj::str(std::forward<Pieces>(pieces)...).cStr();
    }

    //! Of a union, the member that was set: unless it is what it is by default.
    static bool isSet(const DynamicStruct::Reader& data, const capnp::StructSchema::Field& field,
                      const kj::Maybe<capnp::StructSchema::Field>& member)
    {
        const uint16_t discriminant = field.getProto().getDiscriminantValue();
        if (discriminant == capnp::schema::Field::NO_DISCRIMINANT) return data.has(field);
        KJ_IF_MAYBE (active, member) {
            return *active == field && (discriminant != 0 || data.has(field));
        }
        return false;
    }

    void print(const DynamicValue::Reader& value, const capnp::Type& type)
    {
        switch (value.getType()) {
        case DynamicValue::STRUCT: return print(value.as<DynamicStruct>());
        case DynamicValue::LIST: return print(value.as<DynamicList>());
        case DynamicValue::TEXT: return printEscaped(kj::ArrayPtr<const char>(value.as<capnp::Text>()));
        case DynamicValue::DATA: return printEscaped(kj::ArrayPtr<const kj::byte>(value.as<capnp::Data>()));
        case DynamicValue::FLOAT:
            if (type.isFloat32()) return add(value.as<float>());
            [[fallthrough]];
        default: return add(value);
        }
    }

    void print(const DynamicList::Reader& list)
    {
        const char* separator = "[";
        for (const auto element : list) {
            if (full()) return;
            add(separator);
            print(element, list.getSchema().getElementType());
            separator = ", ";
        }
        add(*separator == '[' ? "[]" : "]");
    }

    template <typename Unit>
    void printEscaped(kj::ArrayPtr<const Unit> array)
    {
        add('"', kj::encodeCEscape(array.slice(0, std::min(array.size(), m_max_chars))), '"');
    }

    const size_t m_max_chars;
    std::string m_text;
};
} // namespace

std::string Dump(const LogOptions& options, capnp::StructSchema schema, capnp::AnyStruct::Reader data)
{
    Printer printer(options.max_chars);
    printer.print(data.as<DynamicStruct>(schema));
    return LogEscape(kj::strTree(printer.text().c_str()), options.max_chars);
}

} // namespace mp
