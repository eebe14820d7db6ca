#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The demo: build the module and the tool, then tell the story in a virtual
# machine (demo.py). make demo does the set-up first.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

# EMD_KO= is a module that is there already, as for tests/run.
if [ -z "${EMD_KO:-}" ]; then
	say "Building the module and emdctl ..."
	logged "$TOP/out/demo-build.log" make -C "$TOP" module emdctl || die "the build failed"
	EMD_KO=$TOP/drivers/emd/emd.ko
fi
exec env EMD_KO="$EMD_KO" python3 "$TOP/scripts/demo.py" "$@"
