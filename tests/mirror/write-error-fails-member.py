# SPDX-License-Identifier: GPL-2.0
"""A copy that cannot be written fails its member, and the write waits until the metadata says so."""

groups = ["quick"]


def scenario(vm):
    vm.tolerate(r"I/O error|Medium Error|critical|Sense|hostbyte|CDB|write error|lost .*write|Buffer I/O")
    disks = vm.add_disks(4, size="64M", faults=True)
    vm.boot()
    vm.insmod()
    vm.emdctl("create --format imsm --level raid10 --name ten --init none --yes " + vm.devs(disks))
    vm.sh("head -c 16M /dev/urandom > /tmp/data")

    disks[2].faults.error(op="write", first=0, nr=65536)
    vm.sh("dd if=/tmp/data of=/dev/emd0 bs=1M oflag=direct 2>/dev/null")
    for disk in disks[:2] + disks[3:]:
        found = vm.examine(disk)
        assert "egraded" in found["volumes"]["ten"]["Map State"], found
    assert vm.array("ten")["state"] == "degraded"
    states = [m["state"] for m in vm.array("ten")["members"]]
    assert states.count("failed") == 1 and states.index("failed") == 2, states
    disks[2].faults.clear()
    vm.sh("echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/emd0 bs=1M count=16 iflag=direct 2>/dev/null | cmp - /tmp/data")

    vm.say("the other copy of the same strips is the last one: the error goes to the user")
    disks[3].faults.error(op="write", first=0, nr=65536)
    assert vm.status("dd if=/tmp/data of=/dev/emd0 bs=1M oflag=direct")[0]
    disks[3].faults.clear()
    states = [m["state"] for m in vm.array("ten")["members"]]
    assert states.count("failed") == 1, states
    vm.sh("dd if=/tmp/data of=/dev/emd0 bs=1M oflag=direct 2>/dev/null")
    vm.sh("echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/emd0 bs=1M count=16 iflag=direct 2>/dev/null | cmp - /tmp/data")
