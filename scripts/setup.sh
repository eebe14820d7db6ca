#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Make sure that everything the build and the tests need is installed, on
# Debian 12 (amd64). As root, what is missing is installed; otherwise the
# command is printed. Says nothing when all is there.
#
#   scripts/setup.sh          install or tell
#   scripts/setup.sh --list   print the packages

set -euo pipefail
. "$(dirname "$0")/lib.sh"

packages=(
	# the module, and the kernels of the tests
	build-essential bc bison flex libelf-dev libssl-dev kmod cpio rsync xz-utils zstd
	linux-image-6.12-cloud-amd64 linux-headers-6.12-cloud-amd64 linux-source-6.12
	# emdctl
	pkg-config libsmartcols-dev libjson-c-dev libblkid-dev
	# the test machine and what runs in it
	qemu-system-x86 python3 busybox-static dash udev mdadm dmraid fio e2fsprogs
	xfsprogs btrfs-progs dmsetup fdisk util-linux mount jq
	# checks
	sparse perl shellcheck clang libclang-rt-14-dev git
)

if [ "${1:-}" = --list ]; then
	printf '%s\n' "${packages[@]}"
	exit
fi

# shellcheck disable=SC2016
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
	sed -n 's/^installed //p') || true
missing=()
for package in "${packages[@]}"; do
	grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

. /etc/os-release
if [ "${ID:-}" != debian ] || [ "$(dpkg --print-architecture)" != amd64 ]; then
	die "this is made for Debian 12 on amd64; install what corresponds to: ${missing[*]}"
fi

if [ "$(id -u)" -ne 0 ]; then
	say "Some packages are missing. As root, run:"
	say "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
	exit 1
fi

say "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
logged "$TOP/out/setup.log" apt-get update
logged "$TOP/out/setup.log" apt-get install -y --no-install-recommends "${missing[@]}"
