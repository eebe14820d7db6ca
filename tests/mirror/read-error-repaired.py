# SPDX-License-Identifier: GPL-2.0
"""A copy that cannot be read is answered for by the other one, and then made readable again."""

# Which copy answers depends on the CPU, and the debug kernel has but one.
groups = ["mirror"]

MIB = 2048          # sectors


def read(vm, sector, nr):
    """One request on each CPU, for they prefer different copies; wherever it goes, the data are right."""
    for cpu in range(2):
        vm.sh("busybox taskset -c %d dd if=/dev/emd0 of=/tmp/got bs=%dk skip=%d count=1 iflag=direct 2>/dev/null"
              % (cpu, nr // 2, sector // nr))
        vm.sh("dd if=/tmp/data bs=%dk skip=%d count=1 2>/dev/null | cmp - /tmp/got" % (nr // 2, sector // nr))


def healed(disks):
    return not any(disk.faults.faults for disk in disks)


def scenario(vm):
    vm.tolerate(r"I/O error|Medium Error|critical|Sense|hostbyte|CDB|read error|no copy|callbacks suppressed")
    disks = vm.add_disks(2, size="64M", faults=True)
    vm.boot()
    vm.insmod()
    vm.emdctl("create --format imsm --level raid1 --name it --init none --yes " + vm.devs(disks))
    vm.sh("head -c 16M /dev/urandom > /tmp/data; dd if=/tmp/data of=/dev/emd0 bs=1M oflag=direct 2>/dev/null")

    vm.say("bad sectors on either copy, all over a region: every read is right, every sector gets well")
    for number, disk in enumerate(disks):
        for place in range(5):
            disk.faults.bad_sectors(2 * MIB + place * 1024 + number * 512 + 8 * place, 3)
    for sector in range(2 * MIB, 5 * MIB, 512):
        read(vm, sector, 512)
    vm.wait("repairs", lambda: vm.dmesg("read error repaired"))
    assert vm.array("it")["state"] == "optimal"

    vm.say("what no read happened to find, a check does")
    vm.emdctl("scrub it")
    vm.wait("check", lambda: vm.array("it")["sync"]["action"] == "idle", timeout=60)
    assert healed(disks)
    assert vm.sh("cat /sys/block/emd0/emd/mismatch_cnt").strip() == "0"

    vm.say("bad in different places of one request: one good answer out of two bad copies")
    disks[0].faults.bad_sectors(8 * MIB + 16, 8)
    disks[1].faults.bad_sectors(8 * MIB + 500, 8)
    read(vm, 8 * MIB, 1024)
    vm.wait("both repaired", lambda: healed(disks))

    vm.say("bad in the same place: the error is the user's, the members stay")
    for disk in disks:
        disk.faults.bad_sectors(10 * MIB, 1)
    assert vm.status("dd if=/dev/emd0 of=/dev/null bs=4k skip=%d count=1 iflag=direct" % (10 * MIB // 8))[0]
    assert vm.array("it")["state"] == "optimal"
    vm.emdctl("scrub it")
    vm.wait("check", lambda: vm.array("it")["sync"]["action"] == "idle", timeout=60)
    vm.say(vm.emdctl("show it"))

    vm.say("writing makes it good again")
    vm.sh("dd if=/tmp/data of=/dev/emd0 bs=1M oflag=direct 2>/dev/null")
    assert healed(disks)
    read(vm, 10 * MIB, 1024)
    vm.sh("emdctl events | grep repaired; emdctl events | grep unreadable")

    vm.say("a copy that cannot be rewritten is no copy")
    bad = disks[0]
    bad.faults.bad_sectors(6 * MIB, 8)
    bad.faults.error(op="write", first=6 * MIB, nr=8)
    for sector in range(5 * MIB, 8 * MIB, 512):
        read(vm, sector, 512)
    vm.wait("failed", lambda: vm.array("it")["state"] == "degraded")
    assert "egraded" in vm.examine(disks[1])["volumes"]["it"]["Map State"]
