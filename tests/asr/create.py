# SPDX-License-Identifier: GPL-2.0
"""This test shows that ASR arrays made by EMD are taken by dmraid and blkid for what they are, with the same members, the same geometry and the same data."""

from asr import shared as asr
from lib import dmraid

groups = ["asr"]

# Name, level, disks, strip in KiB, what dmraid calls it and maps.
ARRAYS = (("stripe", "raid0", 3, 32, "stripe"),
          ("mirror", "raid1", 2, 64, "mirror"),
          ("tenner", "raid10", 4, 64, "mirror"))


def scenario(vm):
    disks = vm.add_disks(4, size="48M")
    vm.boot()
    for seed, (name, level, nr, strip, theirs) in enumerate(ARRAYS):
        vm.say("%s of %d" % (level, nr))
        vm.insmod()
        strip_option = "" if level == "raid1" else "--strip %dK " % strip
        dev = asr.create(vm, name, level, disks[:nr], strip_option + "--init none")
        sums = asr.pattern(vm, dev, 8, seed)
        size = vm.array(name)["size_sectors"]
        vm.wait("clean", lambda: not vm.array(name)["dirty"])
        vm.emdctl("--yes stop --all")
        vm.rmmod()

        for disk in disks[:nr]:
            text = vm.sh("blkid -p -o export " + disk.dev)
            assert "TYPE=adaptec_raid_member" in text and "VERSION=8" in text, text
        members = asr.dmraid_disks(vm)
        data = asr.member_sectors(disks[:nr], 2 * strip)
        assert len(members) == nr, members
        for each in members.values():
            assert each[1:] == (theirs, "ok", data), members
        if level != "raid10":
            dmraid.shows(vm, dmraid.activate(vm, "asr")["asr_" + name], level, disks[:nr], 2 * strip, size)
            assert asr.checksum(vm, "/dev/mapper/asr_" + name, 8) == sums
            sums = asr.pattern(vm, "/dev/mapper/asr_" + name, 8, seed + 50)
            dmraid.deactivate(vm, "asr")

        vm.insmod()
        dev, = asr.started(vm, name)
        assert asr.checksum(vm, dev, 8) == sums
        vm.emdctl("--yes delete " + name)
        for disk in disks[:nr]:
            vm.emdctl("--yes erase " + disk.dev, status=None)
        vm.emdctl("--yes stop --all")
        vm.rmmod()
        for disk in disks[:nr]:
            vm.sh("dd if=/dev/zero of=%s bs=1M oflag=direct 2>/dev/null" % disk.dev, status=None)
