# SPDX-License-Identifier: GPL-2.0
"""mdadm makes IMSM RAID1 and RAID10 on 512 and 4096 byte sectors, and finds them after a power cut."""

groups = ["thorough", "smoke"]
needs_emd = False


def scenario(vm):
    for block in 512, 4096:
        make_and_cut(vm, block)


def make_and_cut(vm, block):
    disks = vm.add_disks(4, size="96M", logical_block=block, serial="B%d-%%02d" % block)
    vm.boot()
    vm.sh("mdadm -C /dev/md/imsm0 -R -e imsm -n4 " + vm.devs(disks))
    vm.sh("mdadm -C /dev/md/mirror -R -l1 -n2 --size=16M " + vm.devs(disks[:2]))
    vm.sh("mdadm -C /dev/md/ten -R -l10 -n4 --size=16M --assume-clean /dev/md/imsm0")
    found = vm.examine(disks[0])
    assert set(found["volumes"]) == {"mirror", "ten"}, found
    assert len(found["disks"]) == 4, found
    for name in "mirror", "ten":
        vm.sh("head -c 4M /dev/urandom > /tmp/%s; dd if=/tmp/%s of=/dev/md/%s bs=1M conv=fsync 2>/dev/null"
              % (name, name, name))
    sums = vm.sh("cd /tmp; sha256sum mirror ten")
    vm.kill()

    vm.boot()
    vm.write_file("/tmp/sums", sums.encode())
    vm.sh("mdadm -A -R /dev/md/imsm0 %s; mdadm -I /dev/md/imsm0" % vm.devs(disks))
    for name in "mirror", "ten":
        vm.sh("dd if=%s of=/tmp/%s bs=1M count=4 iflag=direct" % (vm.md(name), name))
    vm.sh("cd /tmp; sha256sum -c sums")
    vm.sh("mdadm --stop --scan")
    vm.poweroff()
    for disk in disks:
        disk.plugged = False
