#!/usr/bin/env bash
# Debian's chrony and ntpsec, the peers that the firmware is tested against:
# downloaded and unpacked below the build folder, never installed. What is
# there already is kept, so this works offline after the first time.
#     peers/chrony, ntpsec, prometheus, collectd-core   this Debian's own
#     peers/trixie                 trixie's chrony with all its libraries
#     peers/watch                  rsyslog and avahi
#     peers/qemu                   a QEMU that knows a Raspberry Pi 4, from
#                                  trixie-backports; where it cannot be had,
#                                  tests/qemu/test_pi4.py is skipped
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

# ---- what a list NAME.lock names, unpacked into one tree -------------------
# The mirrors are the machine's own: apt is asked which ones it uses.
mirrors() {
    apt-get indextargets --no-release-info --format '$(REPO_URI)' \
        'Created-By: Packages' 'Component: main' | sort -u
}

locked() { # name: all files of its lock, by their SHA-256
    local mirror path sum file missing=()
    for mirror in $(mirrors) ""; do
        missing=()
        while read -r path sum; do
            file=$debs/$1/$(basename "$path")
            echo "$sum  $file" | sha256sum --check --status 2> /dev/null ||
                missing+=("$mirror$path" "$file" "SHA256:$sum")
        done < <(grep '^pool' "$here/$1.lock")
        [ "${#missing[@]}" -gt 0 ] || return 0
        [ -z "$mirror" ] || /usr/lib/apt/apt-helper download-file \
            "${missing[@]}" > "$debs/$1/log" 2>&1 || true
    done
    echo "fetch: no mirror has ${missing[0]} with the SHA-256 of $1.lock" >&2
    return 1
}

# A point release takes old files from the mirrors: then the newest ones of
# the suite, by lists that apt keeps apart from the machine's and whose
# signatures it checks.
newest() { # folder suite packages...
    local into=$debs/$1 suite=$2 apt=$debs/$1/apt mirror each
    shift 2
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    for mirror in $(mirrors | grep -v security); do
        for each in "${suite%-backports}" "$suite"; do
            echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
                "$mirror $each main"
        done
    done | sort -u > "$apt/list"
    cat > "$apt/conf" <<EOF
Dir::Etc::SourceList "$apt/list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$apt/lists";
Dir::State::Status "/dev/null";
Dir::Cache "$apt/cache";
APT::Default-Release "$suite";
EOF
    rm -f "$into"/*.deb
    # Not every repository of the machine has a trixie.
    APT_CONFIG=$apt/conf apt-get update -q > "$into/log" 2>&1 || true
    (cd "$into" && APT_CONFIG=$apt/conf apt-get download -q "$@" >> log 2>&1)
}

tree() { # name program suite
    local into=$build/peers/$1 path sum deb names=()
    [ -x "$into/$2" ] && return 0
    mkdir -p "$debs/$1"
    while read -r path sum; do
        names+=("$(basename "$path" | cut -d_ -f1)")
    done < <(grep '^pool' "$here/$1.lock")
    if ! locked "$1" && ! newest "$1" "$3" "${names[@]}"; then
        tail -n 3 "$debs/$1/log" >&2
        return 1
    fi
    rm -rf "$into.new"
    mkdir -p "$into.new"
    for deb in "$debs/$1"/*.deb; do
        dpkg-deb -x "$deb" "$into.new"
    done
    rm -rf "$into" "$debs/$1/apt"
    mv "$into.new" "$into"
}

unpack chrony usr/sbin/chronyd
unpack ntpsec usr/sbin/ntpd
unpack prometheus usr/bin/promtool ||
    echo "fetch: no prometheus: the metrics are not held against it" >&2
unpack collectd-core usr/sbin/collectd ||
    echo "fetch: no collectd: its chrony plugin does not read the board" >&2
tree trixie usr/sbin/chronyd trixie
tree watch usr/sbin/rsyslogd bookworm
tree qemu usr/bin/qemu-system-aarch64 trixie-backports ||
    echo "fetch: no QEMU with a Raspberry Pi 4: its test will be skipped" >&2
