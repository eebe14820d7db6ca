# SPDX-License-Identifier: GPL-2.0
"""A RAID5 that EMD makes, on 512 byte and on 4Kn sectors, is initialised, heals its read errors, and is mdadm's as well."""

from imsm import shared as imsm
from lib import arrays

groups = ["parity"]


def scenario(vm):
    vm.tolerate(r"I/O error|Medium Error|critical|Sense|hostbyte|CDB|read error|callbacks suppressed")
    small = vm.add_disks(3, size="48M", faults=True)
    large = vm.add_disks(3, size="48M", logical_block=4096)
    for number, disk in enumerate(small + large):
        imsm.spoil(disk, byte=0x31 + number)
    vm.boot()
    vm.insmod()

    vm.say("initialised while it is written")
    a = arrays.create(vm, "old", "raid5", small, "--init resync --strip 16K")
    b = arrays.create(vm, "new", "raid5", large, "--init resync --strip 64K")
    want = {}
    for name, dev in (("old", a), ("new", b)):
        want[name] = arrays.make_file(vm, "/tmp/" + name, 24, seed=len(want))
        arrays.put(vm, "/tmp/" + name, dev, seek_mib=5)
        # Pieces of strips, across the edges of strips and of stripes.
        vm.sh("dd if=/dev/urandom of=%s bs=12K seek=7 count=60 oflag=direct 2>/dev/null" % dev)
        imsm.idle(vm, name)
        assert arrays.sha256(vm, dev, 24, 5) == want[name]
        scrub(vm, name)

    vm.say("sectors that cannot be read are answered for by the others, and get well")
    for number, disk in enumerate(small):
        for place in range(4):
            disk.faults.bad_sectors(6000 + place * 1024 + number * 256 + 8 * place, 3)
    assert arrays.sha256(vm, a, 24, 5) == want["old"]
    vm.wait("repairs", lambda: vm.dmesg("read error repaired"))
    scrub(vm, "old")
    assert not any(disk.faults.faults for disk in small)
    assert vm.array("old")["state"] == "optimal"

    vm.say("what the parity does not say is counted, and put right")
    wrong = small[0].read(8000, 8)
    small[0].write(8000, bytes(255 - byte for byte in wrong))
    vm.emdctl("scrub old")
    vm.wait("the scrub", lambda: vm.array("old")["sync"]["action"] == "idle", 60)
    assert vm.sh("cat /sys/block/%s/emd/mismatch_cnt" % a.rsplit("/", 1)[1]).strip() == "8"
    small[0].write(8000, wrong)
    scrub(vm, "old")

    vm.say("the administrator may vouch for the users")
    assert vm.emdctl("policy old", json=True)["policy"] == {"zero_copy": False, "sync_limit_kib_s": 0}
    vm.emdctl("--dry-run policy old zero_copy=on")
    assert "zero_copy=off" in vm.emdctl("policy old")
    assert "zero_copy=on" in vm.emdctl("policy old zero_copy=on")
    assert arrays.sysfs(vm, a, "zero_copy") == "1"
    vm.sh("dd if=/dev/urandom of=%s bs=12K seek=7 count=60 oflag=direct 2>/dev/null" % a)
    scrub(vm, "old")
    vm.emdctl("policy old zero_copy=off")

    vm.say("zeroes are zeroes, whole stripes and parts")
    vm.sh("blkdiscard -z -o 1M -l 7M %s 2>/dev/null || dd if=/dev/zero of=%s bs=1M seek=1 count=7 oflag=direct 2>/dev/null"
          % (a, a))
    vm.sh("dd if=%s bs=1M skip=1 count=7 iflag=direct 2>/dev/null | cmp -n 7340032 - /dev/zero" % a)
    scrub(vm, "old")
    whole = {name: imsm.checksum(vm, dev, 64) for name, dev in (("old", a), ("new", b))}
    vm.emdctl("stop --all --yes")
    vm.rmmod()

    for name, disks in (("old", small), ("new", large)):
        imsm.mdadm_assemble(vm, disks, container=name + "-c")
        imsm.md_idle(vm, name)
        assert imsm.checksum(vm, vm.md(name), 64) == whole[name]
        vm.sh("echo check > /sys/block/$(basename %s)/md/sync_action" % vm.md(name))
        vm.wait("md's check", lambda n=name: imsm.md_attr(vm, n, "sync_action") == "idle", 90)
        assert imsm.md_attr(vm, name, "mismatch_cnt") == "0"
    imsm.mdadm_stop(vm)


def scrub(vm, name):
    vm.emdctl("scrub " + name)
    vm.wait("the scrub", lambda: vm.array(name)["sync"]["action"] == "idle", 90)
    count = vm.sh("cat /sys/block/%s/emd/mismatch_cnt" % vm.array(name)["dev"]).strip()
    assert count == "0", "%s sectors differ" % count
