#include "check.h"
#include "compiler.h"
#include "error.h"
#include "load.h"
#include "options.h"
#include "output.h"
#include "print-cpp.h"

#include <capnp/serialize.h>
#include <cstring>
#include <iostream>
#include <kj/exception.h>

// mpgen: C++ classes that call, and serve, the interfaces of a Cap'n Proto schema.

namespace mp::gen {
namespace {

Module ReadRequest(const std::string& bytes, std::string& ret_name)
{
    // Copied, since words must be aligned.
    kj::Array<capnp::word> words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
    std::memcpy(words.begin(), bytes.data(), words.asBytes().size());
    capnp::ReaderOptions options;
    options.traversalLimitInWords = UINT64_MAX;
    capnp::FlatArrayMessageReader message(words, options);
    const auto request = message.getRoot<capnp::schema::CodeGeneratorRequest>();
    Module module = Load(request);
    const auto name = request.getRequestedFiles()[0].getFilename();
    ret_name = std::string(name.begin(), name.size());
    return module;
}

void Generate(const Options& options)
{
    const Staging staging;
    const std::string request = RunCompiler({MPGEN_CAPNP, MPGEN_CAPNPC_CXX}, options, staging.path());
    std::string name;
    const Module module = ReadRequest(request, name);
    const std::vector<std::string> errors = Check(module);
    if (!errors.empty()) {
        for (size_t i = 0; i + 1 < errors.size(); ++i) std::cerr << "mpgen error: " << errors[i] << "\n";
        throw Error(errors.back());
    }
    const CppNames names{options.src_file, options.output, options.include, module.file_id};
    std::map<std::string, std::string> files;
    for (const char* suffix : {".h", ".c++"}) {
        files[options.output + suffix] = ReadFile(staging.path() + "/" + name + suffix);
    }
    files[options.output + ".proxy.h"] = PrintCppHeader(module, names);
    files[options.output + ".proxy-types.h"] = PrintCppTypes(module, names);
    files[options.output + ".proxy-client.c++"] = PrintCppClient(module, names);
    files[options.output + ".proxy-server.c++"] = PrintCppServer(module, names);
    files[options.output + ".proxy-types.c++"] = PrintCppSource(names);
    staging.commit(files);
}

int Main(const std::vector<std::string>& args)
{
    if (args.size() < 3) {
        std::cerr << USAGE << "\n";
        return 1;
    }
    const auto fail = [](const std::string& text) {
        std::cerr << "mpgen error: " << text << "\n";
        return 1;
    };
    try {
        Generate(ParseOptions(args, {MPGEN_INSTALL_INCLUDE_DIR, MPGEN_CAPNP_INCLUDE_DIR}));
        return 0;
    } catch (const kj::Exception& e) {
        return fail(kj::str(e).cStr());
    } catch (const std::exception& e) {
        return fail(e.what());
    } catch (...) {
        return fail("unknown exception");
    }
}

} // namespace
} // namespace mp::gen

int main(int argc, char** argv) { return mp::gen::Main({argv + (argc > 0), argv + argc}); }
