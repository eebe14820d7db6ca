# SPDX-License-Identifier: GPL-2.0
"""This test shows that a power cut at any write of DDF metadata, or in the middle of it, leaves arrays that start whole, for mdadm as well."""

from ddf import shared as ddf
from lib import arrays

groups = ["ddf"]


def scenario(vm):
    disks = vm.add_disks(2, size="48M", serial="CUT%04d", faults=True)
    vm.boot()
    vm.insmod()
    stripe = ddf.ddf_create(vm, "stripe", "raid0", disks, "--size 4M")
    vm.emdctl("--yes create --level raid1 --name mirror --size 4M --init none " + arrays.container(vm, "stripe"))
    mirror = arrays.device(vm, "mirror")
    want = arrays.make_file(vm, "/tmp/data", 1, seed=1)
    arrays.put(vm, "/tmp/data", stripe, 1)
    arrays.put(vm, "/tmp/data", mirror, 1)
    vm.wait("clean", lambda: vm.array("mirror")["dirty"] is False)
    # After an assembly everything is written, later only what changed: both are cut.
    arrays.stop_all(vm)
    vm.emdctl("assemble --all")
    mirror = arrays.device(vm, "mirror")
    log = vm.record(disks)
    arrays.put(vm, "/tmp/data", mirror, 2)
    written = log.mark()
    vm.wait("clean again", lambda: vm.array("mirror")["dirty"] is False)
    log.stop()
    arrays.stop_all(vm)
    for disk in disks:
        vm.unplug(disk)

    looked = 0
    for cut in log.cuts(torn=True, select=is_metadata):
        # In the middle, of all the places where a write can be torn.
        if cut.torn and cut.torn != len(cut.entry.data) // 1024 * 512:
            continue
        for disk in disks:
            disk.restore(cut.files[disk])
            vm.plug(disk)
        looked += 1
        try:
            starts_whole(vm, disks, want, cut.position >= written)
        except Exception:
            vm.say("cut at %d, sector %d, %d bytes into it" % (cut.position, cut.entry.sector, cut.torn))
            raise
        arrays.stop_all(vm)
        for disk in disks:
            vm.unplug(disk)
    vm.say("%d cuts" % looked)
    assert looked >= 24, looked


def is_metadata(entry):
    return not entry.flush and entry.sector >= entry.disk.sectors - 65536


def starts_whole(vm, disks, want, acknowledged):
    for name in ("stripe", "mirror"):
        dev = arrays.device(vm, name)
        assert arrays.state(vm, name) == "optimal", name
        assert arrays.sha256(vm, dev, 1, 1) == want, name
    if acknowledged:
        assert arrays.sha256(vm, dev, 1, 2) == want, "what was acknowledged is lost"
    for disk in disks:
        text = vm.sh("mdadm -E %s 2>&1" % disk.dev)
        for name in ("stripe", "mirror"):
            assert "] : %s\n" % name in text, text
        assert text.count("Optimal, ") == 2 and "active/Online" in text, text
        assert text.count("Raid Devices[") == 2, text
