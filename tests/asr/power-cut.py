# SPDX-License-Identifier: GPL-2.0
"""This test shows that a power cut at any write of ASR metadata leaves a mirror that starts whole, and others take for whole too."""

from asr import shared as asr
from lib import arrays

groups = ["asr"]


def scenario(vm):
    disks = vm.add_disks(2, size="24M", serial="CUT%04d", faults=True)
    vm.boot()
    vm.insmod()
    log = vm.record(disks)
    mirror = asr.create(vm, "mirror", "raid1", disks, "--size 4M --init resync")
    created = log.mark()
    asr.idle(vm, "mirror")
    want = arrays.make_file(vm, "/tmp/data", 1, seed=1)
    arrays.put(vm, "/tmp/data", mirror, 1)
    written = log.mark()
    vm.wait("clean again", lambda: vm.array("mirror")["dirty"] is False)
    log.stop()
    arrays.stop_all(vm)
    for disk in disks:
        vm.unplug(disk)

    looked = 0
    for cut in log.cuts(torn=True, select=is_metadata):
        # Before it was there nothing was promised.
        if cut.position < created:
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
    assert looked >= 4, looked


def is_metadata(entry):
    return not entry.flush and entry.sector >= entry.disk.sectors - asr.CAPACITY


def starts_whole(vm, disks, want, acknowledged):
    dev = arrays.device(vm, "mirror")
    # Before the first build ends, the second disk is one to be filled.
    assert arrays.state(vm, "mirror") in (["optimal"] if acknowledged else ["optimal", "degraded"])
    if acknowledged:
        assert arrays.sha256(vm, dev, 1, 1) == want, "what was acknowledged is lost"
    for disk in disks:
        assert "adaptec_raid_member" in vm.sh("blkid -p -o export " + disk.dev)
    assert 1 <= len(asr.dmraid_disks(vm)) <= 2
