# SPDX-License-Identifier: GPL-2.0
"""This test shows that a DDF container of mdadm runs under EMD, loses a disk of all its arrays, is rebuilt and goes back to mdadm."""

from ddf import shared as ddf

groups = ["ddf"]


def scenario(vm):
    disks = vm.add_disks(5, size="48M")
    vm.boot()
    ddf.mdadm_create(vm, disks)
    sums = {}
    for seed, (name, level, on, mib, options) in enumerate((
            ("zero", 0, disks[:2], 4, "-c64"),
            ("one", 1, disks[1:3], 2, ""),
            ("ten", 10, disks[:4], 4, "-c64"))):
        dev = ddf.mdadm_array(vm, name, level, on, "2M", options)
        sums[name] = ddf.pattern(vm, dev, mib, seed)
    ddf.mdadm_stop(vm)
    before = ddf.examine(vm, disks[0])["seq"]

    vm.insmod()
    zero, one, ten = ddf.started(vm, "zero", "one", "ten")
    check(vm, sums, zero, one, ten)
    assert [vm.array(n)["state"] for n in sums] == ["optimal"] * 3
    assert ddf.examine(vm, disks[0])["seq"] == before, "reading has written"

    # The third disk serves two of them; the fifth is free.
    vm.emdctl("--yes fail one " + disks[2].dev)
    for name in ("one", "ten"):
        ddf.idle(vm, name)
    check(vm, sums, zero, one, ten)
    sums["one"] = ddf.pattern(vm, one, 2, 77)
    sums["ten"] = ddf.pattern(vm, ten, 4, 78)
    ddf.idle(vm, "ten")
    view = ddf.examine(vm, disks[0])
    for name in sums:
        assert view["arrays"][name]["state"] == "Optimal, Consistent", view
        assert view["arrays"][name]["init state"] == "Fully Initialised", view
    assert "Failed" in view["disks"][2] and view["disks"][4] == "active/Online", view
    vm.emdctl("--yes stop --all")
    vm.rmmod()

    rest = disks[:2] + disks[3:]
    ddf.mdadm_assemble(vm, rest)
    ddf.no_resync(vm)
    check(vm, sums, *(vm.md(name) for name in ("zero", "one", "ten")))
    sums["one"] = ddf.pattern(vm, vm.md("one"), 2, 79)
    ddf.mdadm_stop(vm)

    vm.insmod()
    check(vm, sums, *ddf.started(vm, "zero", "one", "ten"))
    assert [vm.array(n)["state"] for n in sums] == ["optimal"] * 3
    vm.emdctl("--yes stop --all")


def check(vm, sums, *devs):
    for name, dev in zip(("zero", "one", "ten"), devs):
        assert ddf.checksum(vm, dev, 2 if name == "one" else 4) == sums[name], name
