# SPDX-License-Identifier: GPL-2.0
"""What is in use is not stopped, and fail, add, rebuild in a loop under load leave nothing behind."""

from lib import arrays

groups = ["thorough", "array"]


def scenario(vm):
    disks = vm.add_disks(3, size="64M", serial="BUSY%04d")
    vm.boot()
    vm.insmod()
    m = arrays.create(vm, "mirror", "raid1", disks[:2])
    container = arrays.container(vm, "mirror")
    # None of these may take an array away under its user.
    user = vm.start("fio --name=user --filename=%s --direct=1 --ioengine=libaio --iodepth=8 --rw=randwrite --bs=16k "
                    "--size=16M --offset=8M --time_based --runtime=600 --minimal" % m)
    vm.wait("writes", lambda: vm.array("mirror")["dirty"])
    for command in "stop mirror", "stop " + container, "delete mirror":
        status, text = vm.status("emdctl --yes " + command)
        assert status == 1 and "use" in text, (status, text)
    assert vm.status("rmmod emd")[0] != 0
    vm.emdctl("--yes add %s %s" % (container, disks[2].dev))
    for _ in range(5):
        turn(vm, container)
    vm.sh("kill $(pidof fio)")
    user.wait(20 * vm.slow)
    vm.wait("rest", lambda: vm.array("mirror")["dirty"] is False)
    vm.emdctl("scrub mirror")
    vm.emdctl("wait mirror idle --timeout 60")
    assert arrays.sysfs(vm, m, "mismatch_cnt") == "0"
    arrays.stop_all(vm)
    vm.rmmod()
    vm.insmod()
    arrays.device(vm, "mirror")
    assert arrays.state(vm, "mirror") == "optimal"
    # Arrays at rest do not hold the module.
    vm.rmmod()


def turn(vm, container):
    """Fail a member, let the spare fill its place, take the failed disk out and give it back as a spare."""
    slot0 = vm.array("mirror")["members"][0]["dev"]
    vm.emdctl("--yes fail mirror /dev/%s" % slot0)
    vm.wait("optimal with another member", lambda: arrays.state(vm, "mirror") == "optimal" and
            all(each["dev"] != slot0 for each in vm.array("mirror")["members"]), timeout=60)
    vm.emdctl("--yes remove %s /dev/%s" % (container, slot0))
    vm.status("emdctl --yes erase /dev/%s" % slot0)
    vm.emdctl("--yes add %s /dev/%s" % (container, slot0))
