#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""EMD beside md beside the raw disks, in one User-Mode Linux kernel, in one run.

Boots the kernel that scripts/kernel.sh builds (native code, one CPU, EMD and md
both built in) on the host's own file system, read-only, and runs guest.py in it.
Prints a table and leaves it in out/bench/.
"""

import argparse
import glob
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, "out", "bench")
GUEST_TIMEOUT = 3600


def kernel():
    made = subprocess.run([os.path.join(TOP, "scripts/kernel.sh"), "um"], check=True,
                          stdout=subprocess.PIPE, text=True)
    return made.stdout.strip()


class Cpu:
    """CPU seconds that a process and what it started have used, now."""

    def __init__(self, pid):
        self.pid = pid
        self.tick = os.sysconf("SC_CLK_TCK")

    def used(self):
        """Nanoseconds of those that live; those that ended count in ticks."""
        total, seen, todo = 0.0, set(), [self.pid]
        while todo:
            pid = todo.pop()
            if pid in seen:
                continue
            seen.add(pid)
            try:
                with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
                    fields = file.read().rpartition(")")[2].split()
                total += (int(fields[13]) + int(fields[14])) / self.tick
                for task in glob.glob("/proc/%d/task/*" % pid):
                    with open(task + "/schedstat", encoding="ascii") as file:
                        total += int(file.read().split()[0]) / 1e9
                    with open(task + "/children", encoding="ascii") as file:
                        todo += [int(child) for child in file.read().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
        return total


def boot(linux, args):
    """Run the guest. Returns the CPU seconds used at each mark."""
    guest = os.path.join(TOP, "tests/bench/guest.py")
    shm = "/dev/shm" if os.path.isdir("/dev/shm") else None
    tmp = tempfile.mkdtemp(prefix="emd-bench-", dir=shm)
    init = os.path.join(OUT, "init")
    with open(init, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n"
                   "mount -t proc proc /proc; mount -t sysfs sys /sys\n"
                   "mount -t tmpfs tmp /tmp; mount -t tmpfs run /run\n"
                   "mkdir /tmp/out; mount -t hostfs none /tmp/out -o %s\n"
                   "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
                   "export HOME=/tmp LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1\n"
                   "/usr/bin/python3 %s %s >/tmp/out/guest.log 2>&1\n"
                   "dmesg >>/tmp/out/guest.log\n"
                   "busybox poweroff -f\n" % (OUT, guest, args))
    os.chmod(init, 0o755)
    marks, times = {}, {}
    machine = subprocess.Popen(
        [linux, "mem=4G", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet",
         "con=null", "con0=null,fd:1", "brd.rd_nr=10", "brd.rd_size=%d" % (256 * 1024),
         "emd.autoassemble=0", "kunit.enable=0", "init=" + init],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=dict(os.environ, TMPDIR=tmp, HOME=tmp), start_new_session=True)
    watchdog = threading.Timer(GUEST_TIMEOUT, os.killpg, (machine.pid, signal.SIGKILL))
    watchdog.start()
    cpu = Cpu(machine.pid)
    try:
        with open(os.path.join(OUT, "console.log"), "wb") as log:
            for line in machine.stdout:
                mark = re.search(rb"@mark (\d+)", line)
                if mark:
                    marks[int(mark[1])] = cpu.used()
                    times[int(mark[1])] = time.monotonic()
                else:
                    log.write(line)
                    log.flush()
        machine.wait()
    finally:
        watchdog.cancel()
        if machine.poll() is None:
            os.killpg(machine.pid, signal.SIGKILL)
            machine.wait()
        shutil.rmtree(tmp, ignore_errors=True)
    # For whoever has a profile beside it.
    with open(os.path.join(OUT, "times.json"), "w", encoding="ascii") as file:
        json.dump(times, file)
    return marks


def side_of(runs):
    """What one side did in one row: medians."""
    return {name: statistics.median(run[name] for run in runs.values())
            for name in ("mib_s", "clock_mib_s", "s_gib")}


def compare(ours, theirs):
    """
    Ratio of speeds, and how far to trust it.

    Runs that took turns are compared with each other, so that what changes
    slowly on the host is in both; between the halves the disks have changed
    places. The median of those ratios, and half the distance of the quartiles.
    """
    ratios = [run["mib_s"] / theirs[when]["mib_s"] for when, run in ours.items()
              if when in theirs]
    spread = 0
    if len(ratios) > 1:
        low, _, high = statistics.quantiles(ratios, n=4)
        spread = (high - low) / 2
    return {"ratio": statistics.median(ratios), "spread": spread}


def rows(samples, marks):
    """
    One dict a row: what each side does in a second, and what it costs.

    The speed is that of the CPU time we had: the ramdisks take no time of their
    own, so on an idle host it is the speed by the clock. But md's background
    work at its defaults waits on purpose, its speed is by the clock.
    """
    for sample in samples:
        sample["cpu"] = marks[sample["marks"][1]] - marks[sample["marks"][0]]
    nothing = statistics.median(s["cpu"] for s in samples if s["work"] == "nothing")
    cells = {}
    for sample in samples:
        if sample["work"] == "nothing":
            continue
        cpu = max(sample["cpu"] - (nothing if sample["fio"] else 0), 1e-3)
        waits = not sample["fio"] and sample["who"] == "md"
        cells.setdefault((sample["level"], sample["work"]), {}).setdefault(
            sample["who"], {})[sample["half"], sample["turn"]] = {
                "mib_s": sample["mib"] / (sample["seconds"] if waits else cpu),
                "clock_mib_s": sample["mib"] / sample["seconds"],
                "s_gib": cpu / sample["mib"] * 1024}
    result = []
    for (level, work), runs in cells.items():
        if level == "disk":
            continue
        sides = {who: side_of(run) for who, run in runs.items()}
        raw = cells.get(("disk", work))
        if raw:
            sides["raw"] = side_of(raw["raw"])
        row = {"level": level, "work": work, "sides": sides}
        tuned = [who for who in runs if who.startswith("tuned")]
        if tuned:
            row["best"] = max(tuned, key=lambda who: sides[who]["mib_s"])
        if "emd" in runs:
            row["against"] = {who: compare(runs["emd"], run) for who, run in runs.items()
                              if who != "emd"}
        result.append(row)
    return result


def share(samples, marks):
    """Of a CPU of the host, while fio ran."""
    fio = [sample for sample in samples if sample["fio"] and sample["work"] != "nothing"]
    cpu = sum(marks[sample["marks"][1]] - marks[sample["marks"][0]] for sample in fio)
    return cpu / sum(sample["seconds"] for sample in fio) if fio else 0


HEAD = """\
EMD beside md, in MiB/s. Kernel {kernel}, one CPU, ramdisks of {disk_mib} MiB, prefilled; strips of
64K. Medians of {repeat} runs on each of two sets of disks: md and EMD take turns, then change places.

A second is one of the CPU: what others' work on the host takes from us does not count (we had
{share:.0%} of a CPU); the ramdisks take no time of their own. Only md's background work at its
defaults waits on purpose: that is by the clock.
Users' I/O: fio, libaio, O_DIRECT, submitted in batches of half the queue depth; MiB of the array.
Background work: MiB of each member. "tuned" is md with the least and the greatest speed allowed
raised to 10 GiB/s; else md is at its defaults. EMD has nothing to tune. md: metadata 1.2, no bitmap.
EMD/md: median of runs side by side, and half the distance of the quartiles.
CPU: seconds of CPU for a GiB of the array; md as tuned, where it was.
"""
LINE = "%-6s %-20s %6s %6s %6s %6s  %-11s %-11s  %6s %6s %6s"


def number(value):
    return "" if value is None else "%.0f" % value if value >= 100 else "%.1f" % value


def ratio(compared):
    return "%.2f +-%.2f" % (compared["ratio"], compared["spread"]) if compared else ""


def table(result, all_rows):
    lines = HEAD.format(**result).splitlines()
    lines += ["", LINE % ("", "", "raw", "", "md", "", "", "EMD/", "raw", "md", "EMD"),
              LINE % ("level", "work", "disk", "md", "tuned", "EMD", "EMD/md", "tuned", "CPU", "CPU",
                      "CPU")]
    slower, close, level = [], 0, None
    for row in all_rows:
        sides, against, best = row["sides"], row.get("against", {}), row.get("best")

        def cell(who, what="mib_s", sides=sides):
            return sides[who][what] if who in sides else None

        def cost(who, cell=cell):
            return "%.3f" % cell(who, "s_gib") if cell(who) else ""

        if level not in (None, row["level"]):
            lines.append("")
        level = row["level"]
        lines.append((LINE % (level, row["work"], number(cell("raw")), number(cell("md")),
                              number(cell(best)), number(cell("emd")), ratio(against.get("md")),
                              ratio(against.get(best)), cost("raw"), cost(best or "md"),
                              cost("emd"))).rstrip())
        # md's best, which is not always as tuned.
        strongest = max((who for who in (best, "md") if who in against),
                        key=lambda who: sides[who]["mib_s"], default=None)
        compared = against.get(strongest)
        if compared and compared["ratio"] < 1:
            if compared["ratio"] + compared["spread"] < 1:
                slower.append("%s %s" % (level, row["work"]))
            else:
                close += 1
    lines += ["", "%d rows; slower than md: %s; below 1 by less than the spread: %d"
              % (len(all_rows), ", ".join(slower) or "none", close)]
    for name, why in result["left_out"].items():
        lines.append("left out: %s (%s)" % (name, why))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="longer runs, more repetitions")
    parser.add_argument("--only", default="", help="levels, comma separated")
    parser.add_argument("--work", default="", help="only work with this in its name")
    parser.add_argument("--kernel", help="a kernel made before, else one is built")
    parser.add_argument("--side", default="", help="users' I/O to md or emd only, for a profiler")
    parser.add_argument("--no-sync", action="store_true", help="no background work")
    parser.add_argument("--scale", type=float, help="length of a run; 1 is half a second")
    parser.add_argument("--repeat", type=int, help="runs on each set of disks")
    args = parser.parse_args()
    scale = args.scale or (2 if args.full else 0.5)
    repeat = args.repeat or (6 if args.full else 4)

    # The machine must not outlive us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    os.makedirs(OUT, exist_ok=True)
    linux = os.path.abspath(args.kernel) if args.kernel else kernel()
    samples = os.path.join(OUT, "samples.json")
    if os.path.exists(samples):
        os.unlink(samples)
    command = "--emdctl %s/tools/emdctl/emdctl --scale %g --repeat %d" % (TOP, scale, repeat)
    command += " --full" if args.full else ""
    command += " --only %s" % args.only if args.only else ""
    command += " --work '%s'" % args.work if args.work else ""
    command += " --side %s" % args.side if args.side else ""
    command += " --no-sync" if args.no_sync else ""
    marks = boot(linux, command)
    if not os.path.exists(samples):
        sys.exit("the guest left no result: see guest.log and console.log in out/bench/")
    with open(samples, encoding="utf-8") as file:
        result = json.load(file)
    samples = result.pop("samples")
    result["share"] = share(samples, marks)
    result["rows"] = rows(samples, marks)
    text = table(result, result["rows"])
    with open(os.path.join(OUT, "result.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    with open(os.path.join(OUT, "table.txt"), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
