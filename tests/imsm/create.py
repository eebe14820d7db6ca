# SPDX-License-Identifier: GPL-2.0
"""This test shows that arrays made by emdctl are those that mdadm would make, and that mdadm runs them as clean."""

from imsm import shared as imsm
from lib.vm import Refused

groups = ["imsm"]

class Case:
    def __init__(self, disks, arrays):
        self.disks = disks
        self.arrays = arrays


def scenario(vm):
    scsi = vm.add_disks(4, size="64M", bus="scsi", serial="SCSI%04d", logical_block=4096)
    nvme = vm.add_disks(6, size="64M", bus="nvme", serial="NVME%04d")
    vm.boot()
    compare_with_mdadm(vm, Case(scsi[:2], [imsm.MdArray("mirror", 1, 2, "20M"),
                                           imsm.MdArray("zero", 0, 2, "10M", "-c16")]))
    compare_with_mdadm(vm, Case(scsi, [imsm.MdArray("stripe", 0, 4, "6M", "-c64"),
                                       imsm.MdArray("ten", 10, 4, "16M", "-c32")]))
    compare_with_mdadm(vm, Case(nvme, [imsm.MdArray("six", 10, 6, "16M", "-c128")]))
    compare_with_mdadm(vm, Case(nvme[2:4], [imsm.MdArray("zero", 0, 2, "10M", "-c128"),
                                            imsm.MdArray("mirror", 1, 2, "20M")]))
    refusals(vm, nvme)


def shape(vm, disk):
    """What mdadm says of a container and its arrays, but for what is random."""
    found = vm.examine(disk)
    result = {key: found[key] for key in ("Attributes", "MPB Sectors", "Disks", "RAID Devices")}
    for name, values in found["volumes"].items():
        result[name] = {k: v for k, v in values.items() if k != "UUID"}
    result["disks"] = sorted((d["serial"], d["State"], d["Usable Size"]) for d in found["disks"])
    return result


def compare_with_mdadm(vm, case):
    imsm.mdadm_create(vm, case.disks, case.arrays)
    imsm.mdadm_stop(vm)
    look_at = case.disks[0], case.disks[-1]
    expected = [shape(vm, d) for d in look_at]
    vm.sh("for d in %s; do mdadm --zero-superblock $d; dd if=/dev/zero of=$d bs=1M count=1 2>/dev/null; done"
          % vm.devs(case.disks))

    vm.insmod()
    where = vm.devs(case.disks)
    sums = {}
    for a in case.arrays:
        force = "--force" if a.members == 6 else ""
        strip = "--strip %sK" % a.options[2:] if a.options else ""
        data = {0: a.members, 1: 1, 10: a.members // 2}[a.level]
        vm.emdctl("create --format imsm --level raid%d --name %s %s %s --size %dM --init none %s"
                  % (a.level, a.name, strip, force, int(a.size[:-1]) * data, where))
        where = vm.emdctl("list", json=True)["containers"][0]["name"]
        dev = "/dev/" + vm.array(a.name)["dev"]
        sums[a.name] = imsm.pattern(vm, dev, 2, 7 * a.members)
    vm.emdctl("stop --all --yes")
    vm.rmmod()

    for disk, theirs in zip(look_at, expected):
        ours = shape(vm, disk)
        assert ours == theirs, "emdctl made\n%s\nmdadm made\n%s" % (ours, theirs)
    imsm.mdadm_assemble(vm, case.disks)
    for a in case.arrays:
        assert imsm.checksum(vm, vm.md(a.name), 2) == sums[a.name]
        if a.level:
            assert imsm.md_attr(vm, a.name, "sync_action") == "idle"
            assert imsm.md_attr(vm, a.name, "resync_start") == "none"
            assert imsm.md_attr(vm, a.name, "degraded") == "0"
    imsm.mdadm_stop(vm)
    vm.sh("for d in %s; do mdadm --zero-superblock $d; dd if=/dev/zero of=$d bs=1M count=1 2>/dev/null; done"
          % vm.devs(case.disks))


def refused(vm, command, because):
    try:
        vm.emdctl(command)
    except Refused as error:
        assert error.status == 1, error
        assert because in error.output, error
        assert len(error.output.strip().splitlines()) == 1, error
    else:
        raise AssertionError("not refused: " + command)


def refusals(vm, disks):
    """What firmware would not take is refused, with the reason and what to do."""
    vm.insmod()
    new = "create --format imsm --name vol --level "
    refused(vm, new + "raid10 " + vm.devs(disks), "raid10 of 6 disks, not 4")
    refused(vm, new + "raid1 " + vm.devs(disks[:3]), "raid1")
    refused(vm, new + "raid6 " + vm.devs(disks[:4]), "raid6")
    refused(vm, new + "raid0 --strip 96K " + vm.devs(disks[:2]), "strip")
    refused(vm, new + "raid0 --strip 1M " + vm.devs(disks[:2]), "--force")
    refused(vm, new + "raid0 " + vm.devs(disks[:1]), "raid0 of one disk")
    refused(vm, new + "raid1 --size 1G " + vm.devs(disks[:2]), "room for an array of")
    refused(vm, "create --format imsm --level raid1 --name 'a b' " + vm.devs(disks[:2]), "name")
    assert not vm.emdctl("list", json=True)["containers"]

    vm.emdctl(new + "raid0 --size 8M --strip 64K " + vm.devs(disks[:2]))
    container = vm.emdctl("list", json=True)["containers"][0]["name"]
    refused(vm, new + "raid1 --size 4M " + container, "has an array named vol")
    vm.emdctl("create --format imsm --name two --level raid1 --size 4M --init none " + container)
    refused(vm, "create --format imsm --name three --level raid1 " + container, "2 arrays already")
    vm.emdctl("stop --all --yes")
    vm.rmmod()
