#include "check.h"

#include "bind.h"
#include "names.h"
#include "text.h"

#include <algorithm>
#include <map>
#include <set>

namespace mp::gen {
namespace {

bool IsSpecial(const Method& method) { return method.name == "construct" || method.name == "destroy"; }

//! Why a text of an annotation is not the name of a class; nothing if it may be one.
const char* NoClass(const std::string& text)
{
    if (text.find_first_not_of(' ') == std::string::npos) return " names no class";
    if (text.find_first_of("\n\r;{}\"") != std::string::npos) return " is not the name of a class";
    return nullptr;
}

class Checker
{
public:
    explicit Checker(const Module& module) : m_module(module) {}

    std::vector<std::string> run();

private:
    void error(const std::string& path, const std::string& reason)
    {
        m_errors.push_back(Cat(m_module.file().path, ": ", path.empty() ? "" : path + ": ", reason));
    }

    void checkAll(const Node& scope);
    void checkWrap(const Node& node);
    void checkInterface(const Node& node);
    void checkSuperclasses(const Node& node);
    void checkMethod(const Node& interface, const Method& method);
    bool checkLists(const Method& method, const std::string& path);
    void checkFields(const BoundMethod& bound);
    void checkParam(const BoundMethod& bound, const BoundField& field);
    void checkCompanions(const BoundMethod& bound, const BoundField& field);
    void checkResult(const BoundMethod& bound);
    void checkRole(const BoundMethod& bound, const std::string& path);
    void checkStruct(const Node& node);
    void checkName(const std::string& path, const Annotations& annotations);

    bool declaredBefore(const Node& first, const Node& second) const
    {
        const std::vector<uint64_t>& order = m_module.nodes.at(first.scope_id).nested;
        return std::find(order.begin(), order.end(), first.id) < std::find(order.begin(), order.end(), second.id);
    }

    static std::string fieldPath(const BoundMethod& bound, const BoundField& field)
    {
        return Cat((field.params != nullptr ? bound.params : bound.results)->path, ".", field.name);
    }

    const Module& m_module;
    std::vector<std::string> m_errors;
    std::set<std::string> m_wrapped;
};

std::vector<std::string> Checker::run()
{
    const auto check_headers = [&](const std::vector<std::string>& names, const char* annotation) {
        for (const std::string& name : names) {
            if (name.empty()) error("", Cat("empty $", annotation));
            if (name.find_first_of("\n\r\"") != std::string::npos) {
                error("", Cat("$", annotation, " is not the name of a header"));
            }
        }
    };
    check_headers(m_module.file().annotations.include, "include");
    check_headers(m_module.file().annotations.include_types, "includeTypes");
    checkAll(m_module.file());
    return std::move(m_errors);
}

void Checker::checkAll(const Node& scope)
{
    for (const uint64_t id : scope.nested) {
        const Node* node = m_module.find(id);
        if (node == nullptr) continue;
        if (node->annotations.wrap) checkWrap(*node);
        if (node->kind == NodeKind::Interface && node->annotations.wrap) checkInterface(*node);
        if (node->kind == NodeKind::Struct && node->annotations.wrap) checkStruct(*node);
        checkAll(*node);
    }
}

void Checker::checkWrap(const Node& node)
{
    const std::string& wrap = *node.annotations.wrap;
    if (const char* reason = NoClass(wrap)) error(node.path, Cat("$wrap", reason));
    if (node.generic) error(node.path, "a generic type, or one inside a generic type, can't have $wrap");
    // Two schema types for one class would be two mappings of it; interfaces that wrap a template have none.
    if (node.kind == NodeKind::Interface && wrap.find('<') != std::string::npos) return;
    if (!m_wrapped.insert(wrap).second) error(node.path, Cat("$wrap(", Quoted(wrap), ") is given to another type too"));
}

void Checker::checkInterface(const Node& node)
{
    checkSuperclasses(node);
    std::map<std::string, const Node*> inherited;
    for (const Node* superclass : AllSuperclasses(m_module, node)) {
        for (const Method& method : superclass->methods) {
            if (IsSpecial(method)) continue;
            const auto [it, added] = inherited.emplace(method.name, superclass);
            if (!added) {
                error(node.path, Cat("its superclasses ", it->second->path, " and ", superclass->path,
                                     " both have a method ", method.name));
            }
        }
    }
    for (const Method& method : node.methods) {
        if (inherited.count(method.name) != 0) {
            error(node.path + "." + method.name, "a superclass has a method of this name");
        }
        checkMethod(node, method);
    }
}

void Checker::checkSuperclasses(const Node& node)
{
    for (const Superclass& superclass : node.superclasses) {
        const Node* base = m_module.find(superclass.id);
        if (base == nullptr) {
            error(node.path, "a superclass is missing from the compiler's output");
        } else if (!base->annotations.wrap) {
            error(node.path, Cat("superclass ", base->path, " has no $wrap"));
        } else if (base->scope_id == node.scope_id && !declaredBefore(*base, node)) {
            // Cap'n Proto accepts it, and then writes C++ that has them in the same order.
            error(node.path, Cat("superclass ", base->path, " must be declared before it"));
        }
    }
}

void Checker::checkMethod(const Node& interface, const Method& method)
{
    const std::string path = interface.path + "." + method.name;
    checkName(path, method.annotations);
    if (!checkLists(method, path)) return;
    const BoundMethod bound = Bind(m_module, interface, method);
    checkFields(bound);
    checkResult(bound);
    checkRole(bound, path);
}

bool Checker::checkLists(const Method& method, const std::string& path)
{
    const size_t before = m_errors.size();
    if (method.streaming) error(path, "\"-> stream\" has no C++ mapping");
    if (!method.type_params.empty()) error(path, "a generic method has no C++ mapping");
    const Node* params = m_module.find(method.params_id);
    const Node* results = m_module.find(method.results_id);
    if (params == nullptr || results == nullptr) {
        error(path, "parameters or results are missing from the compiler's output");
    } else if (!params->implicit) {
        // Specializations by parameter class tell methods apart.
        error(path, Cat("takes struct ", params->path, " as its parameters: give it a parameter list of its own"));
    }
    return m_errors.size() == before;
}

void Checker::checkFields(const BoundMethod& bound)
{
    std::set<std::string> names;
    for (const BoundField& field : bound.arguments) {
        const std::string path = fieldPath(bound, field);
        checkParam(bound, field);
        checkCompanions(bound, field);
        if (field.context && field.results != nullptr) error(path, "a Context can't be a result");
        if (field.context && field.params != nullptr && field.name != bound.context()->name) {
            error(path, Cat("there is a Context already, ", bound.context()->name));
        }
        for (int i = 0; i < field.count; ++i) {
            const std::string name = field.count == 1 ? field.name : Cat(field.name, i);
            if (!names.insert(name).second) error(path, Cat("two C++ parameters are called ", name));
        }
    }
    for (const BoundField& field : bound.exceptions) {
        if (const char* reason = NoClass(*field.results->annotations.exception)) {
            error(fieldPath(bound, field), Cat("$exception", reason));
        }
        if (!field.boxed && !field.optional) {
            error(fieldPath(bound, field), "an exception needs a type that can be absent, such as Text or a struct");
        }
    }
}

void Checker::checkParam(const BoundMethod& bound, const BoundField& field)
{
    const std::string path = fieldPath(bound, field);
    if (field.params != nullptr && field.params->annotations.exception) error(path, "$exception is for results only");
    if (field.count < 0 || field.count > 100) error(path, Cat("$count(", field.count, ") is out of range"));
    if (field.context && field.count != 0) error(path, "a Context stands for no C++ argument");
    if (field.params == nullptr || field.results == nullptr) return;
    if (field.results->annotations.exception) error(path, "a parameter and an exception have the same name");
    const auto& count = field.results->annotations.count;
    if (count && *count != field.count) {
        error(path, Cat("$count differs between parameter (", field.count, ") and result (", *count, ")"));
    }
}

void Checker::checkCompanions(const BoundMethod& bound, const BoundField& field)
{
    if (field.params == nullptr || field.results == nullptr) return;
    const bool in = FindCompanion(*bound.params, "has", field.name) != nullptr;
    const bool out = FindCompanion(*bound.results, "has", field.name) != nullptr;
    if (in != out) {
        error(fieldPath(bound, field),
              Cat("has", Capitalized(field.name), " is missing in the ", in ? "results" : "parameters"));
    }
}

void Checker::checkResult(const BoundMethod& bound)
{
    const Field* result = nullptr;
    for (const BoundField& field : bound.arguments) {
        if (field.params == nullptr && field.name == "result") result = field.results;
    }
    if (result != nullptr && result->annotations.count.value_or(0) > 1) {
        error(bound.results->path + ".result", "the result can't stand for several C++ values");
    }
}

void Checker::checkRole(const BoundMethod& bound, const std::string& path)
{
    if (bound.method->annotations.pool) {
        if (bound.context()) error(path, "$pool is for methods without a Context, which says where they run");
        if (bound.role == Role::Construct) error(path, "$pool: construct runs on the event loop");
    }
    if (bound.role == Role::Method) return;
    if (bound.arity != 0 || bound.result || !bound.exceptions.empty()) {
        error(path,
              Cat(bound.method->name, " is not a C++ method: it can't have C++ arguments, results or exceptions"));
    }
    if (bound.method->annotations.name) error(path, "$name has no meaning here");
}

void Checker::checkStruct(const Node& node)
{
    for (const BoundField& field : BindStruct(node)) {
        const std::string path = node.path + "." + field.name;
        checkName(path, field.params->annotations);
        if (field.params->group_id != 0 && !field.skip) {
            error(path, "a group or a named union has no C++ mapping: give it $skip");
        }
    }
}

void Checker::checkName(const std::string& path, const Annotations& annotations)
{
    if (annotations.name && !IsIdentifier(*annotations.name)) {
        error(path, Cat("$name(", Quoted(*annotations.name), ") is not a C++ identifier"));
    }
}

} // namespace

std::vector<std::string> Check(const Module& module) { return Checker(module).run(); }

} // namespace mp::gen
