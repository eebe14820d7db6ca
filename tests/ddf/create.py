# SPDX-License-Identifier: GPL-2.0
"""This test shows that DDF arrays made by EMD are taken by mdadm, dmraid and blkid for what they are, with their data and without a resync."""

import re

from ddf import shared as ddf
from lib import dmraid

groups = ["ddf"]

# Name, level, disks, MiB to compare, what mdadm calls it, what dmraid does.
ARRAYS = (("mirror", "raid1", 2, 4, "RAID1", "mirror"),
          ("triple", "raid1", 3, 4, "RAID1", "mirror"),
          ("stripe", "raid0", 3, 8, "RAID0", "stripe"),
          ("five", "raid5", 4, 8, "RAID5", "raid5_ls"),
          ("tenner", "raid10", 4, 8, "RAID1", None))


def scenario(vm):
    disks = vm.add_disks(4, size="48M")
    vm.boot()
    for seed, (name, level, nr, mib, theirs, dmraids) in enumerate(ARRAYS):
        vm.say("%s of %d" % (level, nr))
        vm.insmod()
        dev = ddf.ddf_create(vm, name, level, disks[:nr])
        sums = ddf.pattern(vm, dev, mib, seed)
        assert ddf.checksum(vm, dev, mib) == sums
        size = vm.array(name)["size_sectors"]
        vm.emdctl("--yes stop --all")
        vm.rmmod()

        if dmraids:
            found = dmraid.arrays(vm, "ddf1")[name]
            assert (found["type"], found["devs"], found["size"]) == (dmraids, nr, size), found
            assert level == "raid1" or found["stride"] == 128, found
        if level in ("raid0", "raid1"):
            dmraid.shows(vm, dmraid.activate(vm, "ddf1")["ddf1_" + name], level, disks[:nr], 128, size)
            assert ddf.checksum(vm, "/dev/mapper/ddf1_" + name, mib) == sums
            dmraid.deactivate(vm, "ddf1")
        text = vm.sh("blkid -p -o export " + disks[0].dev)
        assert "TYPE=ddf_raid_member" in text and "VERSION=01.02.00" in text, text
        view = ddf.examine(vm, disks[nr - 1])["arrays"][name]
        assert view["state"] == "Optimal, Consistent", view
        assert view["init state"] == "Fully Initialised", view
        assert view["Raid Level"] == theirs, view
        assert re.match(r"%d \(" % (2 if level == "raid10" else nr), view["Raid Devices"]), view
        ddf.mdadm_assemble(vm, disks[:nr])
        ddf.no_resync(vm)
        assert ddf.checksum(vm, vm.md(name), mib) == sums
        sums = ddf.pattern(vm, vm.md(name), mib, seed + 50)
        ddf.mdadm_stop(vm)

        vm.insmod()
        dev, = ddf.started(vm, name)
        assert ddf.checksum(vm, dev, mib) == sums
        vm.emdctl("--yes stop --all")
        vm.rmmod()
        for disk in disks[:nr]:
            vm.sh("dd if=/dev/zero of=%s bs=1M oflag=direct 2>/dev/null" % disk.dev, status=None)
