# SPDX-License-Identifier: GPL-2.0
"""This test shows that a dry run changes no byte and no state, and that its plan is what the command then does."""

import re
import zlib

from lib import arrays

groups = ["array"]

WRITE = re.compile(r"^(?:write|zero the) \w+ metadata (?:to|of) (\w+): (.*)$")
RUN = re.compile(r"(\d+) bytes at sector (\d+)")


def scenario(vm):
    disks = vm.add_disks(4, size="64M", serial="PLAN%04d", faults=True)
    vm.boot()
    vm.insmod("autoassemble=0")
    for kind in "imsm", "ddf", "asr":
        life(vm, kind, disks)


class Planner:
    """Runs commands, first dry, and holds them to what they said."""

    def __init__(self, vm, disks):
        self.vm = vm
        self.disks = disks
        self.names = {disk.dev.rsplit("/", 1)[1]: disk for disk in disks}

    def looks(self):
        sums = [zlib.crc32(disk.read(0, disk.sectors)) for disk in self.disks]
        return sums, self.vm.emdctl("list", json=True)

    def plan(self, command):
        """Its lines; nothing else has come of it."""
        before = self.looks()
        document = self.vm.emdctl("--dry-run " + command, json=True)
        assert document["ok"] and document["dry_run"] and document["plan"], document
        assert self.vm.emdctl("--dry-run " + command).splitlines()[-1] == document["plan"][-1]
        assert self.looks() == before, "a dry run of %s changed something" % command
        return document["plan"]

    def planned(self, lines):
        """Which sectors of which disk, as the plan has it."""
        return {(self.names[name], sector) for name, runs in
                (found.groups() for found in map(WRITE.match, lines) if found)
                for size, first in RUN.findall(runs)
                for sector in range(int(first), int(first) + int(size) // 512)}

    def do(self, command, *expected):
        """What was planned is written, and no other sector."""
        lines = self.plan(command)
        for pattern in expected:
            assert any(re.fullmatch(pattern, line) for line in lines), (pattern, lines)
        log = self.vm.record(self.disks)
        self.vm.emdctl("--yes " + command)
        log.stop()
        written = {(entry.disk, sector) for entry in log.entries
                   for sector in range(entry.sector, entry.sector + len(entry.data) // 512)}
        assert written == self.planned(lines), (command, lines, self.odd(written ^ self.planned(lines)))
        return lines

    @staticmethod
    def odd(sectors):
        return sorted((disk.name, sector) for disk, sector in sectors)[:20]


def life(vm, kind, disks):
    planner = Planner(vm, disks)
    first, second, third, fourth = (disk.dev.rsplit("/", 1)[1] for disk in disks)
    bare = " ".join(disk.dev for disk in disks[:2])
    planner.do("create --format %s --level raid1 --name data --size 32M --init none %s" % (kind, bare),
               "claim " + first, 'array "data" appears: raid1, 2 members, .*32M',
               r'array "data": member 1: %s, \d+ sectors at sector \d+' % second)
    container = arrays.container(vm, "data")
    planner.plan("scrub --repair data")
    # A disk that joins changes what the others say only where their tables list spares.
    planner.do("add %s %s" % (container, third), r"disk %s \(.*\) joins: spare" % third)
    planner.do("remove %s %s" % (container, third), r"disk %s .*" % third, "release " + third)
    assert re.search(r"disk %s \(.*\) leaves" % third, vm.emdctl("history " + container))
    erase_if_any(vm, planner, third)

    # It is recorded at once, for there is nothing that could take the place.
    planner.do("fail data %s" % second, r"disk %s: active -> failed" % second,
               r'array "data": member 1: %s \(in_sync\) -> .*' % second,
               r'array "data": optimal -> degraded')
    assert refused(vm, "--dry-run fail data %s" % first), "the last copy"

    # What is in use is not stopped, and the plan says so as well.
    dev = arrays.device(vm, "data")
    holder = vm.start("exec 3<%s; sleep 1000" % dev)
    vm.wait("the array to be open", lambda: refused(vm, "--dry-run stop data"))
    assert refused(vm, "--dry-run delete data") and refused(vm, "--dry-run stop %s" % container)
    vm.sh("kill $(pidof sleep)")
    holder.wait(10)
    vm.wait("the array to be closed", lambda: not refused(vm, "--dry-run stop data"))

    lines = planner.do("stop " + container, "stop %s: array \"data\"" % dev.rsplit("/", 1)[1],
                       "release " + first)
    assert "release " + fourth not in lines
    planner.plan("assemble --degraded " + container)
    # Whatever else its disks might be for: that does not wake it.
    planner.plan("create --force --format %s --level raid1 --name data --size 32M --init none %s 2>/dev/null"
                 % (kind, bare))
    planner.plan("erase /dev/" + first)
    vm.emdctl("assemble --degraded " + container)
    planner.do("delete data", 'array "data" goes: raid1, .*')
    vm.emdctl("--yes stop " + container)
    for disk in second, first:
        erase_if_any(vm, planner, disk)


def refused(vm, command):
    return vm.status("emdctl " + command)[0] == 1


def erase_if_any(vm, planner, disk):
    if vm.emdctl("examine /dev/" + disk, json=True)["devices"][0]["format"]:
        planner.do("erase /dev/" + disk, r"zero the \w+ metadata of %s: .*" % disk)
