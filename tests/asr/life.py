# SPDX-License-Identifier: GPL-2.0
"""This test shows that an ASR mirror lives through a power cut, a disk that vanishes and a spare that takes over, and that others see each of it and never trust a disk that is being filled."""

from asr import shared as asr

groups = ["asr"]


def scenario(vm):
    disks = vm.add_disks(3, size="48M")
    vm.boot()
    vm.insmod()
    dev = asr.create(vm, "mirror", "raid1", disks[:2], "--init resync")
    asr.idle(vm, "mirror")
    vm.wait("clean", lambda: asr.header(disks[0])[1] == 0)
    assert asr.header(disks[0])[0] == 2, "the first build is a configuration of its own"
    container = vm.emdctl("list", json=True)["containers"][0]["name"]
    vm.emdctl("--yes add %s %s" % (container, disks[2].dev))
    assert asr.dmraid_disks(vm)[name(disks[2])][1] == "spare", asr.dmraid_disks(vm)

    # Power fails while it is written to.
    vm.sh("dd if=/dev/zero of=%s bs=4k count=1 seek=2047 oflag=direct 2>/dev/null" % dev)
    assert [asr.header(disk)[1] for disk in disks[:2]] == [3, 3]
    vm.kill()
    vm.boot()
    vm.insmod()
    dev, = asr.started(vm, "mirror")
    assert vm.array("mirror")["dirty"]
    asr.pattern(vm, dev, 8, 2)
    asr.idle(vm, "mirror")
    vm.wait("clean", lambda: [asr.header(disk)[1] for disk in disks[:2]] == [0, 0])

    # A disk vanishes: the spare takes its place. While it is filled it calls itself failed.
    vm.sh("echo 1024 > /sys/block/%s/emd/sync_speed_max" % dev.rsplit("/", 1)[1])
    vm.unplug(disks[1])
    sums = asr.pattern(vm, dev, 8, 3)
    vm.wait("the rebuild", lambda: vm.array("mirror")["sync"]["action"] == "rebuild")
    states = [line[10] for line in asr.lines(disks[0])]
    assert states == [0x02, 0x00, 0x24], states
    assert asr.own_state(disks[2]) == 0x03
    members = asr.dmraid_disks(vm)
    assert name(disks[0]) in members and name(disks[2]) not in members, members

    # And again: the rebuild goes on.
    vm.kill()
    vm.boot(disks=[disks[0], disks[2]])
    vm.insmod()
    dev, = asr.started(vm, "mirror")
    assert asr.checksum(vm, dev, 8) == sums
    sums = asr.pattern(vm, dev, 8, 4)
    asr.idle(vm, "mirror")
    assert [line[10] for line in asr.lines(disks[2])] == [0, 0, 0]
    assert [each[2] for each in asr.dmraid_disks(vm).values()] == ["ok", "ok"]
    asr.compare(disks[0], disks[2], 0, 16384)

    # The lost disk comes back: what it has is old, and it is left alone.
    vm.plug(disks[1])
    vm.wait("the stale disk", lambda: [d for c in vm.emdctl("list", json=True)["containers"] for d in c["disks"]
                                       if d["state"] == "foreign"])
    vm.emdctl("scrub mirror")
    vm.wait("the check", lambda: vm.array("mirror")["sync"]["action"] == "idle", 90)
    assert vm.sh("cat /sys/block/%s/emd/mismatch_cnt" % dev.rsplit("/", 1)[1]).strip() == "0"
    assert asr.checksum(vm, dev, 8) == sums
    vm.emdctl("--yes stop --all")


def name(disk):
    return disk.dev.rsplit("/", 1)[1]
