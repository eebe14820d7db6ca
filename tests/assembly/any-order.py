# SPDX-License-Identifier: GPL-2.0
"""Four disks, one of them stale, give the same array in whatever order they arrive, in every format; the stale one is never written."""

import itertools
import random

from lib import arrays

groups = ["assembly"]

# All orders in one format, some in the others: what is shared is not done by the formats.
FORMATS = (("imsm", 24), ("ddf", 6), ("asr", 6))


def scenario(vm):
    disks = vm.add_disks(4, size="64M")
    vm.boot()
    for fmt, nr in FORMATS:
        vm.say(fmt)
        chosen = random.Random(fmt).sample(list(itertools.permutations(disks)), nr)
        arrive(vm, fmt, disks, chosen)
        for disk in disks:
            vm.emdctl("--yes erase " + disk.dev)
        vm.rmmod()


def arrive(vm, fmt, disks, orders):
    vm.insmod()
    dev = arrays.create(vm, "ten", "raid10", disks, "--strip 64K --init none", fmt=fmt)
    want = arrays.make_file(vm, "/tmp/data", 4)
    arrays.put(vm, "/tmp/data", dev)
    vm.emdctl("fail ten " + disks[1].dev)
    # Written without it: it is stale for good.
    want = arrays.make_file(vm, "/tmp/data", 4, seed=2)
    arrays.put(vm, "/tmp/data", dev)
    arrays.stop_all(vm)
    vm.rmmod()
    stale = vm.sh("sha256sum " + disks[1].dev).split()[0]

    # SCSI disks come and go by host and target.
    names = {d: d.dev.rsplit("/", 1)[1] for d in disks}
    targets = {d: vm.sh("basename $(readlink -f /sys/block/%s/device)" % names[d]).strip() for d in disks}
    vm.insmod("degraded_timeout=0")
    seen = set()
    arrays.device(vm, "ten")
    arrays.stop_all(vm)
    for order in orders:
        for disk in disks:
            vm.sh("echo 1 > /sys/class/scsi_device/%s/device/delete" % targets[disk])
        vm.wait("an empty list", lambda: not vm.emdctl("list", json=True)["containers"])
        for disk in order:
            host, channel, target, lun = targets[disk].split(":")
            vm.sh("echo %s %s %s > /sys/class/scsi_host/host%s/scan" % (channel, target, lun, host))
        # Each disk looked at, whatever the order of the looks.
        vm.wait("all disks listed", lambda: len(listed(vm)) == 4)
        array = vm.wait("the array", lambda: (vm.array("ten") or {"dev": ""})["dev"] and vm.array("ten"))
        assert array["state"] == "degraded", array
        seen.add(tuple(sorted((m["slot"], m["state"]) for m in array["members"])))
        states = {d["serial"]: d["state"] for d in listed(vm) if d["dev"]}
        assert sorted(states.values()) == ["active"] * 3 + ["foreign"], states
        assert foreign(vm) == disks[1].dev.rsplit("/", 1)[1], states
        assert arrays.sha256(vm, "/dev/" + array["dev"], 4) == want
        arrays.stop_all(vm)
    assert len(seen) == 1, seen
    assert vm.sh("sha256sum " + disks[1].dev).split()[0] == stale
    reason = vm.sh("emdctl show %s" % disks[1].dev)
    assert "stale" in reason, reason


def listed(vm):
    """Live disks of all containers."""
    return [d for c in vm.emdctl("list", json=True)["containers"] for d in c["disks"] if d["dev"]]


def foreign(vm):
    return next(d["dev"] for d in listed(vm) if d["state"] == "foreign")
