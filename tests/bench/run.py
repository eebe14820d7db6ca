#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""EMD beside md beside the raw disks, in one User-Mode Linux kernel, in one run.

Boots the kernel that scripts/kernel.sh builds (native code, one CPU, EMD and md
both built in) on the host's own file system, read-only, and runs guest.py in it;
plan.py says what that does. Then cpus.py: one CPU against two, in emulated machines.
Prints a table and leaves it, all figures and a plot in out/bench/.
"""

import argparse
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import cpus
import plan
import plot
import report

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, "out", "bench")
GUEST_TIMEOUT = 7200
DISKS = 2 * max(plan.WIDTHS)
SPARE_MIB = 2048                # memory beside the ramdisks: md's largest stripe cache, fio
PARTS = "io,degraded,sync,curves,widths,memory,void,cpus"


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


def make_memory(mib):
    """A directory for the guest's memory: in huge pages where we may have them. A
    kernel on hardware has its memory mapped so; else what it costs the host to look up
    scattered pages is more than what the drivers cost that are measured here.
    """
    shm = "/dev/shm" if os.path.isdir("/dev/shm") else None
    tmp = tempfile.mkdtemp(prefix="emd-bench-", dir=shm)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "huge=always,size=%dM" % (mib + 256), "tmpfs", tmp],
                   check=False, stderr=subprocess.DEVNULL)
    room = os.statvfs(tmp)
    if room.f_bavail * room.f_frsize < mib * 2**20:
        drop_memory(tmp)
        sys.exit("%s has no room for %d MiB of memory; see --disk" % (os.path.dirname(tmp), mib))
    return tmp


def drop_memory(tmp):
    if os.path.ismount(tmp):
        subprocess.run(["umount", "-l", tmp], check=False)
    shutil.rmtree(tmp, ignore_errors=True)


def boot(linux, args, disk_mib):
    """Run the guest. Returns the CPU seconds used at each mark."""
    guest = os.path.join(TOP, "tests/bench/guest.py")
    memory = DISKS * disk_mib + SPARE_MIB
    tmp = make_memory(memory)
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
        [linux, "mem=%dM" % memory, "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet",
         "con=null", "con0=null,fd:1", "brd.rd_nr=%d" % DISKS, "brd.rd_size=%d" % (disk_mib * 1024),
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
        drop_memory(tmp)
    # For whoever has a profile beside it.
    with open(os.path.join(OUT, "times.json"), "w", encoding="ascii") as file:
        json.dump(times, file)
    return marks


def share(samples, marks):
    """Of a CPU of the host, while fio ran."""
    fio = [sample for sample in samples if sample["fio"] and sample["work"] != "nothing"]
    cpu = sum(marks[sample["marks"][1]] - marks[sample["marks"][0]] for sample in fio)
    return cpu / sum(sample["seconds"] for sample in fio) if fio else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="longer runs, more repetitions, more points")
    parser.add_argument("--parts", default=PARTS, help="of " + PARTS)
    parser.add_argument("--only", default="", help="levels, comma separated")
    parser.add_argument("--work", default="", help="only users' I/O with this in its name")
    parser.add_argument("--kernel", help="a kernel made before, else one is built")
    parser.add_argument("--side", default="", help="users' I/O to emd, zero_copy, md, tuned or skip_copy "
                        "alone, for a profiler")
    parser.add_argument("--disk", type=int, default=256, help="MiB of a ramdisk; there are %d" % DISKS)
    parser.add_argument("--scale", type=float, help="length of a run; 1 is half a second")
    parser.add_argument("--repeat", type=int, help="runs on each set of disks")
    args = parser.parse_args()
    scale = args.scale or (1 if args.full else 0.5)
    repeat = args.repeat or (4 if args.full else 2)
    parts = "io" if args.side else args.parts

    # The machine must not outlive us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    os.makedirs(OUT, exist_ok=True)
    result = {"memory_rows": [], "rows": [], "cpus": None, "left_out": {}}
    if parts != "cpus":
        result.update(in_uml(args, parts, scale, repeat))
    if "cpus" in parts.split(","):
        try:
            result["cpus"] = cpus.measure(OUT, repeat, max(1, 4 * scale))
        except (cpus.machine.Failed, OSError, subprocess.CalledProcessError) as error:
            result["left_out"]["two CPUs"] = str(error).splitlines()[0]
    text = report.table(result)
    for name, content in (("table.txt", text + "\n"), ("result.json", json.dumps(result, indent=1)),
                          ("plot.svg", plot.svg(result))):
        with open(os.path.join(OUT, name), "w", encoding="utf-8") as file:
            file.write(content)
    print(text)
    print("\nout/bench/: table.txt, plot.svg, result.json (all figures), samples.json (all runs)")


def in_uml(args, parts, scale, repeat):
    """What was measured beside md, and what it means."""
    linux = os.path.abspath(args.kernel) if args.kernel else kernel()
    samples = os.path.join(OUT, "samples.json")
    if os.path.exists(samples):
        os.unlink(samples)
    command = "--emdctl %s/tools/emdctl/emdctl --scale %g --repeat %d --parts %s" % (
        TOP, scale, repeat, parts)
    command += " --full" if args.full else ""
    command += " --only %s" % args.only if args.only else ""
    command += " --work '%s'" % args.work if args.work else ""
    command += " --side %s" % args.side if args.side else ""
    marks = boot(linux, command, args.disk)
    if not os.path.exists(samples):
        sys.exit("the guest left no result: see guest.log and console.log in out/bench/")
    with open(samples, encoding="utf-8") as file:
        result = json.load(file)
    samples = result.pop("samples")
    result["share"] = share(samples, marks)
    result["rows"] = report.rows(samples, marks)
    result["memory_rows"] = report.memory(result)
    return result


if __name__ == "__main__":
    main()
