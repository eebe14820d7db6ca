# SPDX-License-Identifier: GPL-2.0
"""The part of the benchmark that runs in User-Mode Linux; see run.py.

What is measured lies between two marks on the console: there run.py notes the
CPU time that the whole of User-Mode Linux has used so far on the host. Time that
somebody else's work on the host takes from us does not count in it. Each run of
fio is so much data, not so much time, so that it costs md and EMD the same to
begin and to end it; what that costs is measured too, by runs of one block.

Two sets of ramdisks, md on one and EMD on the other; in the second half of the
run they change places, because where the host put the pages of a set makes a
difference of several per cent. Within a half md and EMD take turns.
"""

import argparse
import json
import os
import re
import subprocess
import threading
import time

SET_SIZE = 5                    # the widest array, and a spare
SETS = [["/dev/ram%d" % i for i in range(n * SET_SIZE, (n + 1) * SET_SIZE)] for n in range(2)]

# A level is a row here: how many members, what md is tuned with, if anything.
# "args" are for mdadm; "tuned" is what md's sysfs directory is given, on top of
# "defaults": one dict for each setting worth a try, the first one in short runs.
LEVELS = {
    "raid0": {"members": 4, "redundant": False, "copies": 1},
    "raid1": {"members": 2, "redundant": True, "copies": 2},
    "raid10": {"members": 4, "redundant": True, "copies": 2, "args": ["--layout=n2"]},
    "raid5": {"members": 4, "redundant": True, "parity": 1,
              "defaults": {"stripe_cache_size": 256, "group_thread_cnt": 0, "skip_copy": 0},
              "tuned": [{"stripe_cache_size": 8192},
                        {"stripe_cache_size": 8192, "group_thread_cnt": 1},
                        {"stripe_cache_size": 8192, "skip_copy": 1}]},
}
# Pattern, block, and MiB that take about half a second, for queue depths of 1 and 32.
WORK = [(pattern, block, depth, mib)
        for pattern, block, amounts in (("read", "1M", (2048, 2048)), ("read", "64k", (1536, 2048)),
                                        ("write", "1M", (1024, 1024)), ("write", "64k", (768, 1024)),
                                        ("randread", "4k", (128, 512)),
                                        ("randwrite", "4k", (128, 384)))
        for depth, mib in zip((1, 32), amounts)]
NOTHING = ("read", "4k", 1, 0)
SYNCS = ("resync", "check", "rebuild")


def run(*command, check=True):
    print("+", " ".join(command), flush=True)
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode:
        raise RuntimeError("%s: status %d\n%s" % (command[0], done.returncode, done.stdout))
    return done


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def write(path, text):
    print("+ echo %s > %s" % (text, path), flush=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def sectors(device):
    return int(read("/sys/block/%s/size" % os.path.basename(device)))


class Refused(Exception):
    """The driver has no such level."""


class Marks:
    """Numbered marks on the console. run.py answers none: it only looks at the time."""

    def __init__(self):
        self.next = 0
        self.console = open("/dev/console", "w", encoding="ascii")

    def take(self):
        self.next += 1
        return self.next

    def set(self):
        number = self.take()
        self.console.write("@mark %d\n" % number)
        self.console.flush()
        return number


class Log:
    """The kernel's messages, as they come."""

    def __init__(self):
        self.file = os.open("/dev/kmsg", os.O_RDONLY)

    def skip(self):
        os.lseek(self.file, 0, os.SEEK_END)

    def wait(self, pattern, timeout=120):
        give_up = time.monotonic() + timeout
        while time.monotonic() < give_up:
            line = os.read(self.file, 8192).decode("utf-8", "replace")
            if re.search(pattern, line):
                return
        raise RuntimeError("no line %r in the log" % pattern)


class Watch(threading.Thread):
    """When background work begins and ends; it may be over before its command is."""

    def __init__(self, log, marks, side):
        super().__init__(daemon=True)
        self.log, self.marks, self.side = log, marks, side
        self.found = None
        log.skip()
        self.start()

    def run(self):
        self.log.wait(self.side.started)
        began, first = time.monotonic(), self.marks.set()
        self.log.wait(self.side.done)
        self.found = time.monotonic() - began, first, self.marks.set()

    def result(self):
        self.join()
        if not self.found:
            raise RuntimeError("background work did not begin or did not end")
        return self.found


class Md:
    started = r"md: \S+ of RAID array md0"
    done = r"md: md0: \S+ done"

    def create(self, level, disks, resync=False):
        row = LEVELS[level]
        members = disks[:row["members"]]
        options = ["--bitmap=none"] if row["redundant"] else []
        options += ["--chunk=64"] if level != "raid1" else []
        options += ["--assume-clean"] if row["redundant"] and not resync else []
        run("mdadm", "--create", "/dev/md0", "--run", "--metadata=1.2", "--level=" + level[4:],
            "--raid-devices=%d" % len(members), *options, *row.get("args", []), *members)
        return "/dev/md0"

    def files(self, settings):
        return {"/sys/block/md0/md/" + name: value for name, value in settings.items()}

    def speed(self, tuned):
        write("/proc/sys/dev/raid/speed_limit_max", "10485760" if tuned else "200000")
        write("/proc/sys/dev/raid/speed_limit_min", "10485760" if tuned else "1000")

    def check(self):
        write("/sys/block/md0/md/sync_action", "check")

    def add_spare(self, disk):
        run("mdadm", "/dev/md0", "--add", disk)

    def fail(self, disk):
        write("/sys/block/md0/md/dev-%s/state" % os.path.basename(disk), "faulty")

    def settle(self):
        while read("/sys/block/md0/md/sync_action") != "idle":
            time.sleep(0.02)

    def destroy(self, disks):
        run("mdadm", "--stop", "/dev/md0")
        run("mdadm", "--zero-superblock", *disks, check=False)


class Emd:
    started = r"emd: .*(resync|check|rebuild) started"
    done = r"emd: .*(resync|check|rebuild) done"

    def __init__(self, emdctl):
        self.emdctl = emdctl
        self.dev = None
        self.container = None

    def create(self, level, disks, resync=False):
        members = disks[:LEVELS[level]["members"]]
        strip = ["--strip", "64K"] if level != "raid1" else []
        done = run(self.emdctl, "--yes", "create", "--format", "imsm", "--level", level, "--name",
                   "bench", *strip, "--init", "resync" if resync else "none", *members, check=False)
        if done.returncode:
            raise Refused(done.stdout.strip())
        listed = json.loads(run(self.emdctl, "--json", "list").stdout)
        self.container = listed["containers"][0]["name"]
        self.dev = listed["containers"][0]["arrays"][0].get("dev")
        if not self.dev or not os.path.exists("/sys/block/" + self.dev):
            self.destroy(disks)
            raise Refused("created, but not started")
        return "/dev/" + self.dev

    def check(self):
        write("/sys/block/%s/emd/sync_action" % self.dev, "check")

    def add_spare(self, disk):
        run(self.emdctl, "--yes", "add", self.container, disk)

    def fail(self, disk):
        run(self.emdctl, "--yes", "fail", "bench", disk)

    def settle(self):
        while read("/sys/block/%s/emd/sync_action" % self.dev) != "idle":
            time.sleep(0.02)

    def destroy(self, disks):
        run(self.emdctl, "--yes", "stop", "--all")
        for disk in disks:
            run(self.emdctl, "--yes", "erase", disk, check=False)


class Bench:
    def __init__(self, args):
        self.args = args
        self.marks = Marks()
        self.log = Log()
        self.md = Md()
        self.emd = Emd(args.emdctl)
        self.samples = []
        self.left_out = {}

    def sample(self, fio, half, turn, level, work, who, mib, seconds, first, last):
        """@who moved @mib in @seconds, between two marks."""
        self.samples.append({"fio": fio, "half": half, "turn": turn, "level": level, "work": work,
                             "who": who, "mib": mib, "seconds": seconds, "marks": [first, last]})

    def fio(self, half, level, sides):
        """
        One fio does all work on all sides, taking turns. A side is its name, the
        device, and what is written to which file before each of its runs.
        """
        jobs, text = [], ["[global]", "ioengine=libaio", "direct=1", "thread", "norandommap",
                          "randrepeat=1", "gtod_reduce=1", "fadvise_hint=0"]
        for pattern, block, depth, mib in [NOTHING, NOTHING] + WORK:
            for turn in range(self.args.repeat):
                for who, device, settings in sides if (half + turn) % 2 == 0 else reversed(sides):
                    first, last = self.marks.take(), self.marks.take()
                    work = "%s %s qd%d" % (pattern, block, depth) if mib else "nothing"
                    jobs.append((work, who, turn, first, last))
                    before = ["echo %s >%s" % (value, path) for path, value in settings.items()]
                    text += ["[j%d]" % first, "stonewall", "filename=" + device,
                             "rw=" + pattern, "bs=" + block, "iodepth=%d" % depth,
                             "io_size=%d" % (int(mib * self.args.scale * 2**20) or 4096),
                             "iodepth_batch_submit=%d" % max(1, depth // 2),
                             "iodepth_batch_complete_max=%d" % max(1, depth // 2),
                             "exec_prerun=(%s)" % " && ".join(
                                 before + ["echo @mark %d >/dev/console" % first]),
                             "exec_postrun=(echo @mark %d >/dev/console)" % last]
        with open("/tmp/jobs.fio", "w", encoding="ascii") as file:
            file.write("\n".join(text) + "\n")
        os.chdir("/tmp")        # fio leaves the output of the commands there
        out = run("fio", "--output-format=json", "--output=/tmp/fio.json", "/tmp/jobs.fio")
        print(out.stdout, flush=True)
        with open("/tmp/fio.json", encoding="utf-8") as file:
            text = file.read()      # notes come first
        results = json.loads(text[text.find("\n{") + 1:])["jobs"]
        for (work, who, turn, first, last), result in zip(jobs, results, strict=True):
            if result["jobname"] != "j%d" % first or result["error"]:
                raise RuntimeError("fio: %s %s: error %d" % (work, who, result["error"]))
            side = result["write" if "write" in work else "read"]
            self.sample(True, half, turn, level, work, who, side["io_bytes"] / 2**20,
                        side["runtime"] / 1000, first, last)

    def io(self, half, level, disks):
        row = LEVELS[level]
        md, emd = self.md, self.emd
        sides = [("emd", emd.create(level, disks["emd"]), {})]
        device = md.create(level, disks["md"])
        defaults = row.get("defaults", {})
        sides.append(("md", device, md.files(defaults)))
        for index, settings in enumerate(row.get("tuned", [])[:None if self.args.full else 1]):
            name = "skip_copy" if settings.get("skip_copy") else "tuned%d" % index
            sides.append((name, device, md.files({**defaults, **settings})))
        self.fio(half, level, [side for side in sides if self.args.side in ("", side[0])])
        md.destroy(disks["md"])
        emd.destroy(disks["emd"])

    def background(self, half, turn, level, who, side, disks):
        """A resync, a check and a rebuild of one array."""
        row = LEVELS[level]
        spare = disks[row["members"]]
        actions = {"check": side.check, "rebuild": lambda: side.fail(disks[0]),
                   "resync": lambda: side.create(level, disks, resync=True)}
        for action in SYNCS:
            if action == "rebuild":
                side.add_spare(spare)
            watch = Watch(self.log, self.marks, side)
            actions[action]()
            if action == "resync" and who == "tuned" and "tuned" in row:
                for path, value in side.files(row["tuned"][0]).items():
                    write(path, str(value))
            took, first, last = watch.result()
            side.settle()
            device = "/dev/md0" if side is self.md else side.dev
            # Of each member: that is what "speed" means to an administrator.
            share = row["copies"] / row["members"] if "copies" in row else \
                1 / (row["members"] - row["parity"])
            self.sample(False, half, turn, level, action, who, sectors(device) / 2048 * share, took,
                        first, last)
        side.destroy(disks)

    def sync(self, half, level, disks):
        self.md.speed(False)
        self.background(half, 0, level, "md", self.md, disks["md"])
        self.md.speed(True)
        for turn in range(max(1, self.args.repeat // 2)):
            self.background(half, turn, level, "tuned", self.md, disks["md"])
            self.background(half, turn, level, "emd", self.emd, disks["emd"])
        self.md.speed(False)

    def level(self, half, level, disks):
        if self.args.only and level not in self.args.only.split(",") or level in self.left_out:
            return
        try:
            self.io(half, level, disks)
        except Refused as refusal:
            self.left_out[level] = str(refusal).splitlines()[-1]
            return
        if LEVELS[level]["redundant"] and not self.args.no_sync:
            self.sync(half, level, disks)

    def all(self):
        for disk in SETS[0] + SETS[1]:
            run("dd", "if=/dev/zero", "of=" + disk, "bs=1M", "oflag=direct",
                "count=%d" % (sectors(disk) // 2048))
        for half in range(2):
            disks = {"md": SETS[half], "emd": SETS[1 - half]}
            if not self.args.side:
                self.fio(half, "disk", [("raw", disks["md"][0], {})])
            for level in LEVELS:
                self.level(half, level, disks)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--emdctl", required=True)
    parser.add_argument("--scale", type=float, required=True)
    parser.add_argument("--repeat", type=int, required=True)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--work", default="")
    parser.add_argument("--side", default="")
    parser.add_argument("--no-sync", action="store_true")
    args = parser.parse_args()
    WORK[:] = [work for work in WORK if args.work in "%s %s qd%d" % work[:3]]
    bench = Bench(args)
    bench.all()
    result = {"kernel": os.uname().release, "scale": args.scale, "repeat": args.repeat,
              "disk_mib": sectors(SETS[0][0]) // 2048, "samples": bench.samples,
              "left_out": bench.left_out,
              "tuned": {level: row["tuned"] for level, row in LEVELS.items() if "tuned" in row}}
    with open("/tmp/out/samples.json.new", "w", encoding="ascii") as file:
        json.dump(result, file)
    os.rename("/tmp/out/samples.json.new", "/tmp/out/samples.json")


main()
