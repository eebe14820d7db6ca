# SPDX-License-Identifier: GPL-2.0
"""This test shows that EMD and mdadm each go on with the rebuild, or the resync, that the other did not finish."""

import re

from imsm import shared as imsm

groups = ["imsm"]

# Both members' data, behind nothing and in front of the second array.
MIRROR = 0, 65536


def scenario(vm):
    disks = vm.add_disks(2, size="64M")
    spare = vm.add_disk(size="64M")
    late = vm.add_disk(size="64M")
    imsm.spoil(spare)
    imsm.spoil(late, byte=0xa5)
    vm.boot()
    imsm.mdadm_create(vm, disks, [imsm.MdArray("mirror", 1, 2, "32M")])
    dev = vm.md("mirror")
    sums = imsm.pattern(vm, dev, 32, 1)
    imsm.mdadm_stop(vm)

    # EMD rebuilds half of it and is stopped; mdadm does the rest.
    vm.insmod()
    dev, = imsm.started(vm, "mirror")
    vm.emdctl("sync limit mirror 4M")
    vm.emdctl("fail mirror " + disks[1].dev)
    container = vm.emdctl("list", json=True)["containers"][0]["name"]
    vm.emdctl("add %s %s --yes" % (container, spare.dev))
    ours = vm.wait("a checkpoint", lambda: checkpoint(vm, disks[0]), timeout=90)
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    ours = checkpoint(vm, disks[0])
    assert 0 < ours < 65536, ours
    assert imsm.volume(vm, disks[0], "mirror")["Migrate State"] == "rebuild"
    crawl(vm)
    imsm.mdadm_assemble(vm, [disks[0], spare])
    start = md_position(vm)
    assert 0 < start <= ours + 4096, (start, ours)
    hurry(vm)
    imsm.md_idle(vm, "mirror")
    assert imsm.checksum(vm, vm.md("mirror"), 32) == sums
    vm.wait("mdmon to record it", lambda: imsm.volume(vm, disks[0], "mirror")["Migrate State"] == "idle")
    imsm.compare(disks[0], spare, *MIRROR)

    # mdadm rebuilds half of it onto another disk and is stopped; EMD does the rest.
    crawl(vm, 3000)
    vm.sh("mdadm %s --fail %s" % (vm.md("mirror"), spare.dev))
    vm.wait("mdmon to record it", lambda: imsm.volume(vm, disks[0], "mirror")["Map State"] == "degraded")
    vm.sh("mdadm /dev/md/imsm0* --remove %s; mdadm /dev/md/imsm0* --add %s" % (spare.dev, late.dev), status=None)
    theirs = vm.wait("a checkpoint", lambda: checkpoint(vm, disks[0]), timeout=90)
    imsm.mdadm_stop(vm)
    theirs = checkpoint(vm, disks[0])
    assert 0 < theirs < 65536, theirs
    half = late.read(MIRROR[0], MIRROR[1]).count(b"\xa5" * 512)
    assert half, "mdadm had finished"
    vm.insmod()
    dev, = imsm.started(vm, "mirror")
    vm.sh("dd if=/dev/emd0 of=/dev/emd0 bs=4k count=1 oflag=direct 2>/dev/null".replace("/dev/emd0", dev))
    found = vm.wait("the rebuild", lambda: re.search(r"rebuild started at sector (\d+)", vm.dmesg("emd: ")))
    assert 0 < int(found.group(1)) <= theirs, (found.group(0), theirs)
    imsm.idle(vm, "mirror")
    assert imsm.checksum(vm, dev, 32) == sums
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    imsm.compare(disks[0], late, *MIRROR)
    assert imsm.volume(vm, late, "mirror")["Map State"] == "normal"
    assert imsm.volume(vm, late, "mirror")["Slots"] == "[UU]"


def checkpoint(vm, disk):
    return imsm.units(imsm.volume(vm, disk, "mirror").get("Checkpoint", ""))


def crawl(vm, kib=1):
    vm.sh("modprobe -aq md_mod raid1; cd /proc/sys/dev/raid; echo %d > speed_limit_min; echo %d > speed_limit_max" % (kib, kib))


def hurry(vm):
    vm.sh("cd /proc/sys/dev/raid; echo 500000 > speed_limit_max; echo 500000 > speed_limit_min")


def md_position(vm):
    """Where md's rebuild is; it has not come far."""
    def look():
        done = imsm.md_attr(vm, "mirror", "sync_completed")
        return done != "none" and done.split()[0]
    return int(vm.wait("md's rebuild", look))
