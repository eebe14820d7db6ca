#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Checks that read the sources without running them.
#
#   scripts/lint.sh [CHECK]...    default: all
#
#   warnings     the module with W=1; a warning fails
#   sparse       the module through sparse; a warning fails
#   checkpatch   C files, with the kernel's checkpatch.pl
#   kernel-doc   comments that claim to be kernel-doc
#   includes     who may include whom
#   shell        shell scripts, with shellcheck
#   python       Python files compile
#   words        what does not belong into the repository

set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$TOP"

# Tracked files, and new ones that nobody ignores.
files()
{
	git ls-files -co --exclude-standard -- "$@" | sort -u | while read -r f; do
		[ ! -e "$f" ] || echo "$f"
	done
}

# A copy, since the objects in the checkout are somebody's.
module_copy()
{
	local dir=$TOP/out/lint/$1

	mkdir -p "$dir"
	rsync -rc --delete --exclude='*.mod.c' --include='*/' --include='*.[ch]' --include=Makefile --exclude='*' \
		drivers include "$dir/"
	echo "$dir"
}

build_copy()
{
	local dir log=$TOP/out/lint/$1.log

	dir=$(module_copy "$1")
	shift
	if ! make -C "$(scripts/kernel.sh stock-build)" M="$dir/drivers/emd" CONFIG_BLK_DEV_EMD=m \
			-j"$JOBS" "$@" modules >"$log" 2>&1; then
		grep -E 'error|warning|undefined' "$log" || tail -n 20 "$log"
		return 1
	fi
	# The BTF of the running kernel is no concern of ours.
	! grep -E '(warning|error):|WARNING:' "$log"
}

lint_warnings()
{
	build_copy warnings W=1
}

lint_sparse()
{
	rm -rf out/lint/sparse
	build_copy sparse C=2 CF="-D__CHECK_ENDIAN__ -Wsparse-error"
}

# What it has to say about one file. Slow, so the verdict is kept by the file's content.
checkpatch_file()
{
	local f=$1 source verdict

	verdict=out/lint/checkpatch/$(cat "$f" scripts/lint.sh | sha256sum | cut -c1-20)
	if [ ! -e "$verdict" ]; then
		source=$(scripts/kernel.sh source)
		# What --strict adds (CHECK) is advice; FILE_PATH_CHANGES is about patches.
		perl "$source/scripts/checkpatch.pl" --root="$source" --no-tree --terse --no-summary \
			--show-types --ignore FILE_PATH_CHANGES,CONFIG_DESCRIPTION,COMPLEX_MACRO \
			--file "$f" >"$verdict.new" 2>&1 || true
		mv "$verdict.new" "$verdict"
	fi
	cat "$verdict"
}

lint_checkpatch()
{
	mkdir -p out/lint/checkpatch
	export -f checkpatch_file
	# shellcheck disable=SC2016
	! files '*.c' '*.h' | grep -E '^(drivers|include|kunit)/' |
		xargs -P "$JOBS" -n 1 bash -c 'checkpatch_file "$1"' - | grep .
}

lint_kernel-doc()
{
	local source
	source=$(scripts/kernel.sh source)
	# shellcheck disable=SC2046
	! "$source/scripts/kernel-doc" -none $(files '*.c' '*.h' | grep -E '^(drivers|include)/') 2>&1 |
		grep -E 'warning|error'
}

lint_includes()
{
	scripts/check-includes.py
}

lint_shell()
{
	files | while read -r f; do
		case $f in
		*.sh) echo "$f" ;;
		*.*) ;;
		*) ! head -n 1 "$f" 2>/dev/null | grep -qE '^#!.*\b(ba|da)?sh\b' || echo "$f" ;;
		esac
	done | grep -v '^LICENSES' | xargs -r shellcheck -S warning
}

lint_python()
{
	files | while read -r f; do
		case $f in
		*.py) echo "$f" ;;
		*.*) ;;
		*) ! head -n 1 "$f" 2>/dev/null | grep -q '^#!.*python3' || echo "$f" ;;
		esac
	done | python3 -c '
import sys
for name in sys.stdin.read().split():
    with open(name) as source:
        compile(source.read(), name, "exec")'
}

# Every file says its licence.
lint_words()
{
	local bad=0

	while read -r f; do
		head -n 3 "$f" | grep -q 'SPDX-License-Identifier:' || { echo "$f: no SPDX line"; bad=1; }
	done < <(files '*.c' '*.h' '*.sh' '*.py' 'Makefile' '*/Makefile' '*Kconfig')
	return $bad
}

all=(warnings sparse checkpatch kernel-doc includes shell python words)
[ $# -gt 0 ] || set -- "${all[@]}"
mkdir -p out/lint
failed=0
for check; do
	if output=$("lint_$check" 2>&1); then
		printf 'pass  %s\n' "$check"
	else
		printf 'FAIL  %s\n' "$check"
		[ -z "$output" ] || sed 's/^/      /' <<<"$output" | head -n "${LINT_LINES:-40}"
		failed=1
	fi
done
exit $failed
