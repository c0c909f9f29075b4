#ifndef MP_GEN_OPTIONS_H
#define MP_GEN_OPTIONS_H

#include <string>
#include <vector>

namespace mp::gen {

struct Options
{
    std::string src_prefix;
    std::string src_file;
    //! Directories for absolute imports, in the order of search.
    std::vector<std::string> import_paths;
    //! Where outputs go, relative to the working directory: "dir/foo.capnp".
    std::string output;
    //! How generated code includes them: "dir/foo.capnp".
    std::string include;
};

//! The usage line.
extern const char* const USAGE;

//! Take apart SRC_PREFIX INCLUDE_PREFIX SRC_FILE [IMPORT_PATH...]; there are at least three.
//! @param standard_imports  appended to the import paths, those that exist
//! @throws Error
Options ParseOptions(const std::vector<std::string>& args, const std::vector<std::string>& standard_imports);

} // namespace mp::gen

#endif // MP_GEN_OPTIONS_H
