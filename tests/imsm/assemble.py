# SPDX-License-Identifier: GPL-2.0
"""This test shows that insmod alone finds mdadm's arrays, their files are right, and no disk was written for it."""

from imsm import shared as imsm

groups = ["imsm"]


def scenario(vm):
    # Serials as the format has trouble with: blanks, a colon, more than 16 characters.
    four = vm.add_disks(4, size="64M", bus="scsi", serial="WD WX:12 34 %02d")
    two = vm.add_disks(2, size="64M", bus="nvme", serial="LONGER-THAN-16-%04d", logical_block=4096)
    disks = four + two
    vm.boot()
    imsm.mdadm_create(vm, four, [imsm.MdArray("stripe", 0, 4, "6M", "-c64"),
                                 imsm.MdArray("ten", 10, 4, "16M", "-c64")], "imsm4")
    imsm.mdadm_create(vm, two, [imsm.MdArray("mirror", 1, 2, "20M"),
                                imsm.MdArray("zero", 0, 2, "10M", "-c16")], "imsm2")
    names = "stripe", "ten", "mirror", "zero"
    sums = {n: imsm.fill(vm, vm.md(n), n) for n in names}
    sizes = {n: vm.sh("blockdev --getsize64 " + vm.md(n)).strip() for n in names}
    imsm.mdadm_stop(vm)
    before = imsm.fingerprint(disks)

    vm.insmod()
    devs = dict(zip(names, imsm.started(vm, *names)))
    assert [vm.array(n)["level"] for n in names] == ["raid0", "raid10", "raid1", "raid0"]
    for n in names:
        assert vm.array(n)["state"] == "optimal", vm.array(n)
        assert vm.sh("blockdev --getsize64 " + devs[n]).strip() == sizes[n]
        imsm.verify(vm, devs[n], n, sums[n])
    assert vm.sh("blockdev --getss %s %s" % (devs["ten"], devs["mirror"])).split() == ["512", "4096"]
    vm.sh("emdctl list; emdctl show ten; emdctl status; emdctl examine %s; emdctl scan" % vm.devs(disks))
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    assert imsm.fingerprint(disks) == before

    # The first write is recorded as mdadm would, and mdadm finds what it made.
    generation = imsm.generation(vm, four[0])
    vm.insmod()
    devs = dict(zip(names, imsm.started(vm, *names)))
    for n in names:
        imsm.verify(vm, devs[n], n, sums[n], options="-o rw", keep=True)
        vm.sh("head -c 500000 /dev/urandom > %s/more; sync -f %s/more" % ((imsm.MOUNT % n,) * 2))
        if n in ("ten", "mirror"):
            disk = four[1] if n == "ten" else two[1]
            assert imsm.volume(vm, disk, n)["Dirty State"] == "dirty"
        sums[n] += vm.sh("cd %s; sha256sum more" % (imsm.MOUNT % n))
    assert imsm.generation(vm, four[0]) > generation
    for n in names:
        vm.sh("umount " + imsm.MOUNT % n)
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    for disk, name in (four[2], "ten"), (two[0], "mirror"):
        assert imsm.volume(vm, disk, name)["Dirty State"] == "clean"
        assert imsm.volume(vm, disk, name)["Map State"] == "normal"
    imsm.mdadm_assemble(vm, four, "imsm4")
    imsm.mdadm_assemble(vm, two, "imsm2")
    for n in names:
        imsm.verify(vm, vm.md(n), n, sums[n])
    assert imsm.md_attr(vm, "ten", "sync_action") == "idle"
    assert imsm.md_attr(vm, "mirror", "sync_action") == "idle"
