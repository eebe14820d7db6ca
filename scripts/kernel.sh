#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build the kernels that the tests run on, and say where the result is.
#
#   scripts/kernel.sh source    unpacked kernel source
#   scripts/kernel.sh um        User-Mode Linux with EMD and its KUnit suites
#   scripts/kernel.sh um-md     User-Mode Linux without EMD (md and the rest)
#   scripts/kernel.sh debug     x86-64 kernel with the debug options, no EMD
#   scripts/kernel.sh debug-build   its build tree, for external modules
#   scripts/kernel.sh builtin   the same kernel with EMD built in
#   scripts/kernel.sh stock     the installed Debian kernel (vmlinuz)
#   scripts/kernel.sh stock-build   its headers, for external modules
#
# The path is the only thing on stdout. A second run does only what changed.
#
# There is one source tree, with EMD dropped into it as a mainline tree would
# have it, and one build tree for each kernel. The result of a build that
# contains EMD is copied to out/, so that another checkout which shares the
# cache does not pull it away from under a test.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

CONFIGS=$TOP/scripts/kernel
OUT=$TOP/out/kernel

unpack_source()
{
	local dir=$CACHE/linux-$VERSION tar=/usr/src/$SOURCE_PACKAGE.tar.xz

	if [ ! -e "$dir/.unpacked" ]; then
		[ -e "$tar" ] || die "$tar is missing; run scripts/setup.sh"
		say "unpacking $tar"
		rm -rf "$dir" "$dir.new"
		mkdir -p "$dir.new"
		tar -C "$dir.new" --strip-components=1 -xJf "$tar"
		touch "$dir.new/.unpacked"
		mv "$dir.new" "$dir"
	fi
	[ -e "$CACHE/linux-source" ] || ln -sfn "$dir" "$CACHE/linux-source"
	echo "$dir"
}

# Replace a file of the hard-linked tree without touching the original.
edit()
{
	local file=$1

	shift
	sed "$@" "$file" >"$file.emd"
	mv -f "$file.emd" "$file"
}

# A copy of the source that knows about drivers/emd. Hard links: only the two
# files that change and EMD itself take room.
emd_source()
{
	local plain tree=$CACHE/tree-$VERSION

	plain=$(unpack_source)
	if [ ! -e "$tree/.prepared-2" ]; then
		say "preparing $tree"
		rm -rf "$tree"
		cp -al "$plain" "$tree"
		edit "$tree/drivers/Kconfig" 's|^endmenu$|source "drivers/emd/Kconfig"\n\nendmenu|'
		edit "$tree/drivers/Makefile" '$a obj-$(CONFIG_BLK_DEV_EMD)\t+= emd/'
		# User-Mode Linux hands the whole register state of a process back
		# to the host, which takes nothing less: make room for that of
		# processors with tile registers (11008 bytes).
		edit "$tree/arch/x86/um/user-offsets.c" 's|HOST_FP_SIZE, 2696|HOST_FP_SIZE, 12288|'
		mkdir -p "$tree/drivers/emd"
		touch "$tree/.prepared-2"
	fi
	echo "$tree"
}

# Bring the checkout's EMD into the tree. By content, not by time, so that a
# fresh clone rebuilds nothing.
drop_in()
{
	local tree=$1

	# kunit/ becomes tests/ below; an excluded directory is left alone.
	rsync -rc --delete --exclude=/tests --exclude='*.mod.c' --include='*/' \
		--include='*.[chS]' --include=Makefile --include=Kconfig --exclude='*' \
		"$TOP/drivers/emd/" "$tree/drivers/emd/"
	rsync -rc --delete --include='*_kunit.[ch]' --include='*.h' --include=Makefile --exclude='*' \
		"$TOP/kunit/" "$tree/drivers/emd/tests/"
	rsync -c "$TOP/include/uapi/linux/emd.h" "$tree/include/uapi/linux/emd.h"
}

# Every option that a fragment asks for must be there at the end: a missing
# dependency would otherwise silently give a kernel that tests less.
check_config()
{
	local build=$1 line bad=0

	shift
	while read -r line; do
		case $line in
		CONFIG_*=n)
			grep -q "^${line%=n}=" "$build/.config" || continue ;;
		CONFIG_*)
			! grep -qxF "$line" "$build/.config" || continue ;;
		*)	continue ;;
		esac
		say "not honoured by the kernel configuration: $line"
		bad=1
	done < <(cat "$@")
	[ "$bad" -eq 0 ]
}

# configure TREE BUILD ARCH FRAGMENT...
configure()
{
	local tree=$1 build=$2 arch=$3 stamp

	shift 3
	stamp=$(cat "$@" "$tree/drivers/emd/Kconfig" | sha256sum)
	[ "$(cat "$build/.emd-config" 2>/dev/null)" != "$stamp" ] || return 0
	mkdir -p "$build"
	cat "$@" >"$build/.emd-fragment"
	logged "$build/config.log" make -C "$tree" O="$build" ARCH="$arch" \
		KCONFIG_ALLCONFIG="$build/.emd-fragment" allnoconfig
	check_config "$build" "$@" || return 1
	echo "$stamp" >"$build/.emd-config"
}

key()
{
	cat "$@" | sha256sum | cut -c1-10
}

# Hand out a copy in the checkout's out/.
publish()
{
	mkdir -p "$OUT"
	cmp -s "$1" "$OUT/$2" || { cp "$1" "$OUT/$2.new" && mv "$OUT/$2.new" "$OUT/$2"; }
	echo "$OUT/$2"
}

build_um()
{
	local name=$1 tree build

	shift
	tree=$(emd_source)
	build=$CACHE/$name-$VERSION-$(key "$CONFIGS/um.config")
	drop_in "$tree"
	configure "$tree" "$build" um "$CONFIGS/um.config" "$@"
	say "building the $name kernel"
	logged "$OUT/$name.log" make -C "$tree" O="$build" ARCH=um -j"$JOBS" ${W:+W=$W} linux
	publish "$build/linux" "linux-$name"
}

debug_dir()
{
	echo "$CACHE/debug-$VERSION-$(key "$CONFIGS/debug.config")"
}

build_debug()
{
	local tree build

	build=$(debug_dir)
	if [ ! -e "$build/.complete" ]; then
		tree=$(emd_source)
		drop_in "$tree"
		configure "$tree" "$build" x86_64 "$CONFIGS/debug.config"
		say "building the debug kernel"
		logged "$OUT/debug.log" make -C "$tree" O="$build" ARCH=x86_64 -j"$JOBS" bzImage modules
		rm -rf "$build/modroot"
		logged "$OUT/debug-modules.log" make -C "$tree" O="$build" ARCH=x86_64 \
			INSTALL_MOD_PATH="$build/modroot" modules_install
		touch "$build/.complete"
	fi
}

build_builtin()
{
	local tree base build

	build_debug
	base=$(debug_dir)
	build=${base%/*}/builtin-${base##*/debug-}
	tree=$(emd_source)
	if [ ! -e "$build/.complete" ]; then
		rm -rf "$build" "$build.new"
		cp -a "$base" "$build.new"
		# Recorded commands name the directory. Would they differ, objtool
		# would be made anew, and every object after it.
		{ grep -rlF --include='*.cmd' "$base" "$build.new" || true; } | xargs -r sed -i "s|$base|$build|g"
		mv "$build.new" "$build"
	fi
	drop_in "$tree"
	configure "$tree" "$build" x86_64 "$CONFIGS/debug.config" "$CONFIGS/emd.config"
	say "building the kernel with EMD built in"
	logged "$OUT/builtin.log" make -C "$tree" O="$build" ARCH=x86_64 -j"$JOBS" bzImage
	publish "$build/arch/x86/boot/bzImage" bzImage-builtin
}

# The newest Debian 6.12 kernel that has both an image and headers.
stock_version()
{
	local v

	for v in $(cd /lib/modules 2>/dev/null && printf '%s\n' 6.12.* | sort -rV); do
		if [ -e "/boot/vmlinuz-$v" ] && [ -e "/lib/modules/$v/build/Makefile" ]; then
			echo "$v"
			return
		fi
	done
	die "no 6.12 kernel with headers is installed; run scripts/setup.sh"
}

what=${1:-}
case $what in
stock)		echo "/boot/vmlinuz-$(stock_version)"; exit ;;
stock-version)	stock_version; exit ;;
stock-build)	echo "/lib/modules/$(stock_version)/build"; exit ;;
source|um|um-md|debug|debug-build|builtin) ;;
*)		sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

VERSION=$(source_version)
mkdir -p "$CACHE"

# What is finished can be handed out while somebody else builds.
case $what in
source)
	[ ! -e "$CACHE/linux-$VERSION/.unpacked" ] || { echo "$CACHE/linux-$VERSION"; exit; } ;;
debug)
	[ ! -e "$(debug_dir)/.complete" ] || { echo "$(debug_dir)/arch/x86/boot/bzImage"; exit; } ;;
debug-build)
	[ ! -e "$(debug_dir)/.complete" ] || { debug_dir; exit; } ;;
esac

exec 9>"$CACHE/build.lock"
flock 9

case $what in
source)		unpack_source ;;
um)		build_um um "$CONFIGS/emd-kunit.config" ;;
um-md)		build_um um-md ;;
debug)		build_debug; echo "$(debug_dir)/arch/x86/boot/bzImage" ;;
debug-build)	build_debug; debug_dir ;;
builtin)	build_builtin ;;
esac
