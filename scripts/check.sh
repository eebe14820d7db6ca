#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything that is checked before a change goes in: one line for each result,
# the sum on the last line. Logs of what failed are in out/. FULL=1: also what
# takes long on the debug kernel.

set -uo pipefail
. "$(dirname "$0")/lib.sh"
cd "$TOP" || exit 1

scripts/setup.sh || exit 1
mkdir -p out
tally=$(mktemp)
trap 'rm -f "$tally"' EXIT
# What goes on beside us is deaf to the keyboard.
trap 'trap "" TERM; kill 0; exit 130' INT
started=$SECONDS

# result WORD KIND NAME SECONDS [REASON]
result()
{
	printf '%s  %-7s %-44s %6d.0 s%s\n' "$1" "$2" "$3" "$4" "${5:+  $5}"
}

# one KIND NAME COMMAND...: the command's end is the result, its output a log
one()
{
	local kind=$1 name=$2 began=$SECONDS log

	shift 2
	log=out/check/$kind-$name.log
	mkdir -p out/check
	if "$@" >"$log" 2>&1; then
		result pass "$kind" "$name" $((SECONDS - began))
		echo "1 0" >>"$tally"
	else
		result FAIL "$kind" "$name" $((SECONDS - began)) "log: $log"
		tail -n 12 "$log" | sed 's/^/      /'
		echo "0 1" >>"$tally"
		return 1
	fi
}

# many KIND NAME COMMAND...: the command's last line says "N passed, N failed"
many()
{
	local kind=$1 name=$2 began=$SECONDS log sum

	shift 2
	log=out/check/$kind-$name.log
	mkdir -p out/check
	"$@" >"$log" 2>&1
	local status=$?
	sum=$(tail -n 1 "$log" | sed -n 's/.*\b\([0-9]\+\) passed, \([0-9]\+\) failed.*/\1 \2/p')
	if [ "$status" -eq 0 ] && [ -n "$sum" ]; then
		result pass "$kind" "$name" $((SECONDS - began)) "${sum% *} cases"
		echo "$sum" >>"$tally"
	else
		result FAIL "$kind" "$name" $((SECONDS - began)) "log: $log"
		tail -n 20 "$log" | sed 's/^/      /'
		[ -n "$sum" ] && [ "${sum#* }" -gt 0 ] || sum="0 1"
		echo "$sum" >>"$tally"
	fi
}

# Scenarios print their own lines.
scenarios()
{
	local before

	before=$(wc -l <"$tally")
	tests/run --tally "$tally" "$@" && return
	# What ended before it could count has failed.
	[ "$(wc -l <"$tally")" -gt "$before" ] || echo "0 1" >>"$tally"
}

# What needs no kernel of ours, and what builds these: side by side, for unpacking,
# configuring, linking and fuzzing have use for one processor only.
host_side()
{
	local built=0 check

	one build module make module W=1 || built=1
	one build emdctl make emdctl || built=1
	one tool emdctl make -s -C tools/emdctl check
	one fuzz 60-seconds scripts/fuzz.sh 60
	for check in warnings sparse checkpatch kernel-doc includes shell python words; do
		one lint "$check" env LINT_LINES=1000 scripts/lint.sh "$check"
	done
	return $built
}

kernel_side()
{
	one kernel source scripts/kernel.sh source
	one kernel user-mode-linux scripts/kernel.sh um && many kunit user-mode-linux scripts/kunit.sh
	one kernel debug scripts/kernel.sh debug && one kernel builtin scripts/kernel.sh builtin &&
		one build module-debug make module-debug
}

host_side &
kernel_side
kernels=$?
if wait $! && [ "$kernels" -eq 0 ]; then
	scenarios --kernel stock
	scenarios --kernel debug -g quick ${FULL:+-g thorough}
	scenarios --kernel builtin
else
	result FAIL vm scenarios 0 "not run: no module, tool or kernel to run them with"
	echo "0 1" >>"$tally"
fi

awk -v minutes=$(((SECONDS - started) / 60)) '
	{ passed += $1; failed += $2 }
	END { printf "in %d minutes\n%d passed, %d failed\n", minutes, passed, failed; exit failed != 0 }' "$tally"
