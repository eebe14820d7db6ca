# SPDX-License-Identifier: GPL-2.0
"""An array of EMD is no disk for another one: asking for it is refused, with the reason."""

groups = ["quick", "abi"]


def refused(vm, command):
    status, output = vm.status("emdctl --yes " + command)
    assert status == 1 and "emd" in output.split(":", 1)[1], (command, status, output)


def scenario(vm):
    disks = vm.add_disks(3, size="64M")
    vm.boot()
    vm.insmod()
    vm.emdctl("--yes create --format imsm --level raid0 --name fast --size 32M " + vm.devs(disks[:2]))
    array = vm.array("fast")
    node = "/dev/" + array["dev"].replace("/dev/", "")
    container = vm.emdctl("list", json=True)["containers"][0]["name"]
    vm.sh("printf ',8M\\n,8M\\n' | sfdisk -q " + node)
    vm.wait("the partitions", lambda: vm.status("test -b %sp2" % node)[0] == 0)

    for dev in node, node + "p1":
        refused(vm, "add %s %s" % (container, dev))
        refused(vm, "create --format imsm --level raid1 --name on-itself %s %s" % (disks[2].dev, dev))
        refused(vm, "erase " + dev)
    # Nobody was left holding it.
    vm.emdctl("--yes stop --all")
    vm.rmmod()
