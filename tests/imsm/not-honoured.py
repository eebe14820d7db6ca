# SPDX-License-Identifier: GPL-2.0
"""This test shows that an array with a log, a bitmap or a migration is read at most, with the reason, and not written."""

from imsm import shared as imsm

groups = ["imsm"]


def scenario(vm):
    log = vm.add_disks(3, size="64M", serial="LOG%04d")
    bitmap = vm.add_disks(2, size="64M", serial="MAP%04d")
    moving = vm.add_disks(3, size="64M", serial="MOVE%04d", faults=True)
    disks = log + bitmap + moving
    vm.boot()
    vm.sh("modprobe -aq md_mod raid0 raid1 raid456")
    imsm.mdadm_create(vm, log, [imsm.MdArray("logged", 5, 3, "16M", "-c64 --consistency-policy=ppl")], "imsm3")
    imsm.mdadm_create(vm, bitmap, [imsm.MdArray("mapped", 1, 2, "16M", "-b internal")], "imsm2")
    sums = {n: imsm.pattern(vm, vm.md(n), 16, 5) for n in ("logged", "mapped")}
    assert imsm.volume(vm, log[0], "logged")["RWH Policy"] == "Multiple distributed PPLs"
    assert imsm.volume(vm, bitmap[0], "mapped")["RWH Policy"] == "Write-intent bitmap"
    imsm.mdadm_stop(vm)
    migrate(vm, moving)
    before = imsm.fingerprint(disks)

    vm.boot()
    vm.insmod()
    vm.wait("all arrays to be shown", lambda: all(vm.array(n) for n in ("logged", "mapped", "moving", "waiting")))
    # What is being moved lies in two shapes.
    stays_down(vm, "moving", "migrat")
    for name, because in ("logged", "partial parity log"), ("waiting", "migrat"), ("mapped", "bitmap"):
        is_read_only(vm, name, because, sums.get(name))
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    assert imsm.fingerprint(disks) == before, "written"

    # mdadm has them as they were.
    imsm.mdadm_assemble(vm, bitmap, "imsm2")
    assert imsm.checksum(vm, vm.md("mapped"), 16) == sums["mapped"]
    imsm.mdadm_assemble(vm, log, "imsm3")
    assert imsm.checksum(vm, vm.md("logged"), 16) == sums["logged"]


def migrate(vm, disks):
    """A container's arrays grow onto a third disk, one after the other; the power fails while the first does."""
    two = disks[:2]
    vm.sh("mdadm -C /dev/md/imsm0 -R -e imsm -n2 " + vm.devs(two))
    for name in "moving", "waiting":
        vm.sh("mdadm -C /dev/md/%s -R -l0 -c64 -n2 --size=16M %s" % (name, vm.devs(two)))
        imsm.pattern(vm, vm.md(name), 32, 6)
    vm.sh("mdadm /dev/md/imsm0 --add %s" % disks[2].dev)
    for disk in disks:
        # Slow enough to be caught at it.
        disk.faults.delay(0.02, "write", nr=32768)
    vm.sh("MDADM_EXPERIMENTAL=1 mdadm --grow /dev/md/imsm0 --raid-devices=3 2>&1", timeout=120)
    vm.wait("the migration", lambda: imsm.volume(vm, disks[0], "moving")["Migrate State"] == "general migration")
    vm.kill()
    for disk in disks:
        disk.faults.clear()


def told(vm, name, because):
    """The reason is where people look for it."""
    assert because in vm.emdctl("show " + name), vm.emdctl("show " + name)
    assert [line for line in vm.dmesg("emd: ").splitlines() if because in line], vm.dmesg("emd: ")


def stays_down(vm, name, because):
    array = vm.array(name)
    assert array["state"] == "inactive" and not array["dev"], array
    told(vm, name, because)
    status, text = vm.status("emdctl assemble --force --all; emdctl --yes scrub " + name)
    assert status, text
    assert vm.array(name)["state"] == "inactive"


def is_read_only(vm, name, because, sums):
    array = vm.array(name)
    assert array["state"] == "optimal" and array["read_only"], array
    told(vm, name, because)
    assert because in vm.sh("cat /sys/block/%s/emd/reason" % array["dev"])
    dev = "/dev/" + array["dev"]
    assert sums is None or imsm.checksum(vm, dev, 16) == sums
    assert vm.status("dd if=/dev/zero of=%s bs=4k count=1 oflag=direct" % dev)[0]
    assert vm.status("blockdev --setrw %s && dd if=/dev/zero of=%s bs=4k count=1 oflag=direct" % (dev, dev))[0]
    assert vm.status("emdctl --yes scrub --repair " + name)[0]
