# SPDX-License-Identifier: GPL-2.0
"""Random commands and attributes from several processes at once, root and not, do the kernel no harm."""

import random

from abi.programs import add_programs

groups = ["quick", "abi", "stress"]

# Meanwhile data is written and read, and so are the files in sysfs.
USERS = """for i in 1 2; do (
    while [ ! -e /tmp/enough ]; do
        for d in /dev/emd?; do
            dd if=/dev/zero of=$d bs=64k count=64 oflag=direct
            dd if=$d of=/dev/null bs=64k iflag=direct
            echo check > /sys/block/${d#/dev/}/emd/sync_action
            cat /sys/block/${d#/dev/}/emd/* /sys/block/${d#/dev/}/emd/members/*/*
        done
        usleep 10000
    done > /dev/null 2>&1 &
); done"""


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

    vm.sh(USERS)
    vm.sh("/root/abi fuzz 20 %d" % random.getrandbits(32), timeout=90)
    vm.sh("touch /tmp/enough")
    vm.wait("the users to end", lambda: vm.status("pidof dd usleep")[0] != 0)
    for part in "list", "events":
        vm.sh("/root/abi " + part)

    # Everything can still be taken down, and come up again.
    vm.wait("all arrays to stop", lambda: vm.status("emdctl --yes stop --all")[0] == 0)
    vm.emdctl("scan")
    vm.emdctl("list", json=True)
