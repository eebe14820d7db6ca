# SPDX-License-Identifier: GPL-2.0
"""A test machine that a scenario can boot, feed with disks, and kill."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time

from . import blockserver, examine, initramfs, klog, snapshot
from .agent import Agent, AgentGone
from .host import TOP
from .qmp import Qmp


# Of a scenario's boots that the emulator may spoil; see VM.tripped().
MAX_TRIPS = 2


class Failed(Exception):
    """The scenario does not hold."""


class Skip(Exception):
    """The scenario can't be run here; the text says why."""


class Refused(Failed):
    """A command in the guest ended with a status that was not asked for."""

    def __init__(self, command, status, output):
        super().__init__("status %d: %s\n%s" % (status, command, output.rstrip()))
        self.command = command
        self.status = status
        self.output = output


class Disk:
    """One disk: its image on the host and, while it is plugged, its device in the guest."""

    def __init__(self, vm, number, size, bus, serial, logical_block, faults):
        self.vm = vm
        self.number = number
        self.name = "disk%d" % number
        self.size = size
        self.bus = bus
        self.serial = serial
        self.logical_block = logical_block
        self.plugged = True
        self.path = os.path.join(vm.directory, self.name + ".img")
        with open(self.path, "wb") as image:
            image.truncate(size)
        self.server = None
        if faults:
            self.server = blockserver.BlockServer(self, os.path.join(vm.directory, self.name + ".nbd"))

    @property
    def faults(self):
        """Errors, delays and silence on demand; see BlockServer."""
        if not self.server:
            raise Failed("%s was not added with faults=True" % self.name)
        return self.server

    @property
    def dev(self):
        """The device node in the guest, by serial number."""
        found = self.vm.serials().get(self.serial)
        if not found:
            raise Failed("the guest has no disk with serial %s" % self.serial)
        return "/dev/" + found

    @property
    def sectors(self):
        return self.size // 512

    def read(self, sector, nr=1):
        """Bytes of the image, in 512-byte sectors; a negative sector counts from the end."""
        with open(self.path, "rb") as image:
            image.seek(self._offset(sector))
            return image.read(nr * 512)

    def write(self, sector, data):
        """Change the image behind the guest's back."""
        with open(self.path, "r+b") as image:
            image.seek(self._offset(sector))
            image.write(data)

    def _offset(self, sector):
        return (sector if sector >= 0 else self.sectors + sector) * 512

    def copy_to(self, path):
        blockserver.run_copy(self.path, path)

    def restore(self, path):
        """Take the content of an image made by copy_to(). Only while the machine is off."""
        with open(self.path, "r+b") as image:
            image.truncate(0)
            image.truncate(self.size)
        subprocess.run(["cp", "--sparse=always", path, self.path], check=True)

    # -- for qemu ------------------------------------------------------------

    def blockdev(self):
        if self.server:
            return {"driver": "nbd", "node-name": self.name,
                    "server": {"type": "unix", "path": self.server.path}}
        return {"driver": "raw", "node-name": self.name, "discard": "unmap",
                "file": {"driver": "file", "filename": self.path, "discard": "unmap"}}

    def device(self):
        props = {"id": self.name, "drive": self.name, "serial": self.serial}
        if self.bus == "scsi":
            props.update(driver="scsi-hd", bus="scsi0.0", **{"scsi-id": self.number, "lun": 0})
        elif self.bus == "nvme":
            props.update(driver="nvme")
        else:
            props.update(driver="virtio-blk-pci")
        props.update(logical_block_size=self.logical_block, physical_block_size=self.logical_block)
        if self.bus != "nvme":
            props.update({"write-cache": "on"})
            if self.bus == "scsi":
                props.update(rotation_rate=1)
        return props


def parse_size(size):
    if isinstance(size, int):
        return size
    number, unit = re.fullmatch(r"(\d+)([KMGT]?)", size).groups()
    return int(number) << {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[unit]


class VM:
    """The machine of one scenario.

    Times are stretched by `slow` on a debug kernel; a scenario gives them
    for a stock one.
    """

    def __init__(self, kernel, directory):
        self.kernel = kernel
        self.directory = directory
        self.slow = (5 if kernel.debug else 1) * float(os.environ.get("EMD_PATIENCE", 1))
        self.cpus = 2
        self.memory = 2048 if kernel.debug else 768     # MiB
        self.disks = []
        self.files = {}
        self.tools = set()
        self.tolerated = []
        self.tolerated_leaks = []
        self.boots = 0
        self.trips = 0
        self.process = None
        self.agent = None
        self.qmp = None
        self.trace = open(os.path.join(directory, "commands.log"), "w")
        self.checked = 0
        emdctl = os.path.join(TOP, "tools/emdctl/emdctl")
        if os.path.exists(emdctl):
            self.files["/usr/sbin/emdctl"] = emdctl

    # -- disks ---------------------------------------------------------------

    def add_disks(self, count, size="64M", bus="scsi", serial="EMD%04d", logical_block=512,
                  faults=False, plugged=True):
        """Add sparse disks; they are there from the next boot on, or plug() them.

        bus            scsi, nvme or virtio
        serial         a pattern for the disk's number, counted over all disks,
                       or a list of texts
        logical_block  512 or 4096
        faults         served by the harness: disk.faults and vm.record() work
        """
        new = []
        for i in range(count):
            number = len(self.disks)
            name = serial % number if isinstance(serial, str) else serial[i]
            disk = Disk(self, number, parse_size(size), bus, name, logical_block, faults)
            disk.plugged = plugged
            self.disks.append(disk)
            new.append(disk)
        return new

    def add_disk(self, **kwargs):
        return self.add_disks(1, **kwargs)[0]

    def plug(self, disk):
        """Hot plug; returns when the guest has the device."""
        self.say("plug %s" % disk.name)
        self.qmp.command("device_add", **disk.device())
        disk.plugged = True
        self.wait("%s to appear" % disk.name, lambda: disk.serial in self.serials())

    def unplug(self, disk):
        """Hot unplug; returns when the guest has let go of the device."""
        self.say("unplug %s" % disk.name)
        self.qmp.command("device_del", id=disk.name)
        self.qmp.wait_event("DEVICE_DELETED", timeout=30 * self.slow, device=disk.name)
        disk.plugged = False
        self.wait("%s to disappear" % disk.name, lambda: disk.serial not in self.serials())

    def serials(self):
        """serial -> kernel name of all disks in the guest."""
        # One process for all of them: with many disks and no acceleration a loop takes seconds.
        text = self._run("cd /sys/block; head -v -c 255 sd*/device/vpd_pg80 nvme*n*/serial nvme*n*/device/serial "
                         "vd*/serial 2>/dev/null; :", quiet=True, binary=True)
        found = {}
        for path, content in re.findall(rb"==> (\S+) <==\n(.*?)(?=\n==> |\Z)", text, re.S):
            if path.endswith(b"vpd_pg80"):
                content = content[4:]
            serial = content.replace(b"\0", b"").decode(errors="replace").strip()
            if serial:
                found.setdefault(serial, path.split(b"/")[0].decode())
        return found

    def devs(self, disks=None):
        """Device nodes as one string for a command line."""
        known = self.serials()
        return " ".join("/dev/" + known[d.serial] for d in (self.disks if disks is None else disks))

    def record(self, disks=None, lag=0):
        """Log every write to these disks (added with faults=True) from now on; see WriteLog.

        lag  seconds for which each is held up, so that what is sent together overlaps
        """
        disks = disks or self.disks
        return blockserver.WriteLog(disks, os.path.join(self.directory, "record"), lag)

    # -- power -----------------------------------------------------------------

    def add_file(self, guest, host):
        """A program or data file for the guest; its libraries come along. From the next boot on."""
        self.files[guest] = host

    def add_modules(self, *names):
        """Kernel modules that few scenarios want. From the next boot on; load_modules() loads them."""
        paths = list(dict.fromkeys(path for name in names for path in initramfs.module_chain(self.kernel, name)))
        for number, path in enumerate(paths):
            name = "%02d-%s.ko" % (number, os.path.basename(path).split(".")[0])
            with open(os.path.join(self.directory, name), "wb") as plain:
                plain.write(initramfs.plain_module(path))
            self.add_file("/root/modules/" + name, plain.name)

    def load_modules(self):
        # Some of what they depend on is there already.
        self.sh("for m in /root/modules/*; do insmod $m 2>/dev/null; done; true")

    def boot(self, append="", root=None, disks=None, cold=False):
        """Power on and wait for the agent, and for the disks.

        append  more kernel parameters
        root    boot from this device without initramfs
        disks   the plugged disks, in the order in which they are attached
        cold    boot from the very beginning; else the machine goes on from where another of its
                kind had booted, unless its own boot differs
        """
        if self.process:
            raise Failed("boot: the machine is on")
        self.boots += 1
        run = os.path.join(self.directory, "boot%d" % self.boots)
        os.makedirs(run)
        self.run_directory = run
        self.console = os.path.join(run, "console.log")
        attached = disks or [d for d in self.disks if d.plugged]
        argv = self.machine(run)
        for disk in self.disks:
            argv += ["-blockdev", json.dumps(disk.blockdev())]
        cold = cold or append or root or self.kernel.builtin or os.environ.get("EMD_COLD_BOOT")
        while True:
            self.say("boot " + append)
            try:
                if cold:
                    self.cold_boot(run, argv, append, root, attached)
                else:
                    self.go_on(run, argv, attached)
                self.wait("all disks", lambda: len(self.serials()) >= len(attached))
                return
            except (Failed, AgentGone) as error:
                self.kill()
                if not self.tripped(run):
                    raise Failed("boot: %s\n%s" % (error, self.console_tail())) from None

    def tripped(self, run):
        """Whether a boot that failed is the emulator's fault and may be tried again.

        It does not always see code that another processor has just patched, as a booting kernel does
        a lot, and trips over its own state when it goes on from a snapshot: the kernel crashes, with
        nothing of ours in it yet. The log is kept beside the console's, and the result tells of it.
        """
        if self.kernel.builtin or self.trips >= MAX_TRIPS or not klog.crash(self.console_tail(None)):
            return False
        self.trips += 1
        os.replace(self.console, os.path.join(run, "tripped%d.log" % self.trips))
        self.say("the kernel crashed before any of ours was in it: boot again")
        return True

    def machine(self, run):
        """Command line of the bare machine, whose sockets are in that directory."""
        return ["qemu-system-x86_64", "-nodefaults", "-no-reboot", "-display", "none", "-machine", "pc",
                "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", str(self.cpus),
                "-m", str(self.memory),
                "-serial", "file:%s/console.log" % run,
                "-qmp", "unix:%s/qmp,server=on,wait=off" % run,
                "-chardev", "socket,id=agent,path=%s/agent,server=on,wait=off" % run,
                "-device", "virtio-serial-pci",
                "-device", "virtserialport,chardev=agent,name=emd.agent",
                "-device", "virtio-scsi-pci,id=scsi0",
                "-kernel", self.kernel.image]

    def parameters(self):
        """Of the kernel, on every boot."""
        # With all at its usual address the emulator translates a program once and not for each
        # process: starting one takes half the time.
        parameters = ("console=ttyS0 loglevel=7 panic=-1 nokaslr norandmaps "
                      "random.trust_cpu=on rcupdate.rcu_cpu_stall_timeout=120")
        if self.kernel.debug:
            # Processors and interrupts by the MP table: the routing method of the firmware
            # takes the emulated, instrumented interpreter half a minute, for each device.
            parameters += " acpi=noirq"
        return parameters

    def cold_boot(self, run, argv, append, root, attached):
        parameters = self.parameters() + " " + append
        if root:
            parameters += " root=%s rw init=/init" % root
        else:
            archive = os.path.join(run, "initramfs")
            initramfs.for_boot(self.kernel, archive, self.files, self.tools)
            argv = argv + ["-initrd", archive]
        argv = argv + ["-append", parameters]
        for disk in attached:
            argv += ["-device", json.dumps(disk.device())]
        deadline = time.monotonic() + 60 * self.slow
        self.spawn(run, argv)
        try:
            self.qmp = Qmp(os.path.join(run, "qmp"), deadline)
            self.agent = Agent(os.path.join(run, "agent"), deadline, lambda: self.process.poll() is None)
        except Exception as error:
            raise Failed("%s %s" % (error, self.emulator_log(run))) from None
        finally:
            if not root:
                os.unlink(os.path.join(run, "initramfs"))

    def go_on(self, run, argv, attached):
        """From the snapshot of a machine like this, with the files and the disks of this one."""
        booted = snapshot.of(self)
        deadline = time.monotonic() + 60 * self.slow
        self.spawn(run, argv + ["-incoming", "defer"])
        try:
            self.qmp = Qmp(os.path.join(run, "qmp"), deadline)
            # Before the guest runs: it believes that somebody is there.
            self.agent = Agent(os.path.join(run, "agent"), deadline, lambda: self.process.poll() is None, greets=False)
            snapshot.load(self.qmp, booted, 60 * self.slow)
            for disk in attached:
                self.qmp.command("device_add", **disk.device())
            self.qmp.command("cont")
        except Exception as error:
            # Whatever was wrong with it, the next machine gets another.
            snapshot.forget(booted)
            raise Failed("go on: %s %s" % (error, self.emulator_log(run))) from None
        more = initramfs.extra(self.kernel, os.path.join(run, "extra"), self.files)
        with open(more, "rb") as archive:
            content = archive.read()
        os.unlink(more)
        self._run("wake %d && cd / && cpio -idm 2>/dev/null" % time.time(), stdin=os.urandom(64) + content)

    @staticmethod
    def emulator_log(run):
        with open(os.path.join(run, "qemu.log")) as log:
            return log.read().strip()

    def spawn(self, run, argv):
        with open(os.path.join(run, "qemu.log"), "w") as log:
            # It must not outlive us, however we end.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *argv],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)

    def kill(self):
        """Power cut: the machine is gone between two instructions."""
        if self.process:
            self.say("kill")
            if self.process.poll() is None:
                os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for end in self.agent, self.qmp:
            if end:
                end.close()
        self.process = self.agent = self.qmp = None

    def poweroff(self):
        """Orderly end: file systems synced, then off."""
        if not self.process:
            return
        self.say("poweroff")
        try:
            self._run("sync; poweroff -f & sleep 30", timeout=30)
        except AgentGone:
            pass
        try:
            self.process.wait(20 * self.slow)
        except subprocess.TimeoutExpired:
            raise Failed("the machine does not power off") from None
        finally:
            self.kill()

    # -- commands ------------------------------------------------------------------

    def say(self, text):
        self.trace.write("%9.3f %s\n" % (time.monotonic() % 100000, text))
        self.trace.flush()

    def start(self, command, stdin=b""):
        """Start a shell command in the guest and go on; .wait(seconds), .output, .status."""
        self.say("& " + command)
        if not self.agent:
            raise Failed("the machine is off: %s" % command)
        return self.agent.start(command, stdin)

    def _run(self, command, timeout=60, status=0, stdin=b"", quiet=False, binary=False):
        if not self.agent:
            raise Failed("the machine is off: %s" % command)
        if not quiet:
            self.say("$ " + command)
        running = self.agent.start(command, stdin)
        try:
            running.wait(timeout * self.slow)
        except TimeoutError as error:
            raise Failed("%s\n%s" % (error, running.output.decode(errors="replace"))) from None
        output = running.output if binary else running.output.decode(errors="replace")
        if not quiet and output:
            self.trace.write("    " + str(output).rstrip()[:20000].replace("\n", "\n    ") + "\n")
        if status is not None and running.status != status:
            raise Refused(command, running.status, running.output.decode(errors="replace"))
        return output

    def sh(self, command, timeout=60, status=0, stdin=b""):
        """Run a shell command in the guest and return its output, stderr included.

        status   the exit status that must be; None: any
        """
        try:
            return self._run(command, timeout, status, stdin)
        except AgentGone as error:
            raise Failed("%s\n%s" % (error, self.console_tail())) from None

    def output(self, command, timeout=60):
        """Run a command and return what it printed, as bytes, whatever its status; nothing is logged."""
        return self._run(command, timeout, status=None, quiet=True, binary=True)

    def status(self, command, timeout=60):
        """Run a command and return (status, output)."""
        try:
            return 0, self.sh(command, timeout)
        except Refused as error:
            return error.status, error.output

    def read_file(self, path):
        """A file of the guest, as bytes."""
        return self._run("cat " + shlex.quote(path), binary=True, quiet=True)

    def write_file(self, path, data):
        self._run("cat > " + shlex.quote(path), stdin=data)

    def wait(self, what, predicate, timeout=20, interval=0.1):
        """Poll until the predicate holds and return its value."""
        deadline = time.monotonic() + timeout * self.slow
        while True:
            value = predicate()
            if value:
                return value
            if time.monotonic() > deadline:
                raise Failed("waited %g s for %s" % (timeout * self.slow, what))
            time.sleep(interval)

    def dmesg(self, pattern=None):
        """The kernel log, or its lines that match."""
        text = self._run("dmesg", quiet=True)
        if pattern is None:
            return text
        return "\n".join(line for line in text.splitlines() if re.search(pattern, line))

    # -- EMD and mdadm -------------------------------------------------------------

    def insmod(self, parameters=""):
        """Load emd.ko."""
        if self.kernel.builtin:
            return
        if not self.kernel.emd_module:
            raise Skip("no emd.ko for the %s kernel" % self.kernel.name)
        self.sh("insmod /root/emd.ko " + parameters)

    def rmmod(self):
        self.sh("rmmod emd")

    def emdctl(self, command, json=False, status=0, timeout=60):  # pylint: disable=redefined-outer-name
        """Run emdctl; with json=True return its document."""
        output = self.sh("emdctl %s%s" % ("--json " if json else "", command), timeout, status)
        return self._json(output) if json else output

    @staticmethod
    def _json(text):
        try:
            return json.loads(text)
        except ValueError:
            raise Failed("not JSON:\n%s" % text) from None

    def array(self, name):
        """What `emdctl --json list` says about one array, or None."""
        for container in self.emdctl("list", json=True)["containers"]:
            for array in container["arrays"]:
                if name in (array["name"], array["dev"], array["uuid"]):
                    return array
        return None

    def examine(self, disk):
        """mdadm --examine of a disk as a dictionary; see examine.parse()."""
        def whole():
            # It reads the anchor before the rest: a write in between makes no sense to it.
            text = self.sh("mdadm --examine " + disk.dev)
            return text if "IMSM checksum" not in text else None
        return examine.parse(self.wait("metadata that nobody writes just now", whole, timeout=10))

    def md(self, name):
        """Device of an md array by its name; mdadm appends _0 to a name that it does not trust."""
        return self.sh("readlink -e /dev/md/%s || readlink -e /dev/md/%s_0" % (name, name)).strip()

    def tolerate(self, pattern):
        """Lines of the kernel log that this scenario provokes on purpose."""
        self.tolerated.append(pattern)

    def tolerate_leak(self, pattern):
        """Blocks whose story, as kmemleak tells it, has this in it: those that the kernel itself loses."""
        self.tolerated_leaks.append(pattern)

    # -- the end -----------------------------------------------------------------------

    def console_tail(self, lines=25):
        """The last lines of this boot's kernel log; None: all of them."""
        try:
            with open(self.console, errors="replace") as log:
                return "".join(log.readlines()[-lines if lines else 0:]).rstrip()
        except OSError:
            return ""

    def logs(self):
        """Kernel logs of all boots."""
        text = ""
        for number in range(1, self.boots + 1):
            with open(os.path.join(self.directory, "boot%d" % number, "console.log"), errors="replace") as log:
                text += log.read()
        return text

    def check_logs(self):
        bad = klog.trouble(self.logs(), self.tolerated)
        if bad:
            raise Failed("kernel log:\n" + "\n".join(bad[:12]))

    def finish(self):
        """Take everything down in order, look for leaks, and judge the logs."""
        if self.agent and not self.agent.gone:
            self._run("swapoff -a; umount -a -t ext4,xfs,btrfs,vfat 2>/dev/null", status=None)
            if self._run("ls /dev/emd-control 2>/dev/null", status=None, quiet=True) and not self.kernel.builtin:
                self._run("emdctl stop --all --yes", status=None)
                try:
                    self._run("! grep -q '^emd ' /proc/modules || rmmod emd")
                except Refused as error:
                    raise Failed("emd can't be unloaded: %s" % error.output.strip()) from None
            self._run("mdadm --stop --scan", status=None)
            if self.kernel.debug:
                self._leaks()
            self.poweroff()
        self.kill()
        self.check_logs()

    def _leaks(self):
        """kmemleak believes a block is lost only when two scans agree."""
        node = "/sys/kernel/debug/kmemleak"
        self._run("echo scan > %s; sleep 5; echo scan > %s" % (node, node), timeout=120)
        report = self._run("cat " + node)
        leaks = [leak for leak in re.split(r"(?m)^(?=unreferenced object )", report) if leak.strip() and
                 not any(re.search(pattern, leak) for pattern in self.tolerated_leaks)]
        if leaks:
            raise Failed("kmemleak:\n" + "".join(leaks)[:3000])

    def close(self):
        self.kill()
        for disk in self.disks:
            if disk.server:
                disk.server.close()
        self.trace.close()

    def remove_images(self):
        for disk in self.disks:
            if os.path.exists(disk.path):
                os.unlink(disk.path)
        shutil.rmtree(os.path.join(self.directory, "record"), ignore_errors=True)
