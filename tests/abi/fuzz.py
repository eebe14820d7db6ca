# SPDX-License-Identifier: GPL-2.0
"""Random commands from several processes at once do the kernel no harm."""

import random

from abi.programs import add_programs

groups = ["quick", "abi", "stress"]


def scenario(vm):
    add_programs(vm)
    disks = vm.add_disks(3, size="64M") + vm.add_disks(1, size="64M", logical_block=4096)
    vm.boot()
    vm.sh("mdadm -C /dev/md/imsm0 -R -e imsm -n2 " + vm.devs(disks[:2]))
    vm.sh("mdadm -C /dev/md/fast -R -l0 -n2 -c64 --size=16M /dev/md/imsm0")
    vm.sh("mdadm -C /dev/md/safe -R -l1 -n2 --size=16M --assume-clean /dev/md/imsm0")
    vm.sh("mdadm --stop --scan")
    vm.insmod()
    vm.wait("both arrays", lambda: vm.sh("ls -d /sys/block/emd* | wc -l").strip() == "2")
    seed = random.getrandbits(32)
    vm.say("seed %d" % seed)
    vm.sh("/root/abi fuzz 20 %d" % seed, timeout=60)
    for part in "list", "events":
        vm.sh("/root/abi " + part)
