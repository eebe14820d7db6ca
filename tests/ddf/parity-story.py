# SPDX-License-Identifier: GPL-2.0
"""This test shows that RAID4, RAID5 and RAID6 of an mdadm DDF container run under EMD, lose a disk that all of them use, are rebuilt, and go back to mdadm with data and parity right; mdadm agrees at each step."""

from ddf import shared as ddf
from lib import arrays

groups = ["ddf", "parity"]

#        name    level  disks            MiB  options
ARRAYS = (("four", 4, slice(1, 4), 4, "-c16"),
          ("five", 5, slice(0, 4), 6, "-c64"),
          ("six", 6, slice(0, 5), 6, "-c16 --layout=ddf-N-continue"))
NAMES = [each[0] for each in ARRAYS]
MIB = dict((each[0], each[3]) for each in ARRAYS)


def scenario(vm):
    disks = vm.add_disks(5, size="48M")
    spare = vm.add_disk(size="48M")
    vm.boot()
    ddf.mdadm_create(vm, disks)
    sums = {}
    for seed, (name, level, on, mib, options) in enumerate(ARRAYS):
        sums[name] = ddf.pattern(vm, ddf.mdadm_array(vm, name, level, disks[on], "2M", options), mib, seed)
    ddf.mdadm_stop(vm)

    vm.say("EMD finds them as they are: data, parity")
    vm.insmod()
    devs = ddf.started(vm, *NAMES)
    check(vm, sums, devs)
    for name in NAMES:
        assert ddf.mismatches(vm, name) == 0, name
        assert vm.array(name)["level"] == "raid%d" % (4 + NAMES.index(name)), vm.array(name)

    vm.say("the third disk fails: the free one steps in where it has room, then a spare for the rest")
    vm.emdctl("--yes fail five " + disks[2].dev)
    for name in ("four", "five"):
        ddf.idle(vm, name)
    assert vm.array("six")["state"] == "degraded"
    check(vm, sums, devs)
    view = ddf.examine(vm, disks[0])
    assert "Failed" in view["disks"][2], view
    assert [view["arrays"][name]["state"] for name in NAMES] == [
        "Optimal, Consistent", "Optimal, Consistent", "Partially Optimal, Consistent"], view
    for seed, (name, dev) in enumerate(zip(NAMES, devs)):
        sums[name] = ddf.pattern(vm, dev, MIB[name], 40 + seed)
    vm.emdctl("--yes add %s %s" % (arrays.container(vm, "six"), spare.dev))
    ddf.idle(vm, "six")
    check(vm, sums, devs)
    for name in NAMES:
        assert ddf.mismatches(vm, name) == 0, name
        ddf.idle(vm, name)
    view = ddf.examine(vm, spare)
    assert [view["arrays"][name]["state"] for name in NAMES] == ["Optimal, Consistent"] * 3, view
    vm.emdctl("--yes stop --all")
    vm.rmmod()

    vm.say("back to mdadm, which writes")
    ddf.mdadm_assemble(vm, disks[:2] + disks[3:] + [spare])
    ddf.no_resync(vm)
    devs = [vm.md(name) for name in NAMES]
    check(vm, sums, devs)
    assert ddf.md_mismatches(vm, *NAMES) == dict.fromkeys(NAMES, 0)
    sums["six"] = ddf.pattern(vm, vm.md("six"), MIB["six"], 90)
    ddf.mdadm_stop(vm)

    vm.say("and to EMD again; two disks of the RAID6 are lost at once")
    vm.insmod()
    devs = ddf.started(vm, *NAMES)
    check(vm, sums, devs)
    vm.emdctl("--yes fail six " + disks[0].dev)
    vm.emdctl("--yes fail six " + disks[4].dev)
    assert ddf.checksum(vm, devs[2], MIB["six"]) == sums["six"]
    view = ddf.examine(vm, spare)
    assert view["arrays"]["six"]["state"].startswith("Degraded"), view
    vm.emdctl("--yes stop --all")


def check(vm, sums, devs):
    for name, dev in zip(NAMES, devs):
        assert ddf.checksum(vm, dev, MIB[name]) == sums[name], name
