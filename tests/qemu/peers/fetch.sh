#!/usr/bin/env bash
# Debian's chrony and ntpsec, the peers that the firmware is tested against:
# downloaded and unpacked below the build folder, never installed. What is
# there already is kept, so this works offline after the first time.
set -euo pipefail
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
    deb=$(find "$debs" -name "$1_*.deb" | sort | tail -n 1)
    if [ -z "$deb" ]; then
        download "$1"
        deb=$(find "$debs" -name "$1_*.deb" | sort | tail -n 1)
    fi
    rm -rf "$build/peers/$1" "$build/peers/$1.new"
    dpkg-deb -x "$deb" "$build/peers/$1.new"
    mv "$build/peers/$1.new" "$build/peers/$1"
    if ldd "$build/peers/$1/$2" | grep 'not found'; then
        echo "fetch: $1 needs libraries that are not installed" >&2
        exit 1
    fi
}

unpack chrony usr/sbin/chronyd
unpack ntpsec usr/sbin/ntpd
