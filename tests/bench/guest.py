# SPDX-License-Identifier: GPL-2.0
"""The part of the benchmark that runs in User-Mode Linux; see run.py and plan.py.

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
import mmap
import os
import re
import subprocess
import threading
import time

import plan

MIB = 2**20


def say(text):
    print("%8.2f %s" % (time.monotonic(), text), flush=True)


def run(*command, check=True):
    say("+ " + " ".join(command))
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode:
        raise RuntimeError("%s: status %d\n%s" % (command[0], done.returncode, done.stdout))
    return done


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def write(path, text):
    say("+ echo %s > %s" % (text, path))
    with open(path, "w", encoding="ascii") as file:
        file.write(str(text))


def sectors(device):
    return int(read("/sys/block/%s/size" % os.path.basename(device)))


def free_mib():
    """Memory that nobody has, once what can be had again is given back."""
    run("sync")
    write("/proc/sys/vm/drop_caches", 3)
    return int(re.search(r"MemFree:\s+(\d+)", read("/proc/meminfo"))[1]) / 1024


def fill(disk, byte):
    """Write a whole disk, past the page cache."""
    with mmap.mmap(-1, MIB) as page:
        page.write(bytes([byte]) * MIB)
        file = os.open(disk, os.O_WRONLY | os.O_DIRECT)
        for _ in range(sectors(disk) // 2048):
            os.write(file, page)
        os.close(file)


# A set is the widest array of all; spares are there, since arrays with spares are not.
SETS = [["/dev/ram%d" % i for i in range(n * max(plan.WIDTHS), (n + 1) * max(plan.WIDTHS))]
        for n in range(2)]


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
    device = "/dev/md0"
    disks = ()

    def create(self, level, disks, members):
        row = plan.LEVELS[level]
        self.disks = disks[:members]
        options = ["--bitmap=none", "--assume-clean"] if level != "raid0" else []
        run("mdadm", "--create", self.device, "--run", "--metadata=1.2",
            "--level=" + row.get("as", level)[4:],
            "--raid-devices=%d" % members, *options, *row["args"], *self.disks)

    def resync(self):
        """From the start, as after an unclean stop; not by --create, which leaves no time for settings."""
        write("/sys/block/md0/md/sync_action", "frozen")
        write("/sys/block/md0/md/resync_start", 0)
        write("/sys/block/md0/md/sync_action", "resync")

    def files(self, settings):
        return {"/sys/block/md0/md/" + name: value for name, value in settings.items()}

    def set(self, settings):
        for path, value in self.files(settings).items():
            write(path, value)

    def speed(self, tuned):
        write("/proc/sys/dev/raid/speed_limit_max", 10485760 if tuned else 200000)
        write("/proc/sys/dev/raid/speed_limit_min", 10485760 if tuned else 1000)

    def check(self):
        write("/sys/block/md0/md/sync_action", "check")

    def add_spare(self, disk):
        self.disks = [*self.disks, disk]
        run("mdadm", self.device, "--add", disk)

    def fail(self, disk):
        write("/sys/block/md0/md/dev-%s/state" % os.path.basename(disk), "faulty")

    def settle(self):
        while read("/sys/block/md0/md/sync_action") != "idle":
            time.sleep(0.02)

    def destroy(self):
        run("mdadm", "--stop", self.device)
        run("mdadm", "--zero-superblock", *self.disks)


class Emd:
    started = r"emd: .*(resync|check|rebuild) started"
    done = r"emd: .*(resync|check|rebuild) done"

    def __init__(self, emdctl):
        self.emdctl = emdctl
        self.device = None
        self.sysfs = None
        self.container = None
        self.disks = ()

    def create(self, level, disks, members, resync=False):
        """With @resync one begins at once."""
        row = plan.LEVELS[level]
        self.disks = disks[:members]
        strip = ["--strip", "64K"] if level != "raid1" else []
        done = run(self.emdctl, "--yes", "create", "--format", row["format"], "--level",
                   row.get("as", level), "--name", "bench", *strip, "--init", "resync" if resync else "none",
                   *self.disks, check=False)
        if done.returncode:
            raise Refused(done.stdout.strip())
        listed = json.loads(run(self.emdctl, "--json", "list").stdout)
        self.container = listed["containers"][0]["name"]
        dev = listed["containers"][0]["arrays"][0].get("dev")
        if not dev or not os.path.exists("/sys/block/" + dev):
            self.destroy()
            raise Refused("created, but not started")
        self.device = "/dev/" + dev
        self.sysfs = "/sys/block/%s/emd/" % dev

    def check(self):
        write(self.sysfs + "sync_action", "check")

    def add_spare(self, disk):
        self.disks = [*self.disks, disk]
        run(self.emdctl, "--yes", "add", self.container, disk)

    def fail(self, disk):
        run(self.emdctl, "--yes", "fail", "bench", disk)

    def settle(self):
        while read(self.sysfs + "sync_action") != "idle":
            time.sleep(0.02)

    def destroy(self):
        run(self.emdctl, "--yes", "stop", "--all")
        for disk in self.disks:
            run(self.emdctl, "--yes", "erase", disk)


class Bench:
    def __init__(self, args):
        self.args = args
        self.marks = Marks()
        self.log = Log()
        self.md = Md()
        self.emd = Emd(args.emdctl)
        self.levels = [level for level in plan.LEVELS
                       if not args.only or level in args.only.split(",")]
        self.samples = []
        self.left_out = {}
        self.tuned = {}         # level: kind of work: settings
        self.memory = {}        # level: side: MiB

    def part(self, name):
        return name in self.args.parts.split(",")

    def widths(self):
        widths = plan.WIDTHS_FULL if self.args.full else plan.WIDTHS
        return [width for width in widths if width != plan.LEVELS["raid5"]["members"]]

    # -- disks ---------------------------------------------------------------

    def void(self, disks):
        """Disks that keep nothing but metadata, on the ramdisks that have it."""
        made = []
        for disk in disks[:plan.WIDEST]:
            head, tail = plan.VOID_KEEPS
            size, minor = sectors(disk), int(re.search(r"\d+$", disk)[0])
            parts = ["0 %d linear %s 0" % (head, disk), "%d %d zero" % (head, size - head - tail),
                     "%d %d linear %s %d" % (size - tail, tail, disk, head)]
            run("dmsetup", "create", "--noudevsync", "--concise",
                "void-%s,,%d,rw,%s" % (os.path.basename(disk), minor, ",".join(parts)))
            made.append("/dev/dm-%d" % minor)
        return made

    def no_void(self, disks):
        for disk in disks[:plan.WIDEST]:
            run("dmsetup", "remove", "--noudevsync", "void-" + os.path.basename(disk))

    def on_void(self, half, level, disks):
        """What the drivers take themselves, when the members take nothing."""
        members = plan.LEVELS[level]["members"]
        raw = [("raw", disks["md"][0], lambda work: {})]
        self.users(half, ("disk-" + level, 1, 0), [*plan.safe(), *plan.writes()], raw)
        self.create(level, disks, members)
        self.users(half, (level, members, 0), plan.safe(), self.sides(level, "emd", "tuned", "md"))
        self.users(half, (level, members, 0), plan.writes(),
                   self.sides(level, "emd", "zero_copy", "skip_copy", "tuned", "md"))
        for side in "emd", "md":
            getattr(self, side).fail(disks[side][0])
        self.users(half, (level, members, 1), plan.degraded(level, 1),
                   self.sides(level, "emd", "tuned", "md"))
        self.destroy()

    def prefill(self):
        """
        Memory for the ramdisks, all of it, before anything is measured; and the host's for
        the rest, of which md takes the most, so that nobody pays for being the first there.
        """
        wide = self.part("widths") and "raid5" in self.levels
        members = max(self.widths()) if wide else plan.WIDEST + 1
        disks = [disk for one in SETS for disk in one[:members]]
        before = free_mib()
        for disk in disks:
            fill(disk, 0)
        size = sum(sectors(disk) for disk in disks) // 2048
        with open("/tmp/touch", "wb") as file:
            for _ in range(min(1536, int(free_mib()) - 256)):
                file.write(bytes(MIB))
        os.unlink("/tmp/touch")
        return before, size

    def check_filled(self, before, size):
        """Whoever discards gets memory instead of a disk from then on."""
        held = before - free_mib()
        say("ramdisks: %d MiB, memory used: %d MiB" % (size, held))
        if held < 0.99 * size:
            raise RuntimeError("the ramdisks are not filled: %d of %d MiB" % (held, size))

    # -- users' I/O ----------------------------------------------------------

    def sample(self, fio, half, turn, array, work, who, mib, seconds, marks):
        """@who moved @mib in @seconds, between two marks. @array: level, members, missing."""
        self.samples.append({"fio": fio, "half": half, "turn": turn, "level": array[0],
                             "members": array[1], "missing": array[2], "work": work, "who": who,
                             "mib": mib, "seconds": seconds, "marks": marks})

    def job(self, number, work, device, before, marks):
        depth, batch = work.depth, max(1, work.depth // 2)
        lines = ["[j%d]" % number, "stonewall", "filename=" + device, "bs=" + work.block,
                 "iodepth=%d" % depth, "iodepth_batch_submit=%d" % batch,
                 "iodepth_batch_complete_max=%d" % batch,
                 "io_size=%d" % (int(work.mib * self.args.scale * MIB) or 4096),
                 "exec_prerun=(%s)" % " && ".join(before + ["echo @mark %d >/dev/console" % marks[0]]),
                 "exec_postrun=(echo @mark %d >/dev/console)" % marks[1]]
        if work.pattern == "present":
            stride = 5 * 65536
            size = (sectors(device) * 512 // stride - 1) * stride
            return lines + ["rw=read:64k", "offset=64k", "size=%d" % size]
        return lines + ["rw=" + work.pattern]

    def fio(self, works, sides, repeat, half=0):
        """
        One fio does all work on all sides, taking turns. A side is its name, the
        device, and the files to write before a run: a dict, made from the work.

        Returns a list of: work's name, side's name, turn, MiB, seconds, marks.
        """
        jobs, text = [], ["[global]", "ioengine=libaio", "direct=1", "thread", "norandommap",
                          "randrepeat=1", "gtod_reduce=1", "fadvise_hint=0"]
        sides = [side for side in sides if self.args.side in ("", side[0])]
        works = [work for work in works if self.args.work in plan.name(work)]
        if not sides or not works:
            return []
        for work in [plan.NOTHING] + works:
            for turn in range(repeat):
                for who, device, files in sides if (half + turn) % 2 == 0 else sides[::-1]:
                    marks = self.marks.take(), self.marks.take()
                    before = ["echo %s >%s" % (value, path) for path, value in files(work).items()]
                    text += self.job(len(jobs), work, device, before, marks)
                    jobs.append((plan.name(work), who, turn, marks))
        with open("/tmp/jobs.fio", "w", encoding="ascii") as file:
            file.write("\n".join(text) + "\n")
        os.chdir("/tmp")        # fio leaves the output of the commands there
        out = run("fio", "--output-format=json", "--output=/tmp/fio.json", "/tmp/jobs.fio")
        print(out.stdout, flush=True)
        with open("/tmp/fio.json", encoding="utf-8") as file:
            text = file.read()      # notes come first
        results = []
        for (work, who, turn, marks), result in zip(
                jobs, json.loads(text[text.find("\n{") + 1:])["jobs"], strict=True):
            if result["error"]:
                raise RuntimeError("fio: %s %s: error %d" % (work, who, result["error"]))
            moved = result["write" if plan.is_write(work) else "read"]
            results.append((work, who, turn, moved["io_bytes"] / MIB, moved["runtime"] / 1000,
                            marks))
        return results

    def users(self, half, array, works, sides, repeat=None):
        """Work of users on arrays that are there."""
        for work, who, turn, mib, seconds, marks in self.fio(works, sides,
                                                             repeat or self.args.repeat, half):
            self.sample(True, half, turn, array, work, who, mib, seconds, marks)

    def sides(self, level, *names):
        """Sides as fio() wants them."""
        if "parity" not in plan.LEVELS[level]:
            return [("emd", self.emd.device, lambda work: {}), ("md", self.md.device, lambda work: {})]

        def settings(more):
            def files(work):
                kind = work.pattern if plan.is_write(work.pattern) else "read"
                return self.md.files({**plan.MD_DEFAULTS, **self.tuned[level][kind], **more})
            return files

        known = {"emd": (self.emd.device, lambda work: {self.emd.sysfs + "zero_copy": 0}),
                 "zero_copy": (self.emd.device, lambda work: {self.emd.sysfs + "zero_copy": 1}),
                 "md": (self.md.device, lambda work: self.md.files(plan.MD_DEFAULTS)),
                 "tuned": (self.md.device, settings({})),
                 "skip_copy": (self.md.device, settings({"skip_copy": 1}))}
        return [(name, *known[name]) for name in names]

    def create(self, level, disks, members):
        self.emd.create(level, disks["emd"], members)
        self.md.create(level, disks["md"], members)

    def destroy(self):
        self.md.destroy()
        self.emd.destroy()

    def plain(self, half, level, disks):
        members = plan.LEVELS[level]["members"]
        self.create(level, disks, members)
        self.users(half, (level, members, 0), plan.plain(self.args.full), self.sides(level))
        self.destroy()

    def parity(self, half, level, disks):
        row = plan.LEVELS[level]
        members = row["members"]
        both = "emd", "tuned", "md"
        self.create(level, disks, members)
        array = level, members, 0
        if self.part("io"):
            works = plan.safe() + plan.degraded(level, 1)[2:]
            self.users(half, array, works, self.sides(level, *both))
            self.users(half, array, plan.writes(),
                       self.sides(level, "emd", "zero_copy", "skip_copy", "tuned", "md"))
        if self.part("curves") and (level == "raid5" or self.args.full):
            self.users(half, array, plan.curves(), self.sides(level, *both), self.few())
        if self.part("degraded"):
            for missing in range(1, row["parity"] + 1):
                for side in "emd", "md":
                    getattr(self, side).fail(disks[side][missing - 1])
                self.users(half, (level, members, missing), plan.degraded(level, missing),
                           self.sides(level, *both))
        self.destroy()

    def few(self):
        """Repeats of a point of a curve."""
        return (self.args.repeat + 1) // 2

    def wide(self, half, disks):
        for members in self.widths():
            self.create("raid5", disks, members)
            self.users(half, ("raid5", members, 0), plan.wide(),
                       self.sides("raid5", "emd", "tuned", "md"), self.few())
            self.destroy()

    # -- background work -----------------------------------------------------

    def watched(self, side, action):
        watch = Watch(self.log, self.marks, side)
        action()
        result = watch.result()
        side.settle()
        return result

    def background(self, half, turn, level, who, side, disks):
        """
        A resync that has to write all parity or second copies, a check that finds
        nothing, and a rebuild.
        """
        row = plan.LEVELS[level]
        members = row["members"]
        for number, disk in enumerate(disks[:members]):
            fill(disk, 0xa5 if number == 0 else 0)
        if side is self.md:
            side.create(level, disks, members)
            if "parity" in row:
                side.set({**plan.MD_DEFAULTS, **(self.tuned[level]["sync"] if who == "tuned" else {})})
        resync = side.resync if side is self.md else \
            lambda: side.create(level, disks, members, resync=True)
        for action in plan.SYNCS:
            if action == "rebuild":
                side.add_spare(disks[members])
            took, *marks = self.watched(side, {"resync": resync, "check": side.check,
                                               "rebuild": lambda: side.fail(disks[0])}[action])
            # Of each member: that is what "speed" means to an administrator.
            share = row["copies"] / members if "copies" in row else 1 / (members - row["parity"])
            self.sample(False, half, turn, (level, members, 0), action, who,
                        sectors(side.device) / 2048 * share, took, marks)
        side.destroy()

    def sync(self, half, level, disks):
        self.md.speed(False)
        self.background(half, 0, level, "md", self.md, disks["md"])
        self.md.speed(True)
        for turn in range(self.few()):
            self.background(half, turn, level, "tuned", self.md, disks["md"])
            self.background(half, turn, level, "emd", self.emd, disks["emd"])
        self.md.speed(False)

    # -- before all that -----------------------------------------------------

    def tune(self, level, disks):
        """Which settings suit md best, for each kind of work? By the clock, the best of two."""
        md, members = self.md, plan.LEVELS[level]["members"]
        turns = min(2, self.args.repeat)

        def best(took):
            return plan.CANDIDATES[min(took, key=lambda index: min(took[index]))]

        def users(work):
            sides = [(str(index), md.device, lambda _, settings=settings: md.files(settings))
                     for index, settings in enumerate(plan.CANDIDATES)]
            took = {}
            for done, index, _, _, seconds, _ in self.fio([work], sides, turns):
                if done == plan.name(work):
                    took.setdefault(int(index), []).append(seconds)
            return best(took)

        def sync():
            took = {}
            for _ in range(turns):
                for index, settings in enumerate(plan.CANDIDATES):
                    md.set(settings)
                    took.setdefault(index, []).append(self.watched(md, md.check)[0])
            return best(took)

        side, work = self.args.side, self.args.work
        self.args.side = self.args.work = ""
        for disk in disks[:members]:
            fill(disk, 0)       # parity is right, or md would complain all the time
        md.create(level, disks, members)
        md.speed(True)
        tuned = {"write": users(plan.writes()[-1]), "randwrite": users(plan.safe()[-1]),
                 "sync": sync()}
        md.speed(False)
        md.fail(disks[0])
        tuned["read"] = users(plan.degraded(level, 1)[0])
        md.destroy()
        self.tuned[level] = tuned
        self.args.side, self.args.work = side, work

    def held(self, level, side, disks, settings):
        """MiB that are gone after writes at the greatest queue depth; without a side, to a disk."""
        before, device = free_mib(), disks[0]
        if side:
            side.create(level, disks, plan.LEVELS[level]["members"])
            device = side.device
            if settings:
                side.set(settings)
        self.fio([plan.Work("write", "256k", max(plan.DEPTHS), 768),
                  plan.Work("randwrite", "4k", max(plan.DEPTHS), 128)],
                 [("", device, lambda work: {})], 1)
        gone = before - free_mib()
        if side:
            side.destroy()
        return gone

    def weigh(self, level, disks):
        """
        Memory that an array takes. The second time counts: by then the kernel has what it
        keeps for all arrays; and not what such writes cost on a mere disk.
        """
        most = max(self.tuned[level].values(), key=lambda settings: settings["stripe_cache_size"])
        args, self.args.side, self.args.work = (self.args.side, self.args.work), "", ""
        for _ in range(2):
            disk = self.held(level, None, disks, None)
            self.memory[level] = {
                who: max(self.held(level, side, disks, settings) - disk, 0)
                for who, side, settings in (("md", self.md, None), ("emd", self.emd, None),
                                            ("tuned", self.md, {**plan.MD_DEFAULTS, **most}))}
        self.args.side, self.args.work = args

    # ------------------------------------------------------------------------

    def level(self, half, level, disks):
        if "void" not in plan.LEVELS[level]:
            self.on_ramdisks(half, level, disks)
        elif self.part("void"):
            void = {side: self.void(ones) for side, ones in disks.items()}
            if half == 0 and self.args.side not in ("emd", "zero_copy"):
                self.tune(level, void["md"])
            self.on_void(half, level, void)
            for ones in disks.values():
                self.no_void(ones)

    def on_ramdisks(self, half, level, disks):
        parity = "parity" in plan.LEVELS[level]
        try:
            if half == 0 and parity and self.args.side not in ("emd", "zero_copy"):
                self.tune(level, disks["md"])
                if self.part("memory"):
                    self.weigh(level, disks["md"])
            if not parity and self.part("io"):
                self.plain(half, level, disks)
            if parity:
                self.parity(half, level, disks)
            if level == "raid5" and self.part("widths"):
                self.wide(half, disks)
        except Refused as refusal:
            self.left_out[level] = str(refusal).splitlines()[-1]
            return
        if level != "raid0" and self.part("sync"):
            self.sync(half, level, disks)

    def all(self):
        filled = self.prefill()
        self.check_filled(*filled)
        works = dict.fromkeys(plan.plain(self.args.full) + plan.safe() + plan.writes())
        points = plan.curves() if self.part("curves") else []
        for half in range(2):
            disks = {"md": SETS[half], "emd": SETS[1 - half]}
            if not self.args.side:
                raw = [("raw", disks["md"][0], lambda work: {})]
                self.users(half, ("disk", 1, 0), [w for w in works if self.part("io")], raw)
                self.users(half, ("disk", 1, 0), points, raw, self.few())
            for level in self.levels:
                if level not in self.left_out:
                    self.level(half, level, disks)
        self.check_filled(*filled)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--emdctl", required=True)
    parser.add_argument("--scale", type=float, required=True)
    parser.add_argument("--repeat", type=int, required=True)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--parts", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--work", default="")
    parser.add_argument("--side", default="")
    args = parser.parse_args()
    bench = Bench(args)
    bench.all()
    result = {"kernel": os.uname().release, "scale": args.scale, "repeat": args.repeat,
              "disk_mib": sectors(SETS[0][0]) // 2048, "samples": bench.samples,
              "left_out": bench.left_out, "tuned": bench.tuned, "memory": bench.memory}
    with open("/tmp/out/samples.json.new", "w", encoding="ascii") as file:
        json.dump(result, file)
    os.rename("/tmp/out/samples.json.new", "/tmp/out/samples.json")


main()
