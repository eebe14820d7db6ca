#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The proofs in full: stories of stress for so many seconds, then every scenario that
# has a longer form than the one `make check` runs. They are known by asking for
# EMD_FULL, themselves or in the shared.py beside them. The sum is on the last line.
#
#	scripts/soak.sh SECONDS [arguments of tests/soak/run.py]

set -uo pipefail
. "$(dirname "$0")/lib.sh"
cd "$TOP" || exit 1

scripts/setup.sh || exit 1
make -s -C tools/emdctl || exit 1
tally=$(mktemp)
trap 'rm -f "$tally"' EXIT
began=$SECONDS

with_a_full_form()
{
	local file

	grep -l EMD_FULL tests/*/*.py | while read -r file; do
		file=${file#tests/}
		case $file in
		lib/*) ;;
		*/shared.py) echo "${file%/*}/*" ;;
		*) echo "${file%.py}" ;;
		esac
	done
}

# Those of them that run nowhere else.
for_debug_only()
{
	grep -l EMD_FULL tests/*/*.py | xargs grep -l '^kernels = \["debug"\]' | sed 's,^tests/,,; s,\.py$,,'
}

# part COMMAND...: it counts for itself; what ends before it could has failed.
part()
{
	local before

	before=$(wc -l <"$tally")
	"$@" && return
	[ "$(wc -l <"$tally")" -gt "$before" ] || echo "0 1" >>"$tally"
}

# What the stories say goes on being said; their sum is their last line.
stories()
{
	tests/soak/run.py --seconds "$@" | tee out/soak.log
	local status=${PIPESTATUS[0]}
	sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' out/soak.log >>"$tally"
	return "$status"
}

mkdir -p out
mapfile -t globs < <(with_a_full_form)
mapfile -t debug < <(for_debug_only)
part stories "$@"
part env EMD_FULL=1 tests/run --tally "$tally" "${globs[@]}"
part env EMD_FULL=1 tests/run --tally "$tally" --kernel debug "${debug[@]}"

awk -v minutes=$(((SECONDS - began) / 60)) '
	{ passed += $1; failed += $2 }
	END { printf "in %d minutes\n%d passed, %d failed\n", minutes, passed, failed; exit failed != 0 }' "$tally"
