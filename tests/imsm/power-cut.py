# SPDX-License-Identifier: GPL-2.0
"""This test shows that a resync which a power cut ended under mdadm is done by EMD, and one under EMD by mdadm."""

from imsm import shared as imsm

groups = ["imsm"]

NAMES = "mirror", "ten"
MIB = 24
EXTENT = 0, MIB * 2048


def scenario(vm):
    two = vm.add_disks(2, size="64M", serial="SCSI%04d")
    four = vm.add_disks(4, size="64M", bus="nvme", serial="NVME%04d", logical_block=4096)
    vm.boot()
    crawl(vm)
    imsm.mdadm_create(vm, two, [imsm.MdArray("mirror", 1, 2, "%dM" % MIB)], "imsm2")
    imsm.mdadm_create(vm, four, [imsm.MdArray("ten", 10, 4, "%dM" % MIB, "-c64")], "imsm4")
    sums = {n: imsm.pattern(vm, vm.md(n), MIB, 3) for n in NAMES}
    lose_monitor(vm)
    for disk in two[1], four[1], four[3]:
        tear(disk, EXTENT[1] // 4)
        tear(disk, EXTENT[1] - 4096)

    # mdadm begins to make the copies agree, and the power fails.
    imsm.mdadm_assemble(vm, two, "imsm2")
    imsm.mdadm_assemble(vm, four, "imsm4")
    for n in NAMES:
        vm.sh("dd if={0} of={0} bs=4k count=1 oflag=direct 2>/dev/null".format(vm.md(n)))
    for n, disk in ("mirror", two[0]), ("ten", four[0]):
        vm.wait("mdadm's checkpoint", lambda n=n, disk=disk: checkpoint(vm, disk, n), timeout=60)
        volume = imsm.volume(vm, disk, n)
        assert volume["Migrate State"] == "repair" and volume["Dirty State"] == "dirty", volume
    vm.kill()

    # EMD goes on; one array is written to all the time, the other is not.
    vm.boot()
    vm.insmod()
    devs = imsm.started(vm, *NAMES)
    for n, dev in zip(NAMES, devs):
        assert imsm.checksum(vm, dev, MIB) == sums[n]
        vm.emdctl("sync limit %s 2M" % n)
    for dev in devs:
        vm.sh("dd if={0} of={0} bs=4k count=1 oflag=direct 2>/dev/null".format(dev))
    for n, disk in ("mirror", two[1]), ("ten", four[2]):
        vm.wait("a checkpoint of EMD", lambda n=n, disk=disk: checkpoint(vm, disk, n), timeout=60)
        assert imsm.volume(vm, disk, n)["Migrate State"] == "repair"
    vm.start("while dd if={0} of={0} bs=4k count=1 skip=500 seek=500 oflag=direct; do :; done".format(devs[0]))
    vm.wait("it to be dirty", lambda: imsm.volume(vm, two[1], "mirror")["Dirty State"] == "dirty")
    vm.wait("ten to be clean", lambda: imsm.volume(vm, four[1], "ten")["Dirty State"] == "clean")
    assert [vm.array(n)["sync"]["action"] for n in NAMES] == ["resync", "resync"]
    vm.kill()
    # What the write that was under way left.
    tear(two[1], 4000)

    # mdadm does the rest.
    vm.boot()
    crawl(vm)
    ours = checkpoint(vm, four[3], "ten")
    imsm.mdadm_assemble(vm, two, "imsm2")
    imsm.mdadm_assemble(vm, four, "imsm4")
    done = vm.wait("md's resync", lambda: imsm.md_attr(vm, "ten", "sync_completed") != "none" and
                   imsm.md_attr(vm, "ten", "sync_completed").split())
    assert 0 < int(done[0]) <= ours + 8192, (done, ours)
    hurry(vm)
    for n in NAMES:
        imsm.md_idle(vm, n)
        assert imsm.checksum(vm, vm.md(n), MIB) == sums[n]
    for n, disk in ("mirror", two[1]), ("ten", four[1]):
        vm.wait("mdmon to record it", lambda n=n, disk=disk: imsm.volume(vm, disk, n)["Migrate State"] == "idle")
    imsm.mdadm_stop(vm)

    # Nothing is left to be found.
    vm.insmod()
    for n, dev in zip(NAMES, imsm.started(vm, *NAMES)):
        vm.emdctl("scrub " + n)
        vm.emdctl("wait %s idle --timeout 60" % n)
        assert vm.sh("cat /sys/block/%s/emd/mismatch_cnt" % dev[5:]).strip() == "0"
        assert imsm.checksum(vm, dev, MIB) == sums[n]
        imsm.copies_agree(vm, n)


def lose_monitor(vm):
    """md's arrays are gone, and nobody has told their disks that they are clean."""
    for n in NAMES:
        vm.sh("dd if={0} of={0} bs=4k count=1 oflag=direct 2>/dev/null".format(vm.md(n)))
    vm.sh("kill -9 $(pidof mdmon)")
    for n in NAMES:
        vm.sh("echo clear > /sys/block/$(basename %s)/md/array_state" % vm.md(n))
    imsm.mdadm_stop(vm)


def tear(disk, sector):
    disk.write(sector, b"\xee" * 65536)


def checkpoint(vm, disk, name):
    return imsm.units(imsm.volume(vm, disk, name).get("Checkpoint", ""))


def crawl(vm):
    vm.sh("modprobe -aq md_mod raid1 raid10; cd /proc/sys/dev/raid; echo 1500 > speed_limit_min; echo 1500 > speed_limit_max")


def hurry(vm):
    vm.sh("cd /proc/sys/dev/raid; echo 500000 > speed_limit_max; echo 500000 > speed_limit_min")
