about="g++ with Cap'n Proto 1.x, built from the source package of a newer Debian release"
release=trixie
prefix=$PWD/build/ci/capnp-$release
cmake_args=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DMP_WERROR=ON "-DCMAKE_PREFIX_PATH=$prefix")
targets+=(mpbench)

# Where this machine gets Debian's packages from, with directories of apt's own so that its state stays as it is.
fetch() {
    local work=$prefix.source mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    command -v apt-get >/dev/null || { echo "there is no apt-get"; return 1; }
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk '$2 !~ /-security/ && $3 == "main" {print $1; exit}')
    [[ $mirror ]] || { echo "apt-get has no mirror"; return 1; }
    rm -rf "$work"
    mkdir -p "$work"/{lists,cache}/partial "$work/cache/archives/partial"
    echo "deb-src $([[ -f $keyring ]] && echo "[signed-by=$keyring]") $mirror $release main" >"$work/sources.list"
    local apt=(apt-get -q
        -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache"
        -o APT::Sandbox::User=root -o Acquire::Languages=none)
    "${apt[@]}" update && (cd "$work" && "${apt[@]}" source --download-only --tar-only capnproto) || return 1
    tar -C "$work" -xf "$work"/capnproto_*.orig.tar.*
}

# Static libraries: no test has to find them when it runs.
make_capnp() {
    local work=$prefix.source
    cmake -S "$work"/capnproto-c++-* -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
        -DCMAKE_POSITION_INDEPENDENT_CODE=ON "-DCMAKE_INSTALL_PREFIX=$prefix.new" &&
        cmake --build "$work/build" --parallel "$parallel" &&
        cmake --install "$work/build" &&
        mv "$prefix.new" "$prefix" &&
        rm -rf "$work"
}

main() {
    if [[ ! -d $prefix ]]; then
        fetch >"$logs/$job.fetch.log" 2>&1 </dev/null ||
            not_run "the source of Cap'n Proto 1.x can't be had from Debian $release (log: $logs/$job.fetch.log)"
        step "build Cap'n Proto" make_capnp
    fi
    configure_step
    build_step "${targets[@]}"
    test_step test
}
