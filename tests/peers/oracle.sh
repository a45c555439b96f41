#!/usr/bin/env bash
# Debian's Linux for ARM and a busybox, for `make oracle': downloaded and
# unpacked below the build folder, never installed. apt is asked as if this
# were another machine, with lists and a cache of its own.
set -euo pipefail
oracle=$(realpath -m "${1:-build}")/oracle
[ -e "$oracle/root/.done" ] && exit 0
mkdir -p "$oracle/state/lists/partial" "$oracle/cache/archives/partial"
cd "$oracle"
cat > apt.conf << EOF
APT::Architecture "armhf";
APT::Architectures "armhf";
Dir::State "$oracle/state";
Dir::State::status "/dev/null";
Dir::Cache "$oracle/cache";
EOF
export APT_CONFIG=$oracle/apt.conf
apt-get update -q || true # a list that is missing need not be ours
kernel=$(apt-cache depends linux-image-armmp |
    sed -n 's/.*Depends: \(linux-image-.*\)/\1/p')
apt-get download -q "$kernel" busybox-static
rm -rf root
for deb in ./*.deb; do
    dpkg-deb -x "$deb" root
done
touch root/.done
