# SPDX-License-Identifier: GPL-2.0
"""This test shows that a disk which vanishes while the metadata is written, and comes back, is judged by what it missed, and nothing is lost."""

import errno
import os

from lib import arrays

groups = ["array"]


def scenario(vm):
    disks = vm.add_disks(4, size="64M", serial="GONE%04d", faults=True)
    spare = vm.add_disk(size="64M", serial=["GONESPARE"], faults=True)
    vm.boot()
    vm.insmod()
    arrays.create(vm, "keep", "raid10", disks, "--strip 64K --init none --size 8M")
    container = arrays.container(vm, "keep")
    want = arrays.make_file(vm, "/tmp/data", 2)
    arrays.put(vm, "/tmp/data", arrays.device(vm, "keep"))
    story = Story(vm, disks, container, want)

    create = "create --level raid10 --size 4M --init none --name more " + container
    # The write that was under way when it vanished got lost: as refused. Or it was there.
    slot = story.slots()
    story.play(create, slot[1], slot[1], lost=True)
    assert vm.array("more") is None
    slot = story.slots()
    story.play(create, slot[2], slot[2], lost=False)
    assert vm.array("more")["dev"]
    # It has the new metadata already, and goes while the next is written.
    story.play("rename more less")
    assert vm.array("less")
    # A failure is being recorded: that goes on with those who are left.
    slot = story.slots()
    story.play("fail keep " + slot[0].dev, slot[3], slot[3], lost=True, also=[slot[0]])
    if os.environ.get("EMD_FULL") == "1":
        others(story)
    replaced(story, story.slots(), spare)


def others(story):
    """One disk refuses and another goes; an array is deleted; a failure is recorded, and another disk goes."""
    vm = story.vm
    slot = story.slots()
    story.play("rename less other", slot[2], slot[0], lost=True)
    assert vm.array("less")
    slot = story.slots()
    story.play("delete less", slot[3], slot[3], lost=False)
    assert vm.array("less") is None
    slot = story.slots()
    story.play("fail keep " + slot[3].dev, slot[2], slot[1], lost=False, also=[slot[3]])


def hold(disk, lost):
    """Its metadata: what gets lost is the first write of it, what is there is all of it but for the answer."""
    if lost:
        return disk.faults.hold("write", disk.sectors - 64, code=errno.EIO)
    anchor = disk.faults.delay(0, "write", disk.sectors - 2, 1)
    return disk.faults.hold("flush", after=anchor)


class Story:
    """One array that is never without a copy of anything."""

    def __init__(self, vm, disks, container, want):
        self.vm = vm
        self.disks = disks
        self.container = container
        self.want = want

    def slots(self):
        """The disks by their slots: 0 and 1 have the same, and so have 2 and 3."""
        return [next(disk for disk in self.disks if disk.dev[5:] == m["dev"])
                for m in sorted(self.vm.array("keep")["members"], key=lambda m: m["slot"])]

    def play(self, command, held=None, leaving=None, lost=False, also=()):
        """A command whose write to one disk takes so long that a disk, the same or another, is gone before it ends.

        held     by default the second that is written
        leaving  by default the first
        lost     the write ends with an error
        also     disks that are out in any case
        """
        vm = self.vm
        faults = {disk: hold(disk, lost) for disk in ([held] if held else self.disks)}
        running = vm.start("emdctl --yes " + command)
        first = self.meets(faults)
        if not held:
            first.faults.clear()
            del faults[first]
            leaving, held = first, self.meets(faults)
        gone = self.pull(leaving)
        for disk in faults:
            if disk is held and lost:
                disk.faults.release()
            else:
                disk.faults.clear()
        running.wait(60 * vm.slow)
        text = running.output.decode()
        # What has happened has happened.
        refused = lost and not also
        assert running.status == (1 if refused else 0), (command, text)
        assert not refused or ("refused" in text and len(text.strip().splitlines()) == 1), text
        gone.wait(60 * vm.slow)
        held.faults.clear()
        self.mended(set(also) | {leaving} | ({held} if lost else set()), leaving)

    def meets(self, faults):
        """Whose metadata is to be written now?"""
        self.vm.wait("the metadata to be written", lambda: any(fault.hits for fault in faults.values()))
        return next(disk for disk, fault in faults.items() if fault.hits)

    def pull(self, disk):
        """The kernel is told that it is gone; that waits for what is under way, as a driver may."""
        vm = self.vm
        before = disk.dev[5:]
        gone = vm.start("echo $$; exec sh -c 'echo 1 > /sys/block/%s/device/delete'" % before)
        vm.wait("its pid", lambda: gone.output)
        vm.wait("it to be going", lambda: gone.status is not None or
                vm.status("grep -q 'State:.D' /proc/%d/status" % int(gone.output.split()[0]))[0] == 0)
        return gone

    def mended(self, out, left):
        """Who is out serves no more; back again it is known as one that missed something, and added it is filled."""
        vm = self.vm
        dev = arrays.device(vm, "keep")
        arrays.put(vm, "/tmp/data", dev, 4)
        vm.wait("those who are out to serve no more", lambda: arrays.state(vm, "keep") == "degraded" and
                sum(m["state"] != "in_sync" for m in vm.array("keep")["members"]) >= len(out))
        assert arrays.sha256(vm, dev, 2) == self.want and arrays.sha256(vm, dev, 2, 4) == self.want
        vm.sh("for each in /sys/class/scsi_host/*; do echo - - - > $each/scan; done")
        vm.wait("%s to be back" % left.name, lambda: left.serial in vm.serials())
        vm.emdctl("scan")
        assert (arrays.member(vm, "keep", left) or {"state": "missing"})["state"] != "in_sync"
        for disk in sorted(out, key=lambda each: each.number):
            vm.emdctl("--yes add %s %s" % (self.container, disk.dev))
        vm.emdctl("wait keep optimal --timeout 60", timeout=70)
        for each in vm.emdctl("list", json=True)["containers"]:
            for array in each["arrays"]:
                vm.emdctl("wait %s optimal --timeout 60" % array["name"], timeout=70)
        self.agree()

    def agree(self):
        vm = self.vm
        dev = arrays.device(vm, "keep")
        # Else what is met next may be what says so.
        vm.wait("clean", lambda: not any(
            array["dirty"] for each in vm.emdctl("list", json=True)["containers"] for array in each["arrays"]))
        vm.emdctl("scrub keep")
        vm.emdctl("wait keep idle --timeout 60", timeout=70)
        assert arrays.sysfs(vm, dev, "mismatch_cnt") == "0"
        assert arrays.sha256(vm, dev, 2) == self.want and arrays.sha256(vm, dev, 2, 4) == self.want


def replaced(story, disks, spare):
    """The switch of a replace: the new disk vanishes while it is told that it is a member. The old one has not left."""
    vm = story.vm
    vm.emdctl("--yes add %s %s" % (story.container, spare.dev))
    fault = spare.faults.hold("write", spare.sectors - 64, code=errno.EIO)
    vm.emdctl("replace keep %s %s" % (disks[0].dev, spare.dev))
    vm.wait("the switch", lambda: fault.hits)
    gone = story.pull(spare)
    spare.faults.release()
    gone.wait(60 * vm.slow)
    spare.faults.clear()
    vm.wait("the replace to be given up", lambda: "replacement" not in arrays.member(vm, "keep", disks[0]))
    assert arrays.state(vm, "keep") == "optimal" and arrays.member(vm, "keep", disks[0])["state"] == "in_sync"
    story.agree()
