# SPDX-License-Identifier: GPL-2.0
"""This test shows that trouble in the middle of a rebuild costs no acknowledged write, and none of it goes unsaid."""

from lib import arrays

groups = ["array"]


def scenario(vm):
    ten = vm.add_disks(4, size="64M", serial="MEM%04d", faults=True)
    spares = vm.add_disks(4, size="64M", serial="SPARE%04d", faults=True)
    mirror = vm.add_disks(3, size="64M", serial="MIR%04d", faults=True)
    vm.boot()
    vm.insmod()
    t = arrays.create(vm, "ten", "raid10", ten, "--strip 64K --init none")
    container = arrays.container(vm, "ten")
    want = arrays.make_file(vm, "/tmp/data", 4)
    arrays.put(vm, "/tmp/data", t)
    user = vm.start("fio --name=user --filename=%s --direct=1 --ioengine=libaio --iodepth=4 --rw=randrw "
                    "--bsrange=4k-64k --offset=16M --size=24M --time_based --runtime=600 --rate=3m,3m "
                    "--verify=crc32c --verify_backlog=64 --verify_fatal=1 --minimal" % t)
    target_fails(vm, t, ten, spares, container)
    both_pairs(vm, t, spares, container)
    vm.sh("kill -INT $(pidof fio)")
    user.wait(60 * vm.slow)
    # Name, group, error.
    assert b";user;0;0;" in user.output and b"verify" not in user.output, user.output
    assert arrays.sha256(vm, t, 4) == want
    vm.emdctl("scrub ten")
    vm.emdctl("wait ten idle --timeout 60")
    assert arrays.sysfs(vm, t, "mismatch_cnt") == "0"
    assert arrays.sysfs(vm, t, "degraded") == "0"
    numbers = [int(line.split()[0]) for line in vm.emdctl("events").splitlines()]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))

    source_unreadable(vm, mirror)


def target_fails(vm, dev, disks, spares, container):
    """The spare dies while it is filled; the next takes over."""
    vm.emdctl("--yes add %s %s" % (container, spares[0].dev))
    vm.emdctl("sync limit ten 12M")
    # Where only the rebuild writes.
    fault = spares[0].faults.error("write", 60000, 4096)
    vm.emdctl("--yes fail ten %s" % disks[0].dev)
    vm.wait("the spare to refuse", lambda: fault.hits, timeout=60)
    vm.wait("it to be written off", lambda: disk_state(vm, spares[0]) == "failed")
    assert arrays.state(vm, "ten") == "degraded"
    assert [d["State"] for d in vm.examine(disks[1])["disks"]].count("active failed") >= 1, vm.examine(disks[1])
    assert vm.examine(disks[1])["volumes"]["ten"]["Map State"] == "degraded"
    vm.emdctl("sync limit ten none")
    vm.emdctl("--yes add %s %s" % (container, spares[1].dev))
    vm.emdctl("wait ten optimal --timeout 60")
    spares[0].faults.clear()
    assert disk_state(vm, spares[0]) == "failed"
    assert arrays.member(vm, "ten", spares[1])["state"] == "in_sync"
    assert vm.examine(disks[1])["volumes"]["ten"]["Map State"] == "normal"


def both_pairs(vm, dev, spares, container):
    """While one pair is rebuilt a member of the other fails; two spares fill both slots."""
    vm.emdctl("sync limit ten 8M")
    slots = {m["slot"]: m["dev"] for m in vm.array("ten")["members"]}
    serials = {dev: serial for serial, dev in vm.serials().items()}
    lost = [next(d for d in vm.disks if d.serial == serials[slots[slot]]) for slot in (1, 3)]
    vm.emdctl("--yes add %s %s" % (container, spares[2].dev))
    lost[0].faults.error("any")
    vm.wait("the rebuild", lambda: vm.array("ten")["sync"]["action"] == "rebuild", timeout=40)
    lost[1].faults.error("any")
    vm.wait("the other to be failed", lambda: disk_state(vm, lost[1]) == "failed", timeout=40)
    assert arrays.state(vm, "ten") == "degraded"
    vm.emdctl("--yes add %s %s" % (container, spares[3].dev))
    vm.emdctl("sync limit ten none")
    vm.emdctl("wait ten optimal --timeout 90")
    now = {m["slot"]: m["dev"] for m in vm.array("ten")["members"]}
    assert {now[1], now[3]} == {spares[2].dev[5:], spares[3].dev[5:]}, now


def source_unreadable(vm, disks):
    """A block that the only copy cannot give is not passed off as good data: the rebuild ends, and says where."""
    m = arrays.create(vm, "mirror", "raid1", disks[:2])
    want = arrays.make_file(vm, "/tmp/data", 8, seed=3)
    arrays.put(vm, "/tmp/data", m)
    container = arrays.container(vm, "mirror")
    source, spare = disks[1], disks[2]
    source.faults.bad_sectors(50000, 8)
    vm.emdctl("--yes fail mirror %s" % disks[0].dev)
    vm.emdctl("--yes add %s %s" % (container, spare.dev))
    vm.wait("the rebuild to give up", lambda: vm.dmesg("emd: .*rebuild gave up"), timeout=60)
    vm.wait("it to be over", lambda: vm.array("mirror")["sync"]["action"] == "idle")
    assert "no copy of array sector 50000" in vm.emdctl("events")
    assert vm.dmesg("emd: .*no copy of array sector 50000 can be read"), vm.dmesg("emd: ")
    assert arrays.state(vm, "mirror") == "degraded"
    assert arrays.member(vm, "mirror", spare)["state"] != "in_sync"
    assert vm.status("dd if=%s of=/dev/null bs=4k skip=6250 count=1 iflag=direct" % m)[0]
    assert arrays.sha256(vm, m, 8) == want
    # Writing the block makes it good again; the rebuild is started once more and ends well.
    vm.sh("dd if=/dev/zero of=%s bs=4k seek=6250 count=1 oflag=direct conv=fsync" % m)
    vm.emdctl("sync resume mirror")
    vm.emdctl("wait mirror optimal --timeout 60")
    assert arrays.member(vm, "mirror", spare)["state"] == "in_sync"
    vm.unplug(source)
    assert arrays.sha256(vm, m, 8) == want
    vm.sh("dd if=%s bs=4k skip=6250 count=1 iflag=direct 2>/dev/null | cmp -n 4096 - /dev/zero" % m)


def disk_state(vm, disk):
    dev = disk.dev.rsplit("/", 1)[1]
    for container in vm.emdctl("list", json=True)["containers"]:
        for each in container["disks"]:
            if each["dev"] == dev:
                return each["state"]
    return None
