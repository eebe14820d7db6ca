# SPDX-License-Identifier: GPL-2.0
"""The part of the benchmark that runs in User-Mode Linux; see run.py."""

import argparse
import json
import os
import statistics
import subprocess
import time

# md gets the first four ramdisks, EMD the other four: same size, both prefilled.
MD = ["/dev/ram%d" % i for i in range(4)]
EMD = ["/dev/ram%d" % i for i in range(4, 8)]
LEVELS = {"raid0": 4, "raid1": 2, "raid10": 4}
WORK = [("read", "1M", 8), ("read", "64k", 32), ("write", "1M", 8), ("write", "64k", 32),
        ("randread", "4k", 1), ("randread", "4k", 32), ("randwrite", "4k", 1),
        ("randwrite", "4k", 32)]


def run(*command, **kwargs):
    print("+", " ".join(command), flush=True)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **kwargs).stdout


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def busy_seconds():
    """CPU time that was not idle, of the whole machine."""
    fields = [int(n) for n in read("/proc/stat").splitlines()[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def fio(device, work, seconds):
    pattern, block, depth = work
    batch = max(1, depth // 2)
    before = busy_seconds()
    out = json.loads(run("fio", "--name=j", "--filename=" + device, "--rw=" + pattern,
                         "--bs=" + block, "--ioengine=libaio", "--direct=1",
                         "--iodepth=%d" % depth, "--iodepth_batch_submit=%d" % batch,
                         "--iodepth_batch_complete_max=%d" % batch, "--time_based",
                         "--runtime=%g" % seconds, "--randrepeat=1", "--norandommap",
                         "--thread", "--output-format=json"))
    used = busy_seconds() - before
    side = out["jobs"][0]["write" if "write" in pattern else "read"]
    gib = side["io_bytes"] / 2**30
    return side["bw_bytes"] / 2**20, used / gib if gib else 0


class Md:
    def create(self, level, nr, clean):
        run("mdadm", "--create", "/dev/md0", "--run", "--metadata=1.2", "--level=" + level[4:],
            "--raid-devices=%d" % nr, "--bitmap=none", *(["--chunk=64"] if level != "raid1" else []),
            *(["--assume-clean"] if clean and level != "raid0" else []), *MD[:nr])
        return "/dev/md0"

    def sync(self, action):
        write("/sys/block/md0/md/sync_action", action)

    def idle(self):
        return read("/sys/block/md0/md/sync_action") == "idle"

    def tune(self, on):
        write("/proc/sys/dev/raid/speed_limit_max", "10485760" if on else "200000")
        write("/proc/sys/dev/raid/speed_limit_min", "10485760" if on else "1000")

    def destroy(self, nr):
        run("mdadm", "--stop", "/dev/md0")
        run("mdadm", "--zero-superblock", *MD[:nr])


class Emd:
    def __init__(self, emdctl):
        self.emdctl = emdctl
        self.dev = None

    def create(self, level, nr, clean):
        run(self.emdctl, "--yes", "create", "--format", "imsm", "--level", level, "--name", "bench",
            *(["--strip", "64K"] if level != "raid1" else []),
            "--init", "none" if clean else "resync", *EMD[:nr])
        array = json.loads(run(self.emdctl, "--json", "list"))["containers"][0]["arrays"][0]
        self.dev = array["dev"]
        return "/dev/" + self.dev

    def sync(self, action):
        run(self.emdctl, "scrub", "bench")

    def idle(self):
        return read("/sys/block/%s/emd/sync_action" % self.dev) == "idle"

    def destroy(self, nr):
        run(self.emdctl, "--yes", "stop", "--all")
        for disk in EMD[:nr]:
            run(self.emdctl, "--yes", "erase", disk)


def timed(side, start):
    """Seconds that background work takes, and CPU seconds it keeps busy."""
    before, began = busy_seconds(), time.monotonic()
    start()
    while side.idle() and time.monotonic() - began < 0.2:
        pass
    while not side.idle():
        time.sleep(0.005)
    return time.monotonic() - began, busy_seconds() - before


def rate(took, sectors):
    """MiB/s of array data, and CPU seconds per GiB."""
    return sectors / 2048 / took[0], took[1] / (sectors / 2**21)


def size(device):
    return int(read("/sys/block/%s/size" % os.path.basename(device)))


def bench_io(level, nr, sides, args, rows):
    devices = {name: side.create(level, nr, True) for name, side in sides.items()}
    for work in WORK:
        got = {"md": [], "emd": [], "raw": []}
        fio(devices["md"], work, 0.3)
        fio(devices["emd"], work, 0.3)
        for _ in range(args.repeat):
            for name in "md", "emd":
                got[name].append(fio(devices[name], work, args.seconds))
        if level == "raid0" and work[0] in ("read", "randread"):
            got["raw"].append(fio(MD[0], work, args.seconds))
        add_row(rows, level, "%s %s qd%d" % work, got)
    for side in sides.values():
        side.destroy(nr)


def bench_sync(level, nr, sides, args, rows):
    md, emd = sides["md"], sides["emd"]
    for tuned in (False, True):
        suffix = " (md tuned)" if tuned else " (md defaults)"
        md.tune(tuned)
        got = {"md": [], "emd": []}
        # A resync starts with the array.
        for _ in range(args.repeat if tuned else 1):
            for name, side in sides.items():
                took = timed(side, lambda side=side: side.create(level, nr, False))
                got[name].append(rate(took, size("/dev/md0" if name == "md" else emd.dev)))
                side.destroy(nr)
        add_row(rows, level, "resync" + suffix, got)
        got = {"md": [], "emd": []}
        devices = {name: side.create(level, nr, True) for name, side in sides.items()}
        for _ in range(args.repeat if tuned else 1):
            for name, side in sides.items():
                took = timed(side, lambda side=side: side.sync("check"))
                got[name].append(rate(took, size(devices[name])))
        add_row(rows, level, "check" + suffix, got)
        for side in sides.values():
            side.destroy(nr)
    md.tune(False)


def add_row(rows, level, work, got):
    row = {"level": level, "work": work}
    for name, values in got.items():
        if values:
            row[name] = statistics.median(v[0] for v in values)
            row[name + "_cpu"] = statistics.median(v[1] for v in values)
    rows.append(row)
    print(row, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--emdctl", required=True)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    args.seconds = 4 if args.full else 1
    args.repeat = 5 if args.full else 3
    for disk in MD + EMD:
        run("dd", "if=/dev/zero", "of=" + disk, "bs=1M", "count=%d" % (size(disk) // 2048),
            "oflag=direct", stderr=subprocess.DEVNULL)
    sides = {"md": Md(), "emd": Emd(args.emdctl)}
    rows = []
    for level, nr in LEVELS.items():
        if args.only and level not in args.only.split(","):
            continue
        bench_io(level, nr, sides, args, rows)
        if level != "raid0":
            bench_sync(level, nr, sides, args, rows)
    result = {"kernel": os.uname().release, "seconds": args.seconds, "repeat": args.repeat,
              "disk_mib": size(MD[0]) // 2048, "rows": rows}
    with open("/tmp/out/result.json.new", "w", encoding="ascii") as file:
        json.dump(result, file, indent=1)
    os.rename("/tmp/out/result.json.new", "/tmp/out/result.json")


main()
