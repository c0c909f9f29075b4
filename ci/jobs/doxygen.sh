about="Doxygen's warnings about the public headers are errors"
packages=(doxygen)

# A template that derives from another instance of itself is no recursion, whatever Doxygen says.
check() {
    local warnings=$logs/$job.warnings
    mkdir -p build/ci/doxygen
    doxygen - <<END || return 1
INPUT = include/mp
RECURSIVE = YES
EXTRACT_ALL = YES
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
XML_OUTPUT = build/ci/doxygen
XML_PROGRAMLISTING = NO
AUTOLINK_SUPPORT = NO
MACRO_EXPANSION = YES
PREDEFINED = MP_API= MP_NODISCARD= MP_BEGIN_DECLS= MP_END_DECLS=
QUIET = YES
WARN_IF_UNDOCUMENTED = NO
WARN_IF_INCOMPLETE_DOC = NO
WARN_LOGFILE = $warnings
END
    ! grep -vE 'potential recursive class relation|^$' "$warnings"
}

main() { step doxygen check; }
