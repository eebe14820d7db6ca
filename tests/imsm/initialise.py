# SPDX-License-Identifier: GPL-2.0
"""This test shows that a new array's copies are made equal, by EMD, by mdadm, or by each a part, and zeroed on request."""

import re

from imsm import shared as imsm

groups = ["imsm"]

MIB = 24
EXTENT = 0, MIB * 2048


def scenario(vm):
    two = vm.add_disks(2, size="64M", serial="SCSI%04d")
    four = vm.add_disks(4, size="64M", bus="nvme", serial="NVME%04d")
    disks = two + four
    for number, disk in enumerate(disks):
        imsm.spoil(disk, byte=0x11 * (number + 1))
    vm.boot()
    vm.sh("modprobe -aq md_mod raid1 raid10")
    begun_by_emd(vm, two, four)
    vm.sh("for d in %s; do mdadm --zero-superblock $d; done" % vm.devs(disks))
    for number, disk in enumerate(disks):
        imsm.spoil(disk, byte=0x12 * (number + 1))
    begun_by_mdadm(vm, two, four)
    zeroed(vm, two)


def begun_by_emd(vm, two, four):
    vm.insmod()
    sums = {}
    for name, level, members in ("mirror", "raid1", two), ("ten", "raid10 --strip 128K", four):
        slow_down = vm.start("until emdctl sync limit %s 1M; do :; done" % name)
        vm.emdctl("create --format imsm --level %s --size %dM --name %s --yes %s"
                  % (level, MIB * len(members) // 2, name, vm.devs(members)))
        slow_down.wait(20 * vm.slow)
        # The user sees one truth all the time.
        sums[name] = imsm.checksum(vm, "/dev/" + vm.array(name)["dev"], MIB)
    for name, members in ("mirror", two), ("ten", four):
        vm.wait("a checkpoint", lambda name=name, disk=members[0]: checkpoint(vm, disk, name), timeout=60)
        vm.emdctl("stop %s --yes" % name)
        volume = imsm.volume(vm, members[-1], name)
        assert volume["Migrate State"] == "initialize" and volume["Dirty State"] == "clean", volume
        assert volume["Map State"] == "normal <-- uninitialized", volume
        assert not agree(members)
    vm.rmmod()

    # mdadm goes on behind what is done.
    for name, members in ("mirror", two), ("ten", four):
        crawl(vm)
        stopped = checkpoint(vm, members[1], name)
        imsm.mdadm_assemble(vm, members, name + "s")
        vm.sh("dd if={0} of={0} bs=4k count=1 oflag=direct 2>/dev/null".format(vm.md(name)))
        done = vm.wait("md's resync", lambda name=name: imsm.md_attr(vm, name, "sync_completed") != "none" and
                       imsm.md_attr(vm, name, "sync_completed").split())
        assert 0 < int(done[0]) <= stopped + 8192, (done, stopped)
        hurry(vm)
        imsm.md_idle(vm, name)
        vm.wait("mdmon to record it", lambda name=name, disk=members[0]:
                imsm.volume(vm, disk, name)["Migrate State"] == "idle")
        assert imsm.checksum(vm, vm.md(name), MIB) == sums[name]
        assert agree(members)
    imsm.mdadm_stop(vm)


def begun_by_mdadm(vm, two, four):
    crawl(vm)
    where = {}
    sums = {}
    for name, level, members in ("mirror", "1", two), ("ten", "10 -c64", four):
        vm.sh("mdadm -C /dev/md/%ss -R -e imsm -n%d %s" % (name, len(members), vm.devs(members)))
        vm.sh("mdadm -C /dev/md/%s -R -l%s -n%d --size=%dM %s"
              % (name, level, len(members), MIB, vm.devs(members)))
    for name, members in ("mirror", two), ("ten", four):
        vm.wait("mdadm's checkpoint", lambda name=name, disk=members[0]: checkpoint(vm, disk, name), timeout=60)
        sums[name] = imsm.checksum(vm, vm.md(name), MIB)
    imsm.mdadm_stop(vm)
    for name, members in ("mirror", two), ("ten", four):
        volume = imsm.volume(vm, members[1], name)
        assert volume["Map State"] == "normal <-- uninitialized", volume
        where[name] = checkpoint(vm, members[1], name), volume["Dirty State"]
        assert not agree(members)
    vm.sh("dmesg -c > /dev/null")
    vm.insmod()
    for name, members in ("mirror", two), ("ten", four):
        dev, = imsm.started(vm, name)
        assert imsm.checksum(vm, dev, MIB) == sums[name]
        vm.sh("dd if={0} of={0} bs=4k count=1 oflag=direct 2>/dev/null".format(dev))
        found = vm.wait("the resync", lambda dev=dev: re.search(
            dev[5:] + r": resync started at sector (\d+)", vm.dmesg("emd: ")))
        checkpointed, dirty = where[name]
        # Not behind what mdadm did; from the beginning when writes may have been torn.
        if dirty == "clean":
            assert 0 < int(found.group(1)) <= checkpointed, (name, found.group(0), checkpointed)
        imsm.idle(vm, name)
        volume = imsm.volume(vm, members[1], name)
        assert volume["Map State"] == "normal" and volume["Migrate State"] == "idle", volume
        assert imsm.checksum(vm, dev, MIB) == sums[name]
        imsm.copies_agree(vm, name)


def zeroed(vm, two):
    """Every copy of every sector, and nothing is left to do; what is made without a resync owes one to nobody."""
    container = container_of(vm, "mirror")
    vm.emdctl("delete mirror --yes")
    vm.emdctl("create --format imsm --level raid1 --size 16M --init zero --name blank --yes " + container)
    assert vm.array("blank")["sync"]["action"] == "idle"
    assert all(set(d.read(0, 32768)) == {0} for d in two)
    assert imsm.volume(vm, two[0], "blank")["Map State"] == "normal"
    # Its disks became spares in between: it is another container now, and called so.
    renamed = container_of(vm, "blank")
    assert renamed != container and renamed == "imsm-" + vm.examine(two[0])["UUID"][:8], renamed
    vm.emdctl("delete blank --yes")


def container_of(vm, array):
    return next(c["name"] for c in vm.emdctl("list", json=True)["containers"]
                if any(a["name"] == array for a in c["arrays"]))


def agree(members):
    return all(one.read(*EXTENT) == other.read(*EXTENT) for one, other in zip(members[::2], members[1::2]))


def checkpoint(vm, disk, name):
    return imsm.units(imsm.volume(vm, disk, name).get("Checkpoint", ""))


def crawl(vm):
    vm.sh("cd /proc/sys/dev/raid; echo 500 > speed_limit_min; echo 500 > speed_limit_max")


def hurry(vm):
    vm.sh("cd /proc/sys/dev/raid; echo 500000 > speed_limit_max; echo 500000 > speed_limit_min")
