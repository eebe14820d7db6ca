#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Install the module through DKMS and the tool with all that belongs to it.
#
#   scripts/install.sh [--remove]       DESTDIR= stages the tool and the module's
#                                       sources only, for a package

set -euo pipefail
. "$(dirname "$0")/lib.sh"

VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TOP/dkms.conf")
DEST=${DESTDIR:-}
SOURCES=$DEST/usr/src/emd-$VERSION

if [ -z "$DEST" ] && [ "$(id -u)" -ne 0 ]; then
	die "only root can install; or stage with DESTDIR="
fi

if [ "${1:-}" = --remove ]; then
	if [ -z "$DEST" ] && command -v dkms >/dev/null; then
		dkms remove "emd/$VERSION" --all || true
	fi
	rm -rf "$SOURCES"
	make -s -C "$TOP/tools/emdctl" uninstall DESTDIR="$DEST"
	exit
fi

make -s -C "$TOP/tools/emdctl" install DESTDIR="$DEST"
rm -rf "$SOURCES"
mkdir -p "$SOURCES"
(cd "$TOP" && git ls-files -co --exclude-standard drivers include dkms.conf 2>/dev/null ||
	find drivers include dkms.conf -type f -name '*[!o]') |
	grep -E '(\.[ch]|Makefile|Kconfig|dkms\.conf)$' |
	(cd "$TOP" && tar -cf - -T -) | tar -xf - -C "$SOURCES"

[ -z "$DEST" ] || exit 0
if ! command -v dkms >/dev/null; then
	die "the tool and the module's sources are installed; apt-get install dkms, then run this again"
fi
dkms remove "emd/$VERSION" --all >/dev/null 2>&1 || true
dkms add "emd/$VERSION"
dkms install "emd/$VERSION" -k "$(uname -r)" || dkms install "emd/$VERSION" -k "$("$TOP/scripts/kernel.sh" stock-version)"
if command -v udevadm >/dev/null; then
	udevadm control --reload || true
fi
say "modprobe emd loads it; emdctl list shows what it found"
