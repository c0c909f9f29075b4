# Shared by the scripts here. Sourced by bash, with the top of the repository as the working directory.

# What any build here needs. Cap'n Proto's CMake package calls pkg-config, but its Debian package doesn't ask for it.
build_packages=(g++ cmake ninja-build pkg-config capnproto libcapnp-dev)

# The same file compiled again, also in another directory, comes from the cache.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi

duration() { # SECONDS
    if (($1 < 60)); then printf '%d s' "$1"; else printf '%d min %d s' $(($1 / 60)) $(($1 % 60)); fi
}

# Prints those that are not installed: none where packages aren't Debian's, since what they hold may well be there.
missing_packages() { # PACKAGE...
    command -v dpkg-query >/dev/null || return 0
    local package
    for package; do
        dpkg-query --show --showformat '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            printf '%s\n' "$package"
    done
}

as_root() { # COMMAND...
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# Prints to standard output what goes on, and as its last line why if it fails.
install_packages() { # PACKAGE...
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300)
    local install=(as_root "${apt[@]}" install --no-install-recommends "$@")
    if ! command -v apt-get >/dev/null; then
        echo "packages are missing, and there is no apt-get: $*"
        return 1
    fi
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        echo "packages are missing, and only root can install them (there is no sudo): apt-get install $*"
        return 1
    fi
    # A fresh machine has no lists yet, and those of an old one name files that are gone.
    "${install[@]}" </dev/null 2>&1 && return 0
    as_root "${apt[@]}" update </dev/null 2>&1
    "${install[@]}" </dev/null 2>&1 && return 0
    echo "packages are missing, and apt-get can't install them: $*"
    return 1
}

say() { # WHAT
    printf '%s: %s\n' "$script" "$*" >&2
}

build_failed() { # LOG WHAT
    say "$2 failed; the end of $1:"
    tail -n 25 "$1" >&2
    exit 1
}

# Builds one target in build/NAME, for a script that people run and whose path is in $script. Installs what is missing;
# says on standard error what goes on, and has the rest in a log. The script ends with exit code 1 when that fails.
build_target() { # NAME TARGET CMAKE-ARGUMENT...
    local dir=build/$1 log=$PWD/build/$1.log target=$2 missing
    shift 2
    mkdir -p build
    exec 9>"$dir.lock"
    flock 9
    : >"$log"
    mapfile -t missing < <(missing_packages "${build_packages[@]}")
    if ((${#missing[@]} > 0)); then
        say "installing ${missing[*]}"
        install_packages "${missing[@]}" >>"$log" || build_failed "$log" installing
    fi
    configure "$dir" "$@" >>"$log" 2>&1 </dev/null || build_failed "$log" configuring
    if ! ninja -C "$dir" -n "$target" 2>&1 </dev/null | grep -q 'no work to do'; then say "building (log: $log)"; fi
    cmake --build "$dir" --target "$target" >>"$log" 2>&1 </dev/null || build_failed "$log" building
    exec 9>&-
}

# Makes a build tree, anew if it was made otherwise or somewhere else. One that fits is left to Ninja.
configure() { # DIRECTORY CMAKE-ARGUMENT...
    local dir=$1
    local made=$dir/made-by-ci
    shift
    if [[ -f $made ]] && printf '%s\n' "$PWD" "$@" | cmp -s - "$made"; then return 0; fi
    rm -rf "$dir"
    mkdir -p "$dir"
    cmake -S . -B "$dir" -G Ninja "$@" && printf '%s\n' "$PWD" "$@" >"$made"
}
