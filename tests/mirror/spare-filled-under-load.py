# SPDX-License-Identifier: GPL-2.0
"""A spare is filled while users write; afterwards it alone gives the right data."""

groups = ["quick", "long"]


def scenario(vm):
    for level, count in ("raid1", 2), ("raid10", 4):
        rebuild(vm, level, count)


def rebuild(vm, level, count):
    disks = vm.add_disks(count + 1, size="96M", serial=level.upper() + "%02d")
    spare = disks[count]
    vm.boot()
    vm.insmod()
    vm.emdctl("create --format imsm --level %s --name it --init none --yes %s"
              % (level, vm.devs(disks[:count])))
    container = vm.emdctl("list", json=True)["containers"][0]["name"]
    vm.emdctl("add --yes %s %s" % (container, spare.dev))
    vm.sh("head -c 48M /dev/urandom > /tmp/data; dd if=/tmp/data of=/dev/emd0 bs=1M oflag=direct 2>/dev/null")
    load = vm.start("fio --name=v --filename=/dev/emd0 --direct=1 --ioengine=libaio --iodepth=8 --rw=randrw "
                    "--bsrange=4k-192k --offset=48M --size=24M --verify=crc32c --verify_backlog=64 "
                    "--verify_fatal=1 --time_based --runtime=8 --output=/tmp/fio.log")
    vm.unplug(disks[1])
    vm.wait("rebuilt", lambda: vm.array("it")["state"] == "optimal", timeout=90)
    load.wait(120)
    assert load.status == 0, load.output + vm.sh("cat /tmp/fio.log")
    vm.say(vm.sh("emdctl events; emdctl list"))

    vm.emdctl("scrub it")
    vm.wait("checked", lambda: vm.array("it")["sync"]["action"] == "idle", timeout=60)
    assert vm.sh("cat /sys/block/emd0/emd/mismatch_cnt").strip() == "0"
    vm.unplug(disks[0])
    vm.sh("echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/emd0 bs=1M count=48 iflag=direct 2>/dev/null | cmp - /tmp/data")
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    vm.poweroff()
    for disk in disks:
        disk.plugged = False
