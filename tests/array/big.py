# SPDX-License-Identifier: GPL-2.0
"""This test shows that EMD and mdadm agree on disks and arrays of more than 2 TiB, to the last sector."""

from imsm import shared as imsm
from lib import arrays

groups = ["array"]

# More than 2^32 sectors of a member, and an array that begins behind them.
FIRST, SECOND = 2560, 256       # GiB of each member
TIB = 1 << 40


def scenario(vm):
    disks = vm.add_disks(4, size="3T", serial="BIG%04d")
    vm.boot()
    want = arrays.make_file(vm, "/tmp/data", 1)

    # By mdadm first: what it writes is the measure.
    imsm.mdadm_create(vm, disks, [imsm.MdArray("ten", 10, 4, "%dG" % FIRST, "-c64"),
                                  imsm.MdArray("zero", 0, 4, "%dG" % SECOND, "-c64")])
    sizes = {n: size(vm, vm.md(n)) for n in ("ten", "zero")}
    assert sizes["ten"] >= 2 * FIRST << 30 and sizes["ten"] > 2 * TIB
    marks(vm, {n: vm.md(n) for n in sizes}, sizes, "write")
    imsm.mdadm_stop(vm)
    theirs = shape(vm, disks[3])
    vm.insmod()
    devs = dict(zip(sizes, imsm.started(vm, *sizes)))
    assert {n: size(vm, dev) for n, dev in devs.items()} == sizes
    marks(vm, devs, sizes, "read", want)
    vm.emdctl("delete zero --yes")
    vm.emdctl("delete ten --yes")
    vm.emdctl("stop --all --yes")
    vm.sh("for d in %s; do mdadm --zero-superblock $d; dd if=/dev/zero of=$d bs=1M count=1 2>/dev/null; done"
          % vm.devs(disks))

    # The same by EMD, read by mdadm.
    vm.emdctl("create --format imsm --level raid10 --strip 64K --name ten --init none --yes --size %dG %s"
              % (2 * FIRST, vm.devs(disks)))
    container = arrays.container(vm, "ten")
    vm.emdctl("create --format imsm --level raid0 --strip 64K --name zero --yes --size %dG %s"
              % (4 * SECOND, container))
    devs = {n: arrays.device(vm, n) for n in sizes}
    assert {n: size(vm, dev) for n, dev in devs.items()} == sizes
    marks(vm, devs, sizes, "write")
    marks(vm, devs, sizes, "read", want)
    assert all(m["start_sector"] > 1 << 32 for m in vm.array("zero")["members"])
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    ours = shape(vm, disks[3])
    assert ours == theirs, "emdctl made\n%s\nmdadm made\n%s" % (ours, theirs)
    imsm.mdadm_assemble(vm, disks)
    marks(vm, {n: vm.md(n) for n in sizes}, sizes, "read", want)


def size(vm, dev):
    return int(vm.sh("blockdev --getsize64 " + dev))


def marks(vm, devs, sizes, what, want=None):
    """A MiB at the beginning, across 2 TiB and at the very end."""
    for name, dev in devs.items():
        places = [0, (sizes[name] >> 20) - 1]
        if sizes[name] > 2 * TIB:
            places.append((2 * TIB >> 20) - 1)
            places.append(2 * TIB >> 20)
        for place in places:
            if what == "write":
                vm.sh("dd if=/tmp/data of=%s bs=1M seek=%d oflag=direct conv=fsync 2>&1" % (dev, place))
            else:
                out = vm.sh("dd if=%s bs=1M skip=%d count=1 iflag=direct 2>/dev/null | sha256sum" % (dev, place))
                assert out.split()[0] == want, (name, place)
        assert vm.status("dd if=%s of=/dev/null bs=512 skip=%d count=1 iflag=direct 2>&1 | grep -q '0+0 records in'"
                         % (dev, sizes[name] // 512))[0] == 0


def shape(vm, disk):
    """What mdadm says of a disk, but for what is random."""
    found = vm.examine(disk)
    result = {key: found[key] for key in ("Attributes", "MPB Sectors", "Disks", "RAID Devices")}
    for name, values in found["volumes"].items():
        result[name] = {k: v for k, v in values.items() if k not in ("UUID", "Dirty State")}
    result["disks"] = sorted((d["serial"], d["State"], d["Usable Size"]) for d in found["disks"])
    return result
