#!/usr/bin/env bash
# Debian's chrony and ntpsec, the peers that the firmware is tested against:
# downloaded and unpacked below the build folder, never installed. What is
# there already is kept, so this works offline after the first time.
#     peers/chrony, peers/ntpsec   this Debian's own
#     peers/trixie                 trixie's chrony with all its libraries
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath -m "${1:-build}")
debs=$build/debs
mkdir -p "$debs" "$build/peers"

# Without package lists (a fresh machine) apt knows nothing to download.
download() {
    (cd "$debs" && apt-get download -q "$1") && return 0
    local root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo)
    "${root[@]}" apt-get update -q
    (cd "$debs" && apt-get download -q "$1")
}

unpack() { # package, program that must then be there
    [ -x "$build/peers/$1/$2" ] && return 0
    local deb
    deb=$(find "$debs" -maxdepth 1 -name "$1_*.deb" | sort | tail -n 1)
    if [ -z "$deb" ]; then
        download "$1"
        deb=$(find "$debs" -maxdepth 1 -name "$1_*.deb" | sort | tail -n 1)
    fi
    rm -rf "$build/peers/$1" "$build/peers/$1.new"
    dpkg-deb -x "$deb" "$build/peers/$1.new"
    mv "$build/peers/$1.new" "$build/peers/$1"
    if ldd "$build/peers/$1/$2" | grep 'not found'; then
        echo "fetch: $1 needs libraries that are not installed" >&2
        exit 1
    fi
}

# ---- chrony 4.6.1 of trixie, by the list in trixie.lock --------------------
# The mirrors are the machine's own: apt is asked which ones it uses.
mirrors() {
    apt-get indextargets --no-release-info --format '$(REPO_URI)' \
        'Created-By: Packages' 'Component: main' | sort -u
}

locked() { # path-below-mirror sha256
    local file mirror
    file=$debs/trixie/$(basename "$1")
    echo "$2  $file" | sha256sum --check --status 2> /dev/null && return 0
    for mirror in $(mirrors); do
        rm -f "$file.part"
        /usr/lib/apt/apt-helper download-file "$mirror$1" "$file.part" \
            > "$debs/trixie/log" 2>&1 || continue
        echo "$2  $file.part" | sha256sum --check --status || continue
        mv "$file.part" "$file"
        return 0
    done
    rm -f "$file.part"
    echo "fetch: no mirror has $1 with the SHA-256 of trixie.lock" >&2
    return 1
}

# A point release takes old files from the mirrors: then the newest ones of
# trixie, by lists that apt keeps apart from the machine's and whose
# signatures it checks.
newest() { # packages...
    local apt=$debs/trixie/apt mirror
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    for mirror in $(mirrors | grep -v security); do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
            "$mirror trixie main"
    done > "$apt/list"
    cat > "$apt/conf" <<EOF
Dir::Etc::SourceList "$apt/list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$apt/lists";
Dir::State::Status "/dev/null";
Dir::Cache "$apt/cache";
APT::Default-Release "";
EOF
    rm -f "$debs"/trixie/*.deb
    # Not every repository of the machine has a trixie.
    APT_CONFIG=$apt/conf apt-get update -q > "$debs/trixie/log" 2>&1 || true
    (cd "$debs/trixie" &&
        APT_CONFIG=$apt/conf apt-get download -q "$@" >> log 2>&1)
}

trixie() {
    local into=$build/peers/trixie path sum deb names=()
    [ -x "$into/usr/sbin/chronyd" ] && return 0
    mkdir -p "$debs/trixie"
    while read -r path sum; do
        names+=("$(basename "$path" | cut -d_ -f1)")
    done < <(grep '^pool' "$here/trixie.lock")
    while read -r path sum; do
        locked "$path" "$sum" && continue
        newest "${names[@]}" && break
        tail -n 3 "$debs/trixie/log" >&2
        return 1
    done < <(grep '^pool' "$here/trixie.lock")
    rm -rf "$into.new"
    mkdir -p "$into.new"
    for deb in "$debs"/trixie/*.deb; do
        dpkg-deb -x "$deb" "$into.new"
    done
    rm -rf "$into" "$debs/trixie/apt"
    mv "$into.new" "$into"
}

unpack chrony usr/sbin/chronyd
unpack ntpsec usr/sbin/ntpd
trixie
