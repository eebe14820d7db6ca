# SPDX-License-Identifier: GPL-2.0
"""Two halves of a mirror that each ran alone are refused together, in every format, and neither is written."""

import re

from lib import arrays

groups = ["assembly"]

FORMATS = ("imsm", "ddf", "asr")
APART = r"ran without the other|ran apart"


def scenario(vm):
    pairs = [vm.add_disks(2, size="64M", serial=fmt.upper() + "%04d") for fmt in FORMATS]
    disks = sum(pairs, [])
    vm.boot()
    vm.insmod()
    for fmt, pair in zip(FORMATS, pairs):
        arrays.create(vm, fmt, "raid1", pair, fmt=fmt)
        arrays.make_file(vm, "/tmp/data", 1)
        arrays.put(vm, "/tmp/data", arrays.device(vm, fmt))
    arrays.stop_all(vm)
    vm.rmmod()
    for number in range(2):
        for pair in pairs:
            vm.unplug(pair[1 - number])
        vm.insmod("degraded_timeout=1")
        for fmt in FORMATS:
            dev = arrays.device(vm, fmt)
            assert vm.array(fmt)["state"] == "degraded"
            # The half that was not there cannot be told that it is out.
            want = arrays.make_file(vm, "/tmp/half", 1, seed=10 + number)
            arrays.put(vm, "/tmp/half", dev)
            assert arrays.sha256(vm, dev, 1) == want
        assert vm.dmesg("starting degraded")
        arrays.stop_all(vm)
        vm.rmmod()
        for pair in pairs:
            vm.plug(pair[1 - number])
        vm.wait("the disks to come back", lambda: all(disk.serial in vm.serials() for disk in disks))
    before = vm.sh("sha256sum " + vm.devs(disks))

    vm.insmod()
    for pair in pairs:
        found = vm.wait("the container", lambda pair=pair: holding(vm, pair))
        status, output = vm.status("emdctl assemble " + found["name"])
        assert status == 1 and re.search(APART, output), output
        shown = vm.emdctl("show " + found["name"])
        assert re.search(APART, shown), shown
    assert not any(array["dev"] for each in vm.emdctl("list", json=True)["containers"] for array in each["arrays"])
    vm.wait("the log", lambda: len(re.findall("not assembled.*(?:%s)" % APART, vm.dmesg())) >= len(FORMATS))
    vm.rmmod()
    assert vm.sh("sha256sum " + vm.devs(disks)) == before


def holding(vm, pair):
    """The container that both disks are in."""
    names = {disk.dev.rsplit("/", 1)[1] for disk in pair}
    for each in vm.emdctl("list", json=True)["containers"]:
        if names <= {disk["dev"] for disk in each["disks"]}:
            return each
    return None
