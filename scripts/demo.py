#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Show what EMD does, on a stock kernel in a virtual machine: a story in ten steps.

    scripts/demo.sh            (make demo does the set-up first)

The disks are files in a temporary directory; nothing of the host is touched.
Every sentence with a check mark was checked; the first that does not hold ends
the demo with status 1 and leaves the logs in out/logs/demo.
"""

import hashlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests"))

from lib import vm as machine  # noqa: E402
from lib.host import OUT, TOP, Kernel  # noqa: E402

STEPS = 10
INDENT = "    "
# What the C library needs to draw more than ASCII.
CTYPE = "/usr/lib/locale/C.utf8/LC_CTYPE"

GREEN, YELLOW, RED, BOLD, DIM, PLAIN = "\033[32m", "\033[33m", "\033[31m", "\033[1m", "\033[2m", "\033[0m"

# Words in the output of programs that deserve a colour.
PAINT = (
    (re.compile(r"\b(OK|normal|clean|optimal|active)\b"), GREEN),
    (re.compile(r"\b(degraded|rebuild(ing)?|rebuild started|dirty|spare)\b"), YELLOW),
    (re.compile(r"\b(failed|missing|device gone)\b(?! disk)"), RED),
)


class Screen:
    """What the viewer sees: in colour on a terminal, plain text elsewhere."""

    def __init__(self, out):
        self.out = out
        self.tty = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.colour = self.tty and not os.environ.get("NO_COLOR")
        self.utf8 = (out.encoding or "").lower().replace("-", "") == "utf8"
        columns = shutil.get_terminal_size().columns if self.tty else 80
        self.width = min(max(columns, 60), 100)
        self.waiting = False
        self.number = 0
        self.began = self.step_began = time.monotonic()

    def sign(self, pretty, plain):
        return pretty if self.utf8 else plain

    def paint(self, colour, text):
        return colour + text + PLAIN if self.colour and text else text

    def line(self, text=""):
        self.done_waiting()
        self.out.write(text + "\n")
        self.out.flush()

    def wrap(self, text, room):
        """Break a sentence at blanks."""
        lines = [""]
        for word in text.split():
            if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
                lines.append("")
            lines[-1] += (" " if lines[-1] else "") + word
        return lines

    def title(self, text, below):
        self.line()
        self.line("  " + self.paint(BOLD, text))
        for sentence in below:
            for part in self.wrap(sentence, self.width - 4):
                self.line("  " + self.paint(DIM, part))

    def step(self, text):
        self.number += 1
        self.step_began = time.monotonic()
        self.line()
        head = "%d/%d" % (self.number, STEPS)
        for part in self.wrap(text, self.width - 6):
            self.line(self.paint(BOLD, head.ljust(4) + part))
            head = ""

    def busy(self, text):
        """Something takes a while and prints nothing; gone when it is over."""
        if self.tty:
            self.done_waiting()
            self.out.write("\r" + INDENT + self.paint(DIM, text + " " + self.sign("…", "...")))
            self.out.flush()
            self.waiting = True

    def done_waiting(self):
        if self.waiting:
            self.out.write("\r\033[K")
            self.waiting = False

    def command(self, text):
        """A command as one could type it, broken at blanks where it is long."""
        mark = "# "
        parts = self.wrap(text, self.width - len(INDENT) - 6)
        for number, part in enumerate(parts):
            more = " \\" if number + 1 < len(parts) else ""
            self.line(INDENT + self.paint(DIM, mark) + self.paint(BOLD, part + more))
            mark = "    "

    def note(self, text):
        """Something that happens to the machine without a command."""
        for part in self.wrap(text, self.width - len(INDENT) - 2):
            self.line(INDENT + self.paint(YELLOW, self.sign("⚡", "!") + " " + part))

    def bar(self):
        return INDENT + self.paint(DIM, self.sign("│ ", "| "))

    def output(self, lines, painted=False):
        """Lines that a program printed; painted: it brought its own colours and kept to the width."""
        for text in lines:
            text = text.rstrip()
            if painted:
                self.line(self.bar() + text)
                continue
            room = self.width - len(INDENT) - 2
            parts = [text] if len(text) <= room else self.wrap(text, room - 2)
            for number, part in enumerate(parts):
                for pattern, colour in PAINT if self.colour else ():
                    part = pattern.sub(lambda found, c=colour: c + found.group(0) + PLAIN, part)
                self.line(self.bar() + ("  " if number else "") + part)

    def good(self, text):
        """A claim that was checked."""
        mark = self.paint(GREEN, self.sign("✔", "ok"))
        for part in self.wrap(text, self.width - len(INDENT) - 3):
            self.line(INDENT + mark + " " + part)
            mark = self.sign(" ", "  ")

    def bad(self, text):
        self.line(INDENT + self.paint(RED, self.sign("✘", "FAILED:") + " " + text.split("\n")[0]))
        for more in text.split("\n")[1:20]:
            self.line(INDENT + "  " + more)

    def show_cursor(self):
        if self.tty:
            self.done_waiting()
            self.out.write("\033[?25h")
            self.out.flush()


class Demo:
    """The story. One method a step."""

    def __init__(self, vm, screen):
        self.vm = vm
        self.screen = screen
        self.sums = {}
        self.disks = []
        self.blank = []
        self.plain = self.vm.add_disks(2, size="32M", serial="ADPT-%04d")
        self.others = self.vm.add_disks(4, size="80M", serial="SNIA-%04d")
        self.replacement = None
        self.container = ""
        self.percent = 0.0
        self.dev = {}
        self.pretty = screen.tty and shutil.which("script")
        if self.pretty:
            # Colours and bars as the guest's tool draws them: it gets a terminal.
            vm.add_file("/usr/bin/script", shutil.which("script"))
            if screen.utf8 and os.path.exists(CTYPE):
                vm.add_file(CTYPE, CTYPE)

    # -- how a command is shown ------------------------------------------------

    def on_terminal(self, command):
        columns = self.screen.width - len(INDENT) - 2
        return ("TERM=xterm LC_CTYPE=%s NO_COLOR=%s script -qec 'stty cols %d rows 24; %s' /dev/null"
                % ("C.UTF-8" if self.screen.utf8 else "C", "" if self.screen.colour else "1",
                   columns, command))

    def quiet(self, command, timeout=120):
        return self.vm.sh(command, timeout)

    def run(self, command, keep=None, timeout=120):
        """Show a command and its output, or only the lines that match."""
        self.screen.command(command)
        self.screen.busy("running")
        output = self.vm.sh("cd /root; " + command, timeout)
        lines = [text for text in output.splitlines() if text.strip()]
        if keep is not None:
            lines = [text for text in lines if re.search(keep, text)]
        self.screen.output(lines)
        return output

    def emdctl(self, arguments, timeout=120):
        command = "emdctl " + arguments
        if not self.pretty:
            return self.run(command, timeout=timeout)
        self.screen.command(command)
        self.screen.busy("running")
        output = self.vm.sh(self.on_terminal(command), timeout)
        self.screen.output(output.splitlines(), painted=True)
        return output

    def live(self, command, until=None, timeout=240):
        """Show a command while it draws; until: a percentage at which the viewer looks away."""
        self.screen.command(command)
        running = self.vm.start(self.on_terminal(command) if self.pretty else command)
        deadline = time.monotonic() + timeout
        drawn = 0
        while True:
            ended = running.done.is_set()
            text = running.output.decode(errors="replace")
            if self.pretty:
                drawn = self.draw_frame(text, drawn)
            else:
                whole = text.split("\n")[:-1]
                self.screen.output(whole[drawn:])
                drawn = len(whole)
            percent = [float(p) for p in re.findall(r"(\d+(?:\.\d+)?)%", text)]
            if until is not None and percent and percent[-1] >= until:
                return percent[-1]
            if ended:
                break
            if time.monotonic() > deadline:
                raise machine.Failed("no end in %d s: %s\n%s" % (timeout, command, text[-500:]))
            time.sleep(0.1)
        if running.status:
            raise machine.Failed("status %s: %s\n%s" % (running.status, command, text[-500:]))
        if until is not None:
            raise machine.Failed("it was over before %d%%: %s" % (until, command))
        return 100.0

    def draw_frame(self, text, drawn):
        """The last whole picture, in the place of the one before; returns its height."""
        frames = text.split("\033[J")
        if len(frames) < 2:
            return drawn
        lines = re.sub(r"\033\[(\d+A|K|\?25[lh])|\r", "", frames[-2]).strip("\n").split("\n")
        if drawn:
            self.screen.out.write("\033[%dA\033[J" % drawn)
        self.screen.output(lines, painted=True)
        return len(lines)

    def examine(self, disk, name, keys):
        """mdadm's word on an array: shown, trimmed to these lines, and returned."""
        command = "mdadm --examine " + disk.dev
        self.screen.command(command)
        self.screen.busy("running")
        output = self.vm.sh(command)
        lines, inside, dropped = [], False, self.screen.sign("…", "...")
        for text in output.splitlines():
            key = text.partition(" : ")[0].strip()
            if text.startswith("["):
                inside = text.startswith("[%s]" % name)
                if inside:
                    lines += [dropped, text]
            elif inside and key in keys:
                lines.append("%15s%s" % (key, text[text.index(" : "):]))
        self.screen.output(lines + [dropped])
        return machine.examine.parse(output)["volumes"][name]

    def check(self, holds, claim, details=""):
        if not holds:
            raise machine.Failed("this does not hold: %s\n%s" % (claim, details))
        self.screen.good(claim)

    # -- files -------------------------------------------------------------------

    def fill(self, dev, name, files):
        """A file system with files of random content."""
        self.quiet("mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 %s" % dev)
        self.quiet("mkdir -p /mnt/%s; mount %s /mnt/%s" % (name, dev, name))
        for file, size in files.items():
            self.quiet("head -c %s /dev/urandom > /mnt/%s/%s" % (size, name, file))
        self.remember(name)
        self.quiet("umount /mnt/%s" % name)

    def remember(self, name):
        self.sums[name] = self.quiet("sha256sum /mnt/%s/*.*; sync" % name)

    def verify(self, name, dev, options="ro,noload", keep=False):
        """Mount, compare every file with its checksum, and show that; returns how many are right."""
        # Kept outside the machine: what is compared cannot have gone wrong in the same way.
        self.vm.write_file("/root/%s.sha256" % name, self.sums[name].encode())
        self.quiet("mkdir -p /mnt/%s" % name)
        self.run("mount -o %s %s /mnt/%s" % (options, dev, name))
        output = self.run("sha256sum -c %s.sha256" % name)
        if not keep:
            self.quiet("umount /mnt/%s" % name)
        return output.count(": OK")

    def fingerprint(self):
        """A checksum of every byte of the disks that are in."""
        self.screen.busy("reading all disks")
        digest = hashlib.blake2b()
        for disk in self.vm.disks:
            if disk.plugged:
                with open(disk.path, "rb") as image:
                    while chunk := image.read(1 << 20):
                        digest.update(chunk)
        return digest.digest()

    def arrays_run(self, *names):
        """Wait until EMD has started these; their device nodes."""
        self.screen.busy("waiting for the arrays")
        self.vm.wait("arrays " + ", ".join(names),
                     lambda: all((self.vm.array(n) or {"dev": ""})["dev"] for n in names), 60)
        for name in names:
            self.dev[name] = "/dev/" + self.vm.array(name)["dev"]

    def state(self, name):
        return self.vm.array(name)["state"]

    # -- the story ---------------------------------------------------------------

    def tell(self):
        for step in (self.make_by_mdadm, self.load, self.pull, self.spare,
                     self.power_cut, self.go_on, self.create, self.create_asr, self.create_ddf,
                     self.back_to_mdadm):
            step()
        self.screen.busy("shutting down")
        self.vm.finish()

    def make_by_mdadm(self):
        self.screen.step("mdadm makes an Intel RAID set (IMSM): four disks, a RAID 1 and a RAID 10.")
        self.disks = self.vm.add_disks(4, size="128M", serial="WD-%04d")
        self.blank = self.vm.add_disks(2, size="96M", bus="nvme", serial="SAMSUNG-%04d")
        self.replacement = self.vm.add_disk(size="128M", serial="NEW-%04d", plugged=False)
        self.screen.busy("booting the virtual machine")
        self.vm.boot()
        devs = sorted(self.vm.devs(self.disks).split())
        self.run("mdadm --create /dev/md/imsm0 --metadata imsm --raid-devices 4 " + " ".join(devs),
                 keep="prepared")
        self.run("mdadm --create /dev/md/system --level 1 --raid-devices 2 --size 24M --assume-clean --run "
                 + " ".join(devs[:2]), keep="started")
        self.run("mdadm --create /dev/md/home --level 10 --raid-devices 4 --size 64M --assume-clean --run "
                 "/dev/md/imsm0", keep="started")
        self.screen.busy("writing files")
        self.fill(self.vm.md("system"), "system", {"kernel.img": "4M", "fstab.txt": "3K"})
        self.fill(self.vm.md("home"), "home", {"photos.tar": "12M", "thesis.odt": "700K", "music.flac": "9M"})
        self.run("mdadm --stop --scan", keep="^$")
        self.check(not self.quiet("grep ^md /proc/mdstat || true"),
                   "Both arrays have a file system and files with known checksums; md has let go of them.")

    def load(self):
        self.screen.step("One insmod. No daemon, no scan, no configuration file.")
        before = self.fingerprint()
        self.run("insmod emd.ko")
        self.arrays_run("system", "home")
        self.emdctl("list")
        self.check(self.state("system") == self.state("home") == "optimal" and self.fingerprint() == before,
                   "The kernel found the disks, read their metadata and started both arrays, and has not "
                   "changed a byte on them.")
        good = self.verify("system", self.dev["system"])
        good += self.verify("home", self.dev["home"], "rw", keep=True)
        self.check(good == 5, "All five files are as they were.")
        self.container = self.vm.emdctl("list", json=True)["containers"][0]["name"]

    def pull(self):
        victim = self.member(1)
        self.screen.step("A disk is pulled out while a file is being written.")
        writing = "dd if=/dev/urandom of=/mnt/home/film.mkv bs=256K count=96 conv=fsync"
        self.screen.command(writing + " &")
        running = self.vm.start(writing)
        self.screen.busy("writing")
        self.vm.wait("the film to grow", lambda: int(self.vm.sh(
            "stat -c %s /mnt/home/film.mkv 2>/dev/null || echo 0").strip()) > 4 << 20)
        self.check(not running.done.is_set(), "The file grows.")
        self.screen.note("%s is pulled out of the machine" % victim.dev)
        self.screen.busy("still writing")
        self.vm.unplug(victim)
        running.wait(240)
        self.screen.output(running.output.decode(errors="replace").splitlines()[-1:])
        self.check(running.status == 0, "The writer did not notice.")
        self.vm.wait("both to be degraded", lambda: self.state("home") == self.state("system") == "degraded")
        self.quiet("touch /mnt/home; sync")
        self.remember("home")
        self.run("dmesg | grep -o 'emd:.*member.*'")
        self.emdctl("status")
        volume = self.examine(self.member(0), "home", ("Slots", "Map State", "Dirty State", "Failed disk"))
        self.check(volume["Map State"] == "degraded" and "_" in volume["Slots"],
                   "The arrays run on, degraded, and the metadata on the other disks says so: mdadm reads it there.")

    def spare(self):
        self.screen.step("A new disk is plugged in and given to the container. It takes over by itself.")
        self.screen.busy("plugging")
        self.vm.plug(self.replacement)
        self.quiet("emdctl sync limit home 6M")
        self.emdctl("add %s %s" % (self.container, self.replacement.dev))
        self.live("emdctl wait --progress home optimal", until=45)
        self.vm.wait("system to be rebuilt", lambda: self.state("system") == "optimal")
        sync = self.vm.array("home")["sync"]
        self.percent = 100.0 * sync["done_sectors"] / (sync["total_sectors"] or 1)
        self.check(sync["action"] == "rebuild",
                   "The rebuild runs, and nobody had to ask for it (it was only slowed down for the show).")

    def power_cut(self):
        self.vm.kill()
        self.screen.step("Power cut, at %.0f %% of the rebuild. Then the machine boots again." % self.percent)
        self.screen.busy("booting on the same disks")
        self.vm.boot()
        before = self.fingerprint()
        volume = self.examine(self.whole(), "home", ("Slots", "Migrate State", "Map State", "Checkpoint"))
        self.check("rebuild" in volume.get("Migrate State", ""),
                   "The metadata says that a rebuild runs, and how far it had come.")
        self.run("insmod emd.ko")
        self.arrays_run("system", "home")
        text = self.run("emdctl show home", keep=r"^  (state|untouched)|SLOT|\d sd")
        reached = re.search(r"rebuilding (\d+\.\d)%", text)
        self.check(reached and self.percent - 15 < float(reached.group(1)) <= self.percent + 15,
                   "The kernel knows it too.", text)
        self.check(self.state("home") == "degraded" and self.fingerprint() == before,
                   "Until somebody writes to the array, no byte on the disks is changed.")

    def go_on(self):
        self.screen.step("The first write wakes the rebuild; it goes on where it was.")
        self.quiet("emdctl sync limit home 12M")
        good = self.verify("home", self.dev["home"], "rw", keep=True)
        self.check(good == 4, "Every file is right, also the one that was written while the disk was pulled.")
        self.quiet("echo still here > /mnt/home/notes.txt; sync")
        self.remember("home")
        self.live("emdctl wait --progress home optimal")
        text = self.run("dmesg | grep -o 'emd:.*rebui.*'")
        started = re.search(r"rebuild started at sector (\d+)", text)
        self.check(started and int(started.group(1)) > 0,
                   "It started at its checkpoint and not at the beginning.", text)
        volume = self.examine(self.disks[0], "home", ("Slots", "Migrate State", "Map State"))
        self.check(volume["Map State"] == "normal" and volume["Migrate State"] == "idle",
                   "mdadm agrees: all members are back.")

    def create(self):
        self.screen.step("emdctl makes an array of its own, on two blank NVMe disks.")
        self.emdctl("create --format imsm --level raid1 --name backup %s" % self.vm.devs(self.blank))
        self.arrays_run("backup")
        self.screen.busy("writing files")
        self.fill(self.dev["backup"], "backup", {"backup.tar": "6M", "index.txt": "40K"})
        self.check(self.state("backup") in ("optimal", "degraded"),
                   "It can be used at once; its first resync goes on behind the files.")
        self.live("emdctl wait --progress backup idle")
        text = self.run("dmesg | grep -o 'emd:.*emd2.*'")
        self.check(self.state("backup") == "optimal" and "resync done" in text, "Both copies agree.")

    def create_asr(self):
        self.screen.step("Another firmware's format: a mirror as Adaptec HostRAID keeps it (ASR).")
        self.emdctl("create --format asr --level raid1 --name office --init none %s" % self.vm.devs(self.plain))
        self.arrays_run("office")
        self.fill(self.dev["office"], "office", {"letters.tar": "3M"})
        text = self.run("dmraid -r -f asr", keep="asr_office")
        self.check(text.count("asr_office") == 2 and text.count(", mirror, ok,") == 2,
                   "dmraid, which knows this format too, sees both members of the mirror.")

    def create_ddf(self):
        self.screen.step("And SNIA's, for controllers of any make (DDF): RAID 5, with a spare when a disk dies.")
        devs = self.vm.devs(self.others).split()
        self.emdctl("create --format ddf --level raid5 --size 64M --name media --init none %s" % " ".join(devs[:3]))
        self.arrays_run("media")
        self.fill(self.dev["media"], "media", {"concert.flac": "12M"})
        container = next(c["name"] for c in self.vm.emdctl("list", json=True)["containers"] if c["format"] == "ddf")
        self.emdctl("add %s %s" % (container, devs[3]))
        self.emdctl("fail --yes media %s" % devs[1])
        self.check(self.verify("media", self.dev["media"]) == 1, "What the dead disk held is computed.")
        self.live("emdctl wait --progress media optimal")
        volume = self.run("mdadm --examine %s" % devs[3], keep=r"state\[0\]")
        self.check("Optimal" in volume, "The spare has taken over, and mdadm sees it so.")

    def back_to_mdadm(self):
        self.screen.step("EMD leaves. mdadm takes over the arrays of the formats it knows.")
        self.quiet("umount /mnt/home")
        self.emdctl("stop --all --yes")
        self.run("rmmod emd")
        self.run("mdadm --assemble --scan", keep="Started|started|assembled", timeout=180)
        for name, nr in ("system", 2), ("home", 5), ("backup", 2), ("media", 1):
            good = self.verify(name, self.vm.md(name))
            if good != nr:
                raise machine.Failed("%s has %d good files, not %d" % (name, good, nr))
        self.check(True, "Ten files in four arrays, all right: made by either, read by both.")

    def whole(self):
        """
        A disk whose metadata is whole. The power may have failed between two sectors of
        it on one disk; that is why the disks are not all written at once.
        """
        for disk in self.disks:
            if disk.plugged and self.vm.status("mdadm --examine " + disk.dev)[0] == 0:
                return disk
        raise machine.Failed("no disk has whole metadata after the power cut")

    def member(self, slot):
        """The disk in a slot of the mirror."""
        dev = self.vm.array("system")["members"][slot]["dev"]
        return next(d for d in self.disks if d.dev == "/dev/" + dev)


def interrupted(number, _frame):
    # Once: tidying up must not be torn by an impatient second one.
    for each in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def main():
    screen = Screen(sys.stdout)
    kernel = Kernel("stock", os.path.abspath(os.environ.get("EMD_KO", os.path.join(TOP, "drivers/emd/emd.ko"))))
    directory = tempfile.mkdtemp(prefix="emd-demo-", dir=os.environ.get("TMPDIR", "/tmp"))
    for each in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(each, interrupted)
    vm = machine.VM(kernel, directory)
    # Somebody else may be on this machine; the story has time.
    vm.slow = 3
    status = 1
    try:
        screen.title("EMD: firmware RAID, in the kernel alone",
                     ["Linux %s as Debian ships it, in a virtual machine. The disks are files in %s; nothing "
                      "of this machine is touched." % (kernel.version, directory)])
        Demo(vm, screen).tell()
        status = 0
        screen.line()
        screen.line("  " + screen.paint(BOLD + GREEN, "All of it held.") + " It took %d s, and the kernel's log is "
                    "clean." % (time.monotonic() - screen.began))
        screen.line("  What to try next: README.md; the tests that prove it: make check.")
        screen.line()
    except machine.Failed as error:
        screen.bad(str(error))
    except SystemExit as stop:
        status = stop.code
        screen.line()
        screen.line("  Interrupted; the virtual machine is gone.")
    finally:
        # First: when the terminal is gone, every word from here on raises.
        vm.close()
        if status == 1:
            kept = os.path.join(OUT, "logs/demo")
            shutil.rmtree(kept, ignore_errors=True)
            os.makedirs(os.path.dirname(kept), exist_ok=True)
            shutil.move(directory, kept)
        shutil.rmtree(directory, ignore_errors=True)
        if status == 1:
            screen.line(INDENT + "  logs and disk images: " + os.path.relpath(kept, TOP))
        screen.show_cursor()
    return status


if __name__ == "__main__":
    sys.exit(main())
