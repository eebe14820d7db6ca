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
    marks = {}
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
    return marks


def middle(values):
    """Each half of a run counts the same, whatever happened within it."""
    halves = {}
    for half, value in values:
        halves.setdefault(half, []).append(value)
    return statistics.mean(statistics.median(half) for half in halves.values())


def rows(samples, marks):
    """One dict a row: the speed of each side, and what it cost."""
    cells = {}
    for sample in samples:
        speed = sample["mib"] / sample["seconds"]
        first, last = sample["marks"]
        cost = (marks[last] - marks[first]) / sample["mib"] * 1024
        cell = cells.setdefault((sample["level"], sample["work"]), {}).setdefault(
            sample["who"], {"speed": [], "cost": []})
        cell["speed"].append((sample["half"], speed))
        cell["cost"].append((sample["half"], cost))
    result = []
    for (level, work), who in cells.items():
        row = {"level": level, "work": work, "sides": {}}
        for name, cell in who.items():
            row["sides"][name] = {"mib_s": middle(cell["speed"]), "s_gib": middle(cell["cost"])}
        result.append(row)
    # Both halves know the raw disk; show it beside what is built on it.
    raw = {row["work"]: row["sides"]["raw"] for row in result if row["level"] == "disk"}
    result = [row for row in result if row["level"] != "disk"]
    for row in result:
        tuned = [side for name, side in row["sides"].items() if name.startswith("tuned")]
        if tuned:
            row["sides"]["best"] = max(tuned, key=lambda side: side["mib_s"])
        if row["work"] in raw:
            row["sides"]["raw"] = raw[row["work"]]
    return result


def number(value):
    return "" if value is None else "%.0f" % value if value >= 100 else "%.1f" % value


def ratio(over, under):
    return "" if over is None or not under else "%.2f" % (over / under)


def table(result, all_rows):
    lines = ["EMD beside md: MiB/s, each the median of %d runs of %g s on each of two sets of disks,"
             % (result["repeat"], result["seconds"]),
             "taking turns. Kernel %s, one CPU, ramdisks of %d MiB, prefilled; strips of 64K; fio,"
             % (result["kernel"], result["disk_mib"]),
             "libaio, O_DIRECT, submitted in batches of half the queue depth. CPU: seconds of the host's"
             " for each GiB.", "",
             "md: metadata 1.2, no bitmap. Background work at its defaults, and \"tuned\": the least and"
             " the greatest speed",
             "allowed raised to 10 GiB/s. EMD: as it comes, for everything.", "",
             "%-7s %-18s %8s %8s %8s %8s %7s %7s %8s %8s %8s %7s"
             % ("", "", "", "", "md", "", "EMD", "EMD/", "CPU", "CPU", "CPU", "CPU"),
             "%-7s %-18s %8s %8s %8s %8s %7s %7s %8s %8s %8s %7s"
             % ("level", "work", "raw disk", "md", "tuned", "EMD", "/md", "tuned", "raw", "md",
                "EMD", "EMD/md")]
    below = []
    level = None
    for row in all_rows:
        sides = row["sides"]

        def side(name, what="mib_s", sides=sides):
            return sides[name][what] if name in sides else None

        best = "best" if "best" in sides else "md"
        if level not in (None, row["level"]):
            lines.append("")
        level = row["level"]
        lines.append(("%-7s %-18s %8s %8s %8s %8s %7s %7s %8s %8s %8s %7s" % (
            level, row["work"], number(side("raw")), number(side("md")), number(side("best")),
            number(side("emd")), ratio(side("emd"), side("md")), ratio(side("emd"), side("best")),
            "%.3f" % side("raw", "s_gib") if "raw" in sides else "",
            "%.3f" % side(best, "s_gib"), "%.3f" % side("emd", "s_gib"),
            ratio(side("emd", "s_gib"), side(best, "s_gib")))).rstrip())
        if side("emd") < max(side("md"), side("best") or 0):
            below.append("%s %s" % (level, row["work"]))
    lines += ["", "%d of %d rows slower than md%s" % (len(below), len(all_rows),
                                                     ": " + "; ".join(below) if below else "")]
    for name, why in result["left_out"].items():
        lines.append("left out: %s (%s)" % (name, why))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="longer runs, more repetitions")
    parser.add_argument("--only", default="", help="levels, comma separated")
    parser.add_argument("--work", default="", help="only work with this in its name")
    parser.add_argument("--no-sync", action="store_true", help="no background work")
    parser.add_argument("--seconds", type=float, help="of one run")
    parser.add_argument("--repeat", type=int, help="runs on each set of disks")
    args = parser.parse_args()
    seconds = args.seconds or (2 if args.full else 0.4)
    repeat = args.repeat or (5 if args.full else 2)

    os.makedirs(OUT, exist_ok=True)
    linux = kernel()
    samples = os.path.join(OUT, "samples.json")
    if os.path.exists(samples):
        os.unlink(samples)
    command = "--emdctl %s/tools/emdctl/emdctl --seconds %g --repeat %d" % (TOP, seconds, repeat)
    command += " --only %s" % args.only if args.only else ""
    command += " --work '%s'" % args.work if args.work else ""
    command += " --no-sync" if args.no_sync else ""
    marks = boot(linux, command)
    if not os.path.exists(samples):
        sys.exit("the guest left no result: see guest.log and console.log in out/bench/")
    with open(samples, encoding="utf-8") as file:
        result = json.load(file)
    result["rows"] = rows(result.pop("samples"), marks)
    text = table(result, result["rows"])
    with open(os.path.join(OUT, "result.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    with open(os.path.join(OUT, "table.txt"), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
