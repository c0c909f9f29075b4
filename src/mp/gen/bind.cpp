#include "bind.h"

#include "names.h"

#include <algorithm>

namespace mp::gen {
namespace {

const Field* FindField(const Node& node, const std::string& name)
{
    for (const Field& field : node.fields) {
        if (field.name == name) return &field;
    }
    return nullptr;
}

//! Whether the field only says something of another field: hasX of x in the same list, wantX of x in either.
bool IsCompanion(const Node& node, const Node* other, const Field& field)
{
    if (field.group_id != 0 || field.type.kind != Kind::Bool) return false;
    const auto strip = [&](const std::string& prefix) {
        if (field.name.size() <= prefix.size() || field.name.compare(0, prefix.size(), prefix) != 0)
            return std::string();
        return field.name.substr(prefix.size());
    };
    const auto names = [](const Node& list, const std::string& capitalized) {
        return !capitalized.empty() && std::any_of(list.fields.begin(), list.fields.end(), [&](const Field& candidate) {
            return candidate.name != capitalized && Capitalized(candidate.name) == capitalized;
        });
    };
    if (names(node, strip("has"))) return true;
    const std::string wanted = strip("want");
    return other != nullptr && (names(node, wanted) || names(*other, wanted));
}

int Count(const Module& module, const Field& field)
{
    if (field.annotations.count) return *field.annotations.count;
    if (field.type.kind == Kind::Struct || field.type.kind == Kind::Interface) {
        const Node* type = module.find(field.type.id);
        if (type != nullptr && type->annotations.count) return *type->annotations.count;
    }
    return 1;
}

BoundField BindField(const Module& module, const Node& params, const Node& results, const std::string& name)
{
    BoundField bound;
    bound.name = name;
    bound.params = FindField(params, name);
    bound.results = FindField(results, name);
    const auto every = [&](auto&& predicate) {
        return (bound.params == nullptr || predicate(params, *bound.params)) &&
               (bound.results == nullptr || predicate(results, *bound.results));
    };
    bound.optional = every([&](const Node& list, const Field&) { return FindCompanion(list, "has", name) != nullptr; });
    bound.boxed = every([](const Node&, const Field& field) { return IsPointer(field.type); });
    bound.requested = FindCompanion(params, "want", name) != nullptr;
    bound.context = bound.field().type.kind == Kind::Struct && bound.field().type.id == CONTEXT_ID;
    bound.skip = bound.field().annotations.skip;
    bound.count = bound.skip ? 0 : Count(module, bound.field());
    return bound;
}

void CollectSuperclasses(const Module& module, const Node& interface, std::vector<const Node*>& out)
{
    for (const Superclass& superclass : interface.superclasses) {
        const Node* node = module.find(superclass.id);
        if (node == nullptr || std::find(out.begin(), out.end(), node) != out.end()) continue;
        CollectSuperclasses(module, *node, out);
        out.push_back(node);
    }
}

void CollectNodes(const Module& module, const Node& scope, NodeKind kind, std::vector<const Node*>& out)
{
    for (const uint64_t id : scope.nested) {
        const Node* node = module.find(id);
        if (node == nullptr) continue;
        if (node->kind == kind) out.push_back(node);
        CollectNodes(module, *node, kind, out);
    }
}

} // namespace

const BoundField* BoundMethod::context() const
{
    for (const BoundField& argument : arguments) {
        if (argument.context && argument.params != nullptr) return &argument;
    }
    return nullptr;
}

bool BoundMethod::hasOutput() const
{
    return result || !exceptions.empty() ||
           std::any_of(arguments.begin(), arguments.end(), [](const BoundField& a) { return a.results != nullptr; });
}

const Field* FindCompanion(const Node& node, const char* prefix, const std::string& name)
{
    const Field* field = FindField(node, prefix + Capitalized(name));
    return field != nullptr && field->group_id == 0 && field->type.kind == Kind::Bool ? field : nullptr;
}

BoundMethod Bind(const Module& module, const Node& interface, const Method& method)
{
    BoundMethod bound;
    bound.interface = &interface;
    bound.method = &method;
    bound.params = &module.nodes.at(method.params_id);
    bound.results = &module.nodes.at(method.results_id);
    bound.role = method.name == "construct" ? Role::Construct : method.name == "destroy" ? Role::Destroy : Role::Method;

    const auto add = [&](const Field& field, bool is_result) {
        BoundField argument = BindField(module, *bound.params, *bound.results, field.name);
        if (is_result && field.annotations.exception) {
            argument.count = 0;
            bound.exceptions.push_back(argument);
        } else if (is_result && field.name == "result" && argument.count == 1) {
            argument.count = 0;
            bound.result = argument;
        } else {
            argument.first = bound.arity;
            bound.arity += std::max(argument.count, 0);
            bound.arguments.push_back(argument);
        }
    };
    for (const Field& field : bound.params->fields) {
        if (!IsCompanion(*bound.params, bound.results, field)) add(field, false);
    }
    for (const Field& field : bound.results->fields) {
        if (FindField(*bound.params, field.name) == nullptr && !IsCompanion(*bound.results, nullptr, field)) {
            add(field, true);
        }
    }
    return bound;
}

std::vector<const Node*> AllSuperclasses(const Module& module, const Node& interface)
{
    std::vector<const Node*> out;
    CollectSuperclasses(module, interface, out);
    return out;
}

std::vector<BoundMethod> BindAll(const Module& module, const Node& interface)
{
    std::vector<const Node*> interfaces = AllSuperclasses(module, interface);
    interfaces.push_back(&interface);
    std::vector<BoundMethod> out;
    for (const Node* declaring : interfaces) {
        for (const Method& method : declaring->methods) out.push_back(Bind(module, *declaring, method));
    }
    return out;
}

std::vector<BoundMethod> BindClient(const Module& module, const Node& interface)
{
    const std::vector<BoundMethod> all = BindAll(module, interface);
    std::vector<BoundMethod> out;
    for (auto it = all.begin(); it != all.end(); ++it) {
        const bool replaced = it->role != Role::Method &&
                              std::any_of(it + 1, all.end(), [&](const auto& other) { return other.role == it->role; });
        if (!replaced) out.push_back(*it);
    }
    return out;
}

std::vector<BoundField> BindStruct(const Node& node)
{
    std::vector<BoundField> out;
    for (const Field& field : node.fields) {
        if (IsCompanion(node, nullptr, field)) continue;
        BoundField bound;
        bound.name = field.name;
        bound.params = &field;
        bound.optional = FindCompanion(node, "has", field.name) != nullptr;
        bound.boxed = field.group_id == 0 && IsPointer(field.type);
        bound.skip = field.annotations.skip;
        out.push_back(bound);
    }
    return out;
}

std::vector<const Node*> WrappedInterfaces(const Module& module)
{
    std::vector<const Node*> out;
    CollectNodes(module, module.file(), NodeKind::Interface, out);
    std::erase_if(out, [](const Node* node) { return !node->annotations.wrap; });
    return out;
}

std::vector<const Node*> Structs(const Module& module)
{
    std::vector<const Node*> out;
    CollectNodes(module, module.file(), NodeKind::Struct, out);
    // The parameters of a type around it can't be deduced from a nested class.
    std::erase_if(out, [&](const Node* node) { return module.nodes.at(node->scope_id).generic; });
    return out;
}

} // namespace mp::gen
