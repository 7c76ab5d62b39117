#!/usr/bin/env bash
# Installs what Monocle needs, and the packages given as arguments, where this Debian or Ubuntu machine lacks them. Packages after
# the word --optional may be missing from the system's archive: a line then says which. The Swift toolchain itself comes from
# swift.org.
set -euo pipefail

packages=(libturbojpeg0-dev libspng-dev libwebp-dev libcairo2-dev libxml2-dev poppler-utils ffmpeg pkg-config)
# The fonts of `monocle documents` (Sources/Documents/Looks.swift).
packages+=(fonts-dejavu-core fonts-liberation fonts-roboto-unhinted fonts-crosextra-carlito fonts-crosextra-caladea)
packages+=(fonts-linuxlibertine fonts-open-sans fonts-inconsolata)
while [ $# -gt 0 ] && [ "$1" != --optional ]; do packages+=("$1"); shift; done
optional=("${@:2}")

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
is_listed=
is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }
install() {
    echo "installing $*" >&2
    [ -n "$is_listed" ] || "${as_root[@]}" apt-get update -qq
    is_listed=yes
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

missing=()
for package in "${packages[@]}"; do is_installed "$package" || missing+=("$package"); done
[ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
for package in "${optional[@]}"; do
    is_installed "$package" || install "$package" \
        || echo "$package cannot be installed here; tests that need it are skipped" >&2
done
if ! command -v swift >/dev/null; then
    echo "Swift is missing: install Swift 6.3 from https://www.swift.org/install/linux/ and run this again" >&2
    exit 2
fi
