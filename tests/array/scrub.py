# SPDX-License-Identifier: GPL-2.0
"""A scrub finds each sector in which copies differ, tells where, mends it when told to, and obeys on the way."""

from lib import arrays

groups = ["array"]

BAD = ((5000, 8), (30000, 16), (90000, 1))


def scenario(vm):
    disks = vm.add_disks(2, size="64M", serial="SCR%04d")
    vm.boot()
    vm.insmod()
    m = arrays.create(vm, "mirror", "raid1", disks)
    want = arrays.make_file(vm, "/tmp/data", 4)
    arrays.put(vm, "/tmp/data", m)
    second = [d for d in disks if arrays.member(vm, "mirror", d)["slot"] == 1][0]
    size = vm.array("mirror")["size_sectors"]
    arrays.stop_all(vm)
    for sector, nr in BAD:
        second.write(sector, b"\x5a" * 512 * nr)
    planted = second.read(0, size)
    vm.emdctl("assemble --all")
    m = arrays.device(vm, "mirror")

    assert scrub(vm, m) == sum(nr for _, nr in BAD)
    shown = vm.emdctl("show mirror")
    for sector, nr in BAD:
        assert str(sector) in shown, shown
    assert second.read(0, size) == planted, "a check wrote"

    assert scrub(vm, m, "--repair") == sum(nr for _, nr in BAD)
    assert scrub(vm, m) == 0
    assert disks[0].read(0, size) == disks[1].read(0, size)
    assert arrays.sha256(vm, m, 4) == want
    obeys(vm, m)


def scrub(vm, dev, options=""):
    vm.emdctl("scrub %s mirror" % options)
    vm.emdctl("wait mirror idle --timeout 60")
    return int(arrays.sysfs(vm, dev, "mismatch_cnt"))


def done(vm, dev):
    text = arrays.sysfs(vm, dev, "sync_completed")
    return None if text == "none" else int(text.split(" / ")[0])


def obeys(vm, m):
    """Limited, paused, resumed, cancelled, by command and by sysfs."""
    vm.emdctl("sync limit mirror 2M")
    assert arrays.sysfs(vm, m, "sync_speed_max") == "2048"
    vm.emdctl("scrub mirror")
    assert arrays.sysfs(vm, m, "sync_action") == "check"
    assert vm.array("mirror")["sync"]["action"] == "check"
    assert "check" in vm.emdctl("status mirror")
    status, text = vm.status("emdctl scrub mirror")
    assert status == 1 and "check" in text, (status, text)
    first = vm.wait("progress", lambda: done(vm, m))
    vm.wait("more progress", lambda: done(vm, m) > first)

    vm.emdctl("sync pause mirror")
    paused = done(vm, m)
    vm.sh("dd if=/dev/zero of=%s bs=64K count=16 seek=100 oflag=direct conv=fsync 2>&1" % m)
    vm.sh("sleep 1")
    assert done(vm, m) == paused
    vm.emdctl("sync resume mirror")
    vm.wait("progress after the pause", lambda: done(vm, m) > paused)
    vm.emdctl("sync cancel mirror")
    assert arrays.sysfs(vm, m, "sync_action") == "idle"
    assert done(vm, m) is None

    arrays.set_sysfs(vm, m, "sync_action", "check")
    assert arrays.sysfs(vm, m, "sync_action") == "check"
    arrays.set_sysfs(vm, m, "sync_speed_max", "0")
    vm.emdctl("wait mirror idle --timeout 60")
    assert arrays.sysfs(vm, m, "mismatch_cnt") == "0"
