#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""EMD beside md beside the raw disks, in one User-Mode Linux kernel, in one run.

Boots the kernel that scripts/kernel.sh builds (native code, one CPU, EMD and md
both built in) on the host's own file system, read-only, and runs guest.py in it.
Prints a table and leaves it in out/bench/.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, "out", "bench")


def kernel():
    made = subprocess.run([os.path.join(TOP, "scripts/kernel.sh"), "um"], check=True,
                          stdout=subprocess.PIPE, text=True)
    return made.stdout.strip()


def boot(linux, args):
    guest = os.path.join(TOP, "tests/bench/guest.py")
    tmp = tempfile.mkdtemp(prefix="emd-bench-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    init = os.path.join(OUT, "init")
    with open(init, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n"
                   "mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev\n"
                   "mount -t tmpfs tmp /tmp; mount -t tmpfs run /run\n"
                   "mkdir /tmp/out; mount -t hostfs none /tmp/out -o %s\n"
                   "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8\n"
                   "/usr/bin/python3 %s %s > /tmp/out/guest.log 2>&1\n"
                   "echo o > /proc/sysrq-trigger; sleep 5\n"
                   % (OUT, guest, args))
    os.chmod(init, 0o755)
    env = dict(os.environ, TMPDIR=tmp, HOME=tmp)
    try:
        with open(os.path.join(OUT, "console.log"), "w", encoding="utf-8") as log:
            subprocess.run([linux, "mem=5G", "root=/dev/root", "rootfstype=hostfs", "rootflags=/",
                            "ro", "con=null", "con0=fd:0,fd:1", "brd.rd_nr=8", "brd.rd_size=393216",
                            "emd.autoassemble=0", "kunit.enable=0", "init=" + init],
                           stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                           env=env, timeout=3600, check=False)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


def table(result):
    lines = ["EMD beside md, MiB/s, median of %d runs of %g s each, interleaved"
             % (result["repeat"], result["seconds"]),
             "kernel %s, one CPU, ramdisks of %d MiB prefilled, fio libaio O_DIRECT"
             % (result["kernel"], result["disk_mib"]),
             "md: native metadata, no bitmap, chunk 64K; background work at its defaults and with",
             "    sync_speed_min and sync_speed_max raised to 10 GiB/s (\"tuned\")", "",
             "%-8s %-24s %9s %9s %9s %7s %9s %9s" % ("level", "work", "raw disk", "md", "EMD",
                                                     "EMD/md", "md s/GiB", "EMD s/GiB")]
    below = []
    for row in result["rows"]:
        ratio = row["emd"] / row["md"] if row["md"] else 0
        lines.append("%-8s %-24s %9s %9.0f %9.0f %7.2f %9.3f %9.3f"
                     % (row["level"], row["work"], "%.0f" % row["raw"] if row.get("raw") else "",
                        row["md"], row["emd"], ratio, row["md_cpu"], row["emd_cpu"]))
        if ratio < 1:
            below.append(row)
    lines.append("")
    lines.append("%d of %d rows below md" % (len(below), len(result["rows"])))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="longer runs, more repetitions")
    parser.add_argument("--only", default="", help="levels, comma separated")
    args = parser.parse_args()
    os.makedirs(OUT, exist_ok=True)
    linux = kernel()
    result = os.path.join(OUT, "result.json")
    if os.path.exists(result):
        os.unlink(result)
    extra = ("--full " if args.full else "") + ("--only %s" % args.only if args.only else "")
    boot(linux, "--emdctl %s/tools/emdctl/emdctl %s" % (TOP, extra))
    if not os.path.exists(result):
        sys.exit("the guest left no result: see out/bench/guest.log and console.log")
    with open(result, encoding="utf-8") as file:
        text = table(json.load(file))
    with open(os.path.join(OUT, "table.txt"), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    print(text)


main()
