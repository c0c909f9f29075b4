#include "load.h"

#include "load-value.h"

#include <kj/debug.h>

namespace mp::gen {
namespace {

namespace schema = capnp::schema;

//! Id of capnp/stream.capnp's StreamResult, which "-> stream" stands for.
constexpr uint64_t STREAM_RESULT_ID = 0x995f9a3377c0b16e;

std::string Copy(capnp::Text::Reader text) { return {text.begin(), text.size()}; }

//! Doc comments lose the blank line end that the compiler leaves.
std::string LoadDoc(capnp::Text::Reader text)
{
    std::string doc = Copy(text);
    while (!doc.empty() && (doc.back() == '\n' || doc.back() == ' ')) doc.pop_back();
    return doc;
}

Field LoadField(schema::Field::Reader reader, uint16_t index)
{
    Field field;
    field.name = Copy(reader.getName());
    field.annotations = LoadAnnotations(reader.getAnnotations());
    field.index = index;
    field.code_order = reader.getCodeOrder();
    if (reader.getOrdinal().isExplicit()) field.explicit_ordinal = reader.getOrdinal().getExplicit();
    if (reader.getDiscriminantValue() != schema::Field::NO_DISCRIMINANT) {
        field.discriminant = reader.getDiscriminantValue();
    }
    if (reader.isGroup()) {
        field.group_id = reader.getGroup().getTypeId();
    } else {
        const auto slot = reader.getSlot();
        field.type = LoadType(slot.getType());
        field.default_value = LoadValue(slot.getDefaultValue());
        field.has_explicit_default = slot.getHadExplicitDefault();
        field.offset = slot.getOffset();
    }
    return field;
}

void LoadStruct(schema::Node::Struct::Reader reader, Node& node)
{
    node.data_words = reader.getDataWordCount();
    node.pointers = reader.getPointerCount();
    node.is_group = reader.getIsGroup();
    node.discriminant_count = reader.getDiscriminantCount();
    node.discriminant_offset = reader.getDiscriminantOffset();
    uint16_t index = 0;
    for (const auto field : reader.getFields()) node.fields.push_back(LoadField(field, index++));
}

void LoadEnum(schema::Node::Enum::Reader reader, Node& node)
{
    for (const auto enumerant : reader.getEnumerants()) {
        node.enumerants.push_back(
            {Copy(enumerant.getName()), {}, LoadAnnotations(enumerant.getAnnotations()), enumerant.getCodeOrder()});
    }
}

Method LoadMethod(schema::Method::Reader reader, uint16_t ordinal)
{
    Method method;
    method.name = Copy(reader.getName());
    method.annotations = LoadAnnotations(reader.getAnnotations());
    method.ordinal = ordinal;
    method.code_order = reader.getCodeOrder();
    method.params_id = reader.getParamStructType();
    method.params_brand = LoadBrand(reader.getParamBrand());
    method.results_id = reader.getResultStructType();
    method.results_brand = LoadBrand(reader.getResultBrand());
    for (const auto param : reader.getImplicitParameters()) method.type_params.push_back(Copy(param.getName()));
    method.streaming = method.results_id == STREAM_RESULT_ID;
    return method;
}

void LoadInterface(schema::Node::Interface::Reader reader, Node& node)
{
    uint16_t ordinal = 0;
    for (const auto method : reader.getMethods()) node.methods.push_back(LoadMethod(method, ordinal++));
    for (const auto superclass : reader.getSuperclasses()) {
        node.superclasses.push_back({superclass.getId(), LoadBrand(superclass.getBrand())});
    }
}

Node LoadNode(schema::Node::Reader reader)
{
    Node node;
    node.id = reader.getId();
    node.scope_id = reader.getScopeId();
    node.generic = reader.getIsGeneric();
    node.annotations = LoadAnnotations(reader.getAnnotations());
    for (const auto param : reader.getParameters()) node.type_params.push_back(Copy(param.getName()));
    for (const auto nested : reader.getNestedNodes()) node.nested.push_back(nested.getId());
    switch (reader.which()) {
    case schema::Node::FILE:
        node.kind = NodeKind::File;
        node.path = Copy(reader.getDisplayName());
        break;
    case schema::Node::STRUCT:
        node.kind = NodeKind::Struct;
        LoadStruct(reader.getStruct(), node);
        break;
    case schema::Node::ENUM:
        node.kind = NodeKind::Enum;
        LoadEnum(reader.getEnum(), node);
        break;
    case schema::Node::INTERFACE:
        node.kind = NodeKind::Interface;
        LoadInterface(reader.getInterface(), node);
        break;
    case schema::Node::CONST:
        node.kind = NodeKind::Const;
        node.type = LoadType(reader.getConst().getType());
        node.value = LoadValue(reader.getConst().getValue());
        break;
    case schema::Node::ANNOTATION:
        node.kind = NodeKind::Annotation;
        node.type = LoadType(reader.getAnnotation().getType());
        break;
    }
    return node;
}

void LoadSourceInfo(schema::Node::SourceInfo::Reader info, Module& module)
{
    const auto it = module.nodes.find(info.getId());
    if (it == module.nodes.end()) return;
    Node& node = it->second;
    node.doc = LoadDoc(info.getDocComment());
    const auto members = info.getMembers();
    const auto load = [&](auto& list) {
        for (size_t i = 0; i < list.size() && i < members.size(); ++i) {
            list[i].doc = LoadDoc(members[static_cast<unsigned>(i)].getDocComment());
        }
    };
    load(node.fields);
    load(node.enumerants);
    load(node.methods);
}

//! Parameter lists have no scope of their own: give them their interface, and a path through the method.
void NameParameterLists(Module& module)
{
    for (auto& [id, node] : module.nodes) {
        for (const Method& method : node.methods) {
            for (const auto& [list_id, list_name] :
                 {std::pair{method.params_id, "params"}, std::pair{method.results_id, "results"}}) {
                const auto it = module.nodes.find(list_id);
                if (it == module.nodes.end() || it->second.scope_id != 0) continue;
                it->second.implicit = true;
                it->second.scope_id = node.id;
                it->second.name = list_name;
                it->second.path = node.path + "." + method.name + "." + list_name;
            }
        }
    }
}

void SetPath(Module& module, Node& node, const std::string& prefix)
{
    for (const uint64_t id : node.nested) {
        const auto it = module.nodes.find(id);
        if (it == module.nodes.end()) continue;
        it->second.path = prefix + it->second.name;
        SetPath(module, it->second, it->second.path + ".");
    }
    for (const Field& field : node.fields) {
        const auto it = module.nodes.find(field.group_id);
        if (field.group_id == 0 || it == module.nodes.end()) continue;
        it->second.name = field.name;
        it->second.path = prefix + field.name;
        it->second.doc = field.doc;
        SetPath(module, it->second, it->second.path + ".");
    }
}

} // namespace

Module Load(schema::CodeGeneratorRequest::Reader request)
{
    KJ_REQUIRE(request.getRequestedFiles().size() == 1, "expected one schema file");
    Module module;
    const auto file = request.getRequestedFiles()[0];
    module.file_id = file.getId();
    for (const auto import : file.getImports()) module.imports.push_back({import.getId(), Copy(import.getName())});

    for (const auto reader : request.getNodes()) module.nodes.emplace(reader.getId(), LoadNode(reader));
    for (const auto reader : request.getNodes()) {
        for (const auto nested : reader.getNestedNodes()) {
            const auto it = module.nodes.find(nested.getId());
            if (it != module.nodes.end()) it->second.name = Copy(nested.getName());
        }
    }
    for (const auto info : request.getSourceInfo()) LoadSourceInfo(info, module);
    for (auto& [id, node] : module.nodes) {
        if (node.kind == NodeKind::File) SetPath(module, node, "");
    }
    NameParameterLists(module);
    KJ_REQUIRE(module.find(module.file_id) != nullptr, "the schema file is missing from the compiler's output");
    return module;
}

} // namespace mp::gen
