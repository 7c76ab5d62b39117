#!/usr/bin/env bash
# Installs what Monocle needs, and the packages given as arguments, where this Debian or Ubuntu machine lacks them. The Swift
# toolchain itself comes from swift.org.
set -euo pipefail

packages=(libturbojpeg0-dev libspng-dev libwebp-dev libcairo2-dev libxml2-dev poppler-utils ffmpeg pkg-config)
# The fonts of `monocle documents` (Sources/Documents/Looks.swift).
packages+=(fonts-dejavu-core fonts-liberation fonts-roboto-unhinted fonts-crosextra-carlito fonts-crosextra-caladea)
packages+=(fonts-linuxlibertine fonts-open-sans fonts-inconsolata)
packages+=("$@")
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing ${missing[*]}" >&2
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi
if ! command -v swift >/dev/null; then
    echo "Swift is missing: install Swift 6.3 from https://www.swift.org/install/linux/ and run this again" >&2
    exit 2
fi
