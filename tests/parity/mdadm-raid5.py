# SPDX-License-Identifier: GPL-2.0
"""A RAID5 goes from mdadm to EMD and back, loses a member, is rebuilt, and all the while data and parity are right."""

from imsm import shared as imsm

groups = ["parity"]


def scenario(vm):
    disks = vm.add_disks(4, size="64M")
    spare = vm.add_disk(size="64M")
    imsm.spoil(spare)
    vm.boot()

    imsm.mdadm_create(vm, disks, [imsm.MdArray("four", 5, 4, "24M", "--chunk=16")])
    sums = imsm.fill(vm, vm.md("four"), "four")
    whole = imsm.checksum(vm, vm.md("four"), 72)
    imsm.mdadm_stop(vm)

    vm.say("the driver finds it and reads what mdadm wrote")
    vm.insmod()
    dev, = imsm.started(vm, "four")
    assert imsm.checksum(vm, dev, 72) == whole
    imsm.verify(vm, dev, "four", sums)
    array = vm.array("four")
    assert (array["level"], array["strip_sectors"]) == ("raid5", 32), array

    vm.say("a member is pulled while it is written; without it all is there")
    imsm.verify(vm, dev, "four", sums, options="", keep=True)
    job = vm.start("cd /mnt/four; for i in 1 2 3 4 5 6 7 8; do head -c 1500001 /dev/urandom > new$i; sync; done; sha256sum new*")
    vm.unplug(disks[1])
    job.wait(90)
    assert job.status == 0, job.output
    more = job.output.decode()
    vm.wait("degraded", lambda: vm.array("four")["state"] == "degraded")
    vm.sh("umount /mnt/four")
    assert imsm.volume(vm, disks[0], "four")["Map State"] == "degraded"
    imsm.verify(vm, dev, "four", sums)
    imsm.verify(vm, dev, "four", more)

    vm.say("a spare takes over")
    container = vm.emdctl("list", json=True)["containers"][0]["name"]
    vm.emdctl("add %s %s --yes" % (container, spare.dev))
    imsm.idle(vm, "four")
    imsm.verify(vm, dev, "four", sums)
    imsm.verify(vm, dev, "four", more)
    scrub(vm, "four")
    whole = imsm.checksum(vm, dev, 72)
    vm.emdctl("stop --all --yes")
    vm.rmmod()

    vm.say("and mdadm agrees: the files, the parity")
    imsm.mdadm_assemble(vm, [disks[0], spare, disks[2], disks[3]])
    imsm.md_idle(vm, "four")
    assert imsm.checksum(vm, vm.md("four"), 72) == whole
    assert md_mismatches(vm, "four") == 0
    imsm.verify(vm, vm.md("four"), "four", sums)
    imsm.verify(vm, vm.md("four"), "four", more)
    imsm.mdadm_stop(vm)


def scrub(vm, name, timeout=90):
    vm.emdctl("scrub " + name)
    vm.wait("the scrub", lambda: vm.array(name)["sync"]["action"] == "idle", timeout)
    count = vm.sh("cat /sys/block/%s/emd/mismatch_cnt" % vm.array(name)["dev"]).strip()
    assert count == "0", "%s sectors differ" % count


def md_mismatches(vm, name):
    vm.sh("echo check > /sys/block/$(basename %s)/md/sync_action" % vm.md(name))
    vm.wait("md's check", lambda: imsm.md_attr(vm, name, "sync_action") == "idle", 90)
    return int(imsm.md_attr(vm, name, "mismatch_cnt"))
