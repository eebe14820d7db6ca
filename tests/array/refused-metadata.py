# SPDX-License-Identifier: GPL-2.0
"""This test shows that a command which one disk does not let be recorded is taken back everywhere, and names that disk."""

from lib import arrays

groups = ["array"]


def scenario(vm):
    disks = vm.add_disks(4, size="64M", serial="MEM%04d", faults=True)
    spare = vm.add_disk(size="64M", serial=["SPARE"], faults=True)
    vm.boot()
    vm.insmod()

    # The first array on bare disks: who cannot be given back what it had is named.
    fault = deaf(disks[2])
    deaf(disks[0], after=fault)
    create = "create --format imsm --level raid10 --name ten --size 32M "
    refused(vm, create + vm.devs(disks), disks[2], "could not be put back as it was: " + disks[0].dev[5:])
    assert fault.hits and vm.status("mdadm --examine " + disks[1].dev)[0]
    for disk in disks:
        disk.faults.clear()
    vm.emdctl("--yes erase " + disks[0].dev)

    dev = arrays.create(vm, "ten", "raid10", disks, "--strip 64K --init none --size 32M")
    container = arrays.container(vm, "ten")
    want = arrays.make_file(vm, "/tmp/data", 4)
    arrays.put(vm, "/tmp/data", dev)
    user = vm.start("fio --name=user --filename=%s --direct=1 --ioengine=libaio --iodepth=4 --rw=randrw "
                    "--bsrange=4k-64k --offset=8M --size=16M --time_based --runtime=600 --rate=2m,2m "
                    "--verify=crc32c --verify_backlog=64 --verify_fatal=1 --minimal" % dev)
    vm.wait("writes", lambda: vm.array("ten")["dirty"])

    # A spare that cannot be marked as one does not become one; the others are not concerned.
    deaf(spare)
    before = vm.examine(disks[0])
    refused(vm, "add %s %s" % (container, spare.dev), spare)
    spare.faults.clear()
    assert vm.status("mdadm --examine " + spare.dev)[0]
    assert all(d["dev"] != spare.dev[5:] for d in disks_of(vm, container))
    assert arrays.state(vm, "ten") == "optimal"

    # A second array: two disks have heard of it when the third refuses.
    deaf(disks[2])
    refused(vm, "create --level raid0 --name second --size 8M " + container, disks[2])
    taken_back(vm, container, disks, disks[2])
    # A disk that does not take its metadata is out of step: it serves no more, and the others say so.
    now = vm.examine(disks[0])
    assert now["volumes"]["ten"]["Slots"].count("_") == 1, now["volumes"]
    assert int(now["Generation"], 16) > int(before["Generation"], 16)
    assert vm.array("second") is None and not vm.status("ls /sys/block/emd1 2>/dev/null")[1]

    # To delete the array, which is in use by nobody now.
    vm.sh("kill -INT $(pidof fio)")
    user.wait(60 * vm.slow)
    assert b";user;0;0;" in user.output and b"verify" not in user.output, user.output
    deaf(disks[1])
    refused(vm, "delete ten", disks[1])
    taken_back(vm, container, disks[:2] + disks[3:], disks[1])
    dev = arrays.device(vm, "ten")
    assert arrays.sha256(vm, dev, 4) == want
    arrays.put(vm, "/tmp/data", dev, 24)
    assert arrays.sha256(vm, dev, 4, 24) == want

    # What is on the disks is the array as it was, also for whoever comes next.
    for disk in disks:
        disk.faults.clear()
    arrays.stop_all(vm)
    vm.rmmod()
    vm.insmod()
    vm.emdctl("assemble --degraded --all")
    dev = arrays.device(vm, "ten")
    assert arrays.state(vm, "ten") == "degraded"
    assert arrays.sha256(vm, dev, 4) == want
    vm.emdctl("--yes delete ten")
    assert not vm.examine(disks[0])["volumes"] and not vm.examine(disks[3])["volumes"]


def deaf(disk, after=None):
    """It takes no metadata any more."""
    return disk.faults.error("write", disk.sectors - 64, 64, after=after)


def refused(vm, command, by, words=""):
    status, text = vm.status("emdctl --yes " + command)
    assert status == 1 and by.dev[5:] in text and "refused" in text and words in text, (status, text)
    assert len(text.strip().splitlines()) == 1, text


def taken_back(vm, container, disks, culprit):
    vm.wait("the disk to be written off", lambda: arrays.state(vm, "ten") == "degraded" and
            arrays.member(vm, "ten", culprit)["state"] == "failed")
    for disk in disks:
        if disk is culprit:
            continue
        found = vm.examine(disk)
        assert list(found["volumes"]) == ["ten"], found
        assert found["volumes"]["ten"]["Map State"] == "degraded", found
        assert found["RAID Devices"] == "1", found
    assert [a["name"] for a in vm.emdctl("list", json=True)["containers"][0]["arrays"]] == ["ten"]


def disks_of(vm, container):
    return next(c["disks"] for c in vm.emdctl("list", json=True)["containers"] if c["name"] == container)
