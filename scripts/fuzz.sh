#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the fuzz targets for some seconds in all (default 600).

set -euo pipefail
. "$(dirname "$0")/lib.sh"

seconds=${1:-600}
make -s -C "$TOP/tools/emdctl/fuzz" fuzz-build
targets=("$TOP"/tools/emdctl/fuzz/*_fuzz.c)
each=$((seconds / ${#targets[@]}))
exec make -s -C "$TOP/tools/emdctl/fuzz" fuzz-run SECONDS=$((each > 0 ? each : 1))
