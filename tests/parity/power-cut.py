# SPDX-License-Identifier: GPL-2.0
"""After a power cut a RAID5 is resynced; with a member missing it is not started by itself, for the risk is the user's to take."""

from imsm import shared as imsm
from lib import arrays

groups = ["parity"]


def scenario(vm):
    disks = vm.add_disks(3, size="64M")
    vm.boot()
    vm.insmod()
    dev = arrays.create(vm, "it", "raid5", disks)
    want = arrays.make_file(vm, "/tmp/data", 16)
    arrays.put(vm, "/tmp/data", dev, seek_mib=2)
    vm.wait("clean", lambda: vm.array("it")["dirty"] is False)

    vm.say("the power fails while it is written")
    cut_while_writing(vm, dev)
    vm.boot()
    vm.insmod()
    dev, = imsm.started(vm, "it")
    assert vm.array("it")["dirty"] is True
    assert arrays.sha256(vm, dev, 16, 2) == want
    # The first write ends its being untouched.
    vm.sh("dd if=/dev/zero of=%s bs=4k count=1 seek=20000 oflag=direct 2>/dev/null" % dev)
    vm.wait("a resync", lambda: vm.dmesg("resync started"))
    imsm.idle(vm, "it")
    scrub(vm)

    vm.say("again, and a disk does not come back")
    cut_while_writing(vm, dev)
    vm.boot(disks=disks[:2])
    vm.insmod("degraded_timeout=2")
    vm.wait("the reason", lambda: vm.dmesg("not started: degraded and not stopped cleanly"))
    assert not vm.array("it")["dev"]
    assert "not stopped cleanly" in vm.emdctl("show it")
    status, said = vm.status("emdctl assemble --degraded --all")
    assert status == 1 and "--force" in said, said
    vm.emdctl("assemble --degraded --force --all")
    dev, = imsm.started(vm, "it")
    assert vm.array("it")["state"] == "degraded"
    assert arrays.sha256(vm, dev, 16, 2) == want

    vm.say("nothing was written: when the third is there it starts, and is resynced")
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    vm.poweroff()
    vm.boot()
    vm.insmod()
    dev, = imsm.started(vm, "it")
    assert vm.array("it")["state"] == "optimal"
    vm.sh("dd if=/dev/zero of=%s bs=4k count=1 seek=20000 oflag=direct 2>/dev/null" % dev)
    imsm.idle(vm, "it")
    scrub(vm)
    assert arrays.sha256(vm, dev, 16, 2) == want


def cut_while_writing(vm, dev):
    vm.start("while :; do dd if=/dev/urandom of=%s bs=12k seek=3000 count=200 oflag=direct 2>/dev/null; done" % dev)
    vm.wait("dirty", lambda: vm.array("it")["dirty"] is True)
    vm.kill()


def scrub(vm):
    vm.emdctl("scrub it")
    vm.wait("the scrub", lambda: vm.array("it")["sync"]["action"] == "idle", 90)
    count = vm.sh("cat /sys/block/%s/emd/mismatch_cnt" % vm.array("it")["dev"]).strip()
    assert count == "0", "%s sectors differ" % count
