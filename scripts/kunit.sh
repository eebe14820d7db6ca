#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the KUnit suites in User-Mode Linux. Argument: a glob of suites.
# Prints failures, and one line at the end; the whole log is out/kunit.log.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

linux=${EMD_UM:-$("$TOP/scripts/kernel.sh" um)}
log=$TOP/out/kunit.log
glob=${1:-emd*}

# UML leaves files in TMPDIR; without a terminal it must not look for one.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp "$linux" "$tmp/linux"
TMPDIR=$tmp HOME=$tmp timeout 300 "$tmp/linux" mem=768M con=null con0=fd:0,fd:1 \
	kunit.enable=1 "kunit.filter_glob=$glob" kunit_shutdown=halt loglevel=7 \
	</dev/null >"$tmp/log" 2>&1 || say "the kernel ended with $?"
cp "$tmp/log" "$log"
# Terminal settings, should UML have had one.
[ ! -t 0 ] || stty sane

awk '
	{ sub(/\r$/, ""); sub(/^\[ *[0-9.]+\] ?/, ""); line = $0; sub(/^ +/, "", line) }
	line ~ /^# Subtest: /		{ suite = substr(line, 12) }
	line ~ /^(not )?ok [0-9]+ - ?emd|^(not )?ok [0-9]+ emd/ && $0 !~ /^ / { next }
	line ~ /^ok [0-9]+ / && / SKIP/ && $0 ~ /^    [a-z]/ { skipped++; next }
	line ~ /^ok [0-9]+ / && $0 ~ /^    [a-z]/	{ passed++; held = ""; next }
	line ~ /^not ok [0-9]+ / && $0 ~ /^    [a-z]/ { failed++; printf "%s", held; print suite ": " line; held = ""; next }
	line ~ /EXPECTATION FAILED|ASSERTION FAILED|Expected|But it|but$|==|0x/ && line !~ /^ok/ { if (length(held) < 2000) held = held "    " line "\n" }
	/WARNING:|BUG:|Kernel panic|Segmentation fault|Call Trace/ { trouble++; print line }
	END {
		printf "kunit: %d passed, %d failed", passed, failed
		if (skipped) printf ", %d skipped", skipped
		if (trouble) printf ", %d kernel warnings", trouble
		printf "\n"
		exit !(passed > 0 && !failed && !trouble)
	}' "$tmp/log"
