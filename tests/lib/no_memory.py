# SPDX-License-Identifier: GPL-2.0
"""No memory for the driver: for all that it does, or for one allocation of a command after the other.

For a debug kernel: its fault injection fails what has a function of emd on its
stack, so the driver's own allocations and those of the block layer below it.
"""

import os
import re
import subprocess

from . import stress
from .host import TOP
from .vm import Failed, Skip

EMDCTL = os.path.join(TOP, "tools/emdctl/emdctl")
FAULTS = "/sys/kernel/debug/%s/%s"
MAKERS = "failslab", "fail_page_alloc"
PLENTY = 1 << 30


def through_page_cache(vm, dev, seek_mib):
    """Writers who must wait until some of what they wrote is on the disks get on."""
    limits = "/proc/sys/vm/dirty_bytes /proc/sys/vm/dirty_background_bytes"
    vm.sh("for f in %s; do echo 524288 > $f; done" % limits)
    vm.sh("dd if=/tmp/data of=%s bs=64K seek=%d conv=notrunc,fsync 2>&1" % (dev, seek_mib * 16), timeout=120)
    vm.sh("echo 20 > /proc/sys/vm/dirty_ratio; echo 10 > /proc/sys/vm/dirty_background_ratio")


def vmstat(vm, name):
    return int(vm.sh("grep '^%s ' /proc/vmstat" % name).split()[1])


def add_programs(vm):
    """What makes the memory of chosen commands fail; from the next boot on."""
    stress.add_program(vm, "pageout")
    path = os.path.join(vm.directory, "failnth.so")
    subprocess.run(["gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", path,
                    os.path.join(TOP, "tests/guest/failnth.c")], check=True)
    vm.add_file("/root/failnth.so", path)


def choose(vm):
    """Set up whose allocations are to fail: the driver's, and those of whom it calls. They don't yet."""
    if vm.status("test -e " + FAULTS % ("failslab", "require-start"))[0]:
        raise Skip("this kernel cannot make the allocations of one module fail")
    # Its code comes first; what follows is never on a stack as a place to return to.
    _, size, _, _, _, start, *_ = vm.sh("grep '^emd ' /proc/modules").split()
    settings = {"probability": 0, "verbose": 0, "ignore-gfp-wait": "N", "interval": 1, "times": PLENTY, "space": 0,
                "stacktrace-depth": 32, "require-start": int(start, 16), "require-end": int(start, 16) + int(size)}
    only_pages = {"min-order": 0, "ignore-gfp-highmem": "N"}
    vm.sh("; ".join("echo %s > %s" % (value, FAULTS % (each, name)) for each in MAKERS
                    for name, value in dict(settings, **(only_pages if each == "fail_page_alloc" else {})).items()))


class Tries:
    """Commands, of each of which one allocation after the other fails; see tests/guest/failnth.c.

    lots    where to begin
    growth  per cent by which the next is further away than the last
    """

    def __init__(self, vm, lots, growth):
        # The kernel shows who asked for a cache or for pages in vain. What is wrong has a line before that.
        vm.tolerate("Call Trace:")
        # It loses the name of a cache that it cannot show in sysfs.
        vm.tolerate_leak("sysfs_slab_add")
        self.vm = vm
        self.growth = growth
        self.lots = lots
        self.commands = self.refused = self.passed = 0

    def every(self, command, name=None, undo=(), again=False, backed_out=None):
        """Until it is done with all the memory it wants.

        name   of the ioctl, when it is not the command's
        undo   commands, or functions, for when it was done although an allocation failed, and has to be done again
        again  it changes nothing: it may be done again as it is
        backed_out  looks that nothing is left when it was refused after something had been written; None: it must not
        """
        name = name or next(word for word in command.split() if not word.startswith("-"))
        at = self.lots.randint(1, 4)
        refused = passed = 0
        while True:
            status, output = self.vm.status("FAILNTH='%d %d %d %d /tmp/failnth' LD_PRELOAD=/root/failnth.so emdctl %s" % (
                number(name), at, self.growth, again, command), timeout=120)
            word, *rest = self.vm.sh("cat /tmp/failnth; rm /tmp/failnth").split()
            if word == "wrong":
                raise Failed("%s: %s" % (command, " ".join(rest)))
            at, refused = int(rest[0]), refused + int(rest[1])
            if word == "done":
                break
            if word == "wrote":
                if not backed_out:
                    raise Failed("%s: refused before %d, but something was written: %s" % (command, at, output))
                backed_out()
            passed += word == "passed"
            self.vm.say("%s before %d: %s" % (word, at, output.strip()))
            if word == "passed" and not (undo or again):
                break
            for each in undo if word == "passed" else ():
                if callable(each):
                    each()
                else:
                    self.vm.emdctl(each)
        if status:
            raise Failed("%s: %s" % (command, output))
        self.vm.say("%s: %d allocations, %d refused, %d passed" % (command, at, refused, passed))
        self.commands += 1
        self.refused += refused
        self.passed += passed


def number(name):
    """The number of a command, as the driver's header has it."""
    with open(os.path.join(TOP, "include/uapi/linux/emd.h")) as header:
        found = re.search(r"EMD_IOC_%s\s+_IO\(EMD_IOC_MAGIC, (\w+)\)" % name.upper(), header.read())
    return int(found.group(1), 0)


def without(vm, command):
    """A command that finds no memory where its work is done; emdctl itself has what it needs."""
    name = next(word for word in command.split() if not word.startswith("-"))
    vm.sh("FAILNTH='%d 0 1 0 /tmp/failnth' LD_PRELOAD=/root/failnth.so emdctl %s" % (number(name), command))
    assert vm.sh("cat /tmp/failnth; rm /tmp/failnth").split()[0] == "done"


def gone(vm):
    """From now on whatever the driver allocates fails, and whatever those whom it calls do."""
    vm.sh("; ".join("echo %d > %s; echo 100 > %s" % (PLENTY, FAULTS % (each, "times"), FAULTS % (each, "probability"))
                    for each in MAKERS))


def back(vm):
    """Memory again; how many times was there none?"""
    failed = 0
    for each in MAKERS:
        vm.sh("echo 0 > " + FAULTS % (each, "probability"))
        failed += PLENTY - int(vm.sh("cat " + FAULTS % (each, "times")))
    return failed


def examined(disk):
    """What emdctl on the host says of the metadata on a disk. Whoever needs sense in it looks again."""
    return subprocess.run([EMDCTL, "examine", "--block-size", str(disk.logical_block), "--serial", disk.serial, disk.path],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
