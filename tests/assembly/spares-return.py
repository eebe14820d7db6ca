# SPDX-License-Identifier: GPL-2.0
"""This test shows that a spare is still one after the machine was off, or when it comes late, in every format, and takes over with no command."""

from lib import arrays

groups = ["assembly"]
FORMATS = ("imsm", "ddf", "asr")


def scenario(vm):
    disks = {fmt: vm.add_disks(3, size="80M", serial=fmt.upper() + "-DISK-%04d") for fmt in FORMATS}
    vm.boot()
    vm.insmod()
    sums = {}
    for fmt in FORMATS:
        vm.emdctl("--yes create --format %s --level raid1 --size 24M --init none --name of-%s %s"
                  % (fmt, fmt, vm.devs(disks[fmt][:2])))
        dev = arrays.device(vm, "of-" + fmt)
        sums[fmt] = arrays.make_file(vm, "/root/" + fmt, 4, len(fmt))
        arrays.put(vm, "/root/" + fmt, dev)
        vm.emdctl("--yes add %s %s" % (arrays.container(vm, "of-" + fmt), disks[fmt][2].dev))
    vm.wait("all to be clean", lambda: not any(vm.array("of-" + fmt)["dirty"] for fmt in FORMATS))

    vm.kill()
    vm.boot()
    vm.insmod()
    for fmt in FORMATS:
        arrays.device(vm, "of-" + fmt)
        vm.wait("the spare of " + fmt, lambda fmt=fmt: spares(vm, fmt) == [name(disks[fmt][2])])
    # They go and come back, while the arrays are written: they have missed nothing that they need.
    for fmt in FORMATS:
        vm.unplug(disks[fmt][2])
    for fmt in FORMATS:
        sums[fmt] = arrays.make_file(vm, "/root/" + fmt, 4, 10 + len(fmt))
        arrays.put(vm, "/root/" + fmt, arrays.device(vm, "of-" + fmt))
        vm.wait("the spare to be missed", lambda fmt=fmt: not spares(vm, fmt))
    for fmt in FORMATS:
        vm.plug(disks[fmt][2])
        vm.wait("the spare of " + fmt, lambda fmt=fmt: spares(vm, fmt) == [name(disks[fmt][2])])

    # Those that the machine was started without come late, too: after the first write.
    arrays.stop_all(vm)
    vm.kill()
    for fmt in FORMATS:
        disks[fmt][2].plugged = False
    vm.boot()
    vm.insmod()
    for fmt in FORMATS:
        sums[fmt] = arrays.make_file(vm, "/root/" + fmt, 4, 20 + len(fmt))
        arrays.put(vm, "/root/" + fmt, arrays.device(vm, "of-" + fmt))
    for fmt in FORMATS:
        vm.plug(disks[fmt][2])
        vm.wait("the spare of " + fmt, lambda fmt=fmt: spares(vm, fmt) == [name(disks[fmt][2])])
    for fmt in FORMATS:
        vm.emdctl("--yes fail of-%s %s" % (fmt, disks[fmt][0].dev))
    for fmt in FORMATS:
        vm.wait(fmt + " to be rebuilt", lambda fmt=fmt: arrays.state(vm, "of-" + fmt) == "optimal", 90)
        assert arrays.member(vm, "of-" + fmt, disks[fmt][2])["state"] == "in_sync"
        assert arrays.sha256(vm, arrays.device(vm, "of-" + fmt), 4) == sums[fmt]


def spares(vm, fmt):
    return [disk["dev"] for each in vm.emdctl("list", json=True)["containers"] if each["format"] == fmt
            for disk in each["disks"] if disk["state"] == "spare"
            if any(array["name"] == "of-" + fmt for array in each["arrays"])]


def name(disk):
    return disk.dev.rsplit("/", 1)[1]
