# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts share: where things are kept and which kernel is built.
#
# Everything expensive lives outside the checkout, in $EMD_CACHE, and is keyed
# by what went into it; removing the cache costs time and nothing else.

# shellcheck disable=SC2034
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${EMD_CACHE:-$HOME/.cache/emd}
SOURCE_PACKAGE=linux-source-6.12
JOBS=${JOBS:-$(nproc)}

die()
{
	echo "$0: $*" >&2
	exit 1
}

say()
{
	echo "$*" >&2
}

# Version of the installed kernel source; names everything built from it.
source_version()
{
	# shellcheck disable=SC2016
	dpkg-query -W -f='${Version}' "$SOURCE_PACKAGE" 2>/dev/null ||
		die "$SOURCE_PACKAGE is not installed; run scripts/setup.sh"
}

# Run a command with its output in a log file; show the end of it on failure.
logged()
{
	local log=$1 ret=0

	shift
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 || ret=$?
	if [ "$ret" -ne 0 ]; then
		grep -nE '(error|warning|Error [0-9]|undefined|multiple def)' "$log" | head -40 >&2
		tail -n 15 "$log" >&2
		say "failed ($ret): $* (log: $log)"
	fi
	return "$ret"
}
