# SPDX-License-Identifier: GPL-2.0
"""An array that swap and data are on, while every allocation of the driver fails.

For a debug kernel: its fault injection fails what has a function of emd on its
stack, so the driver's own allocations and those of the block layer below it.
"""

import re

from imsm import shared as imsm

from . import arrays, stress
from .vm import Skip

FAULTS = "/sys/kernel/debug/%s/%s"
PLENTY = 1 << 30


def story(vm, level, members):
    """A member fails, a spare is filled, marks and checkpoints are written: all of it without memory."""
    stress.add_program(vm, "pageout")
    disks = vm.add_disks(members + 1, size="96M", serial="MEM%04d", faults=True)
    vm.boot()
    if vm.status("test -e " + FAULTS % ("failslab", "require-start"))[0]:
        raise Skip("this kernel cannot make the allocations of one module fail")
    vm.insmod()
    data = arrays.create(vm, "data", level, disks[:-1], "--size 24M --init none")
    container = arrays.container(vm, "data")
    vm.emdctl("--yes create --format imsm --level %s --name swap --size 56M --init none %s" % (level, container))
    swap = arrays.device(vm, "swap")
    vm.emdctl("--yes add %s %s" % (container, disks[-1].dev))
    for name in "data", "swap":
        vm.emdctl("sync limit %s 256K" % name)
    want = arrays.make_file(vm, "/tmp/data", 8)
    vm.sh("mkswap %s" % swap)
    vm.sh("swapon %s" % swap)
    for dev in data, swap:
        vm.wait("clean", lambda dev=dev: arrays.sysfs(vm, dev, "dirty") == "0")
    before = generation(vm, disks[1])

    no_memory(vm)
    # A command is refused, and says why. Nobody else may be, from here on.
    status, output = vm.status("emdctl --yes create --format imsm --level %s --name more %s" % (level, vm.devs(disks[:-1])))
    assert status == 1 and re.search("memory", output), output
    paging = vm.start("/root/pageout 8 /tmp/stop")
    vm.wait("memory to go out", lambda: vmstat(vm, "pswpout") > 1000)
    squeeze(vm)
    arrays.put(vm, "/tmp/data", data)
    assert arrays.sysfs(vm, data, "dirty") == "1"

    disks[0].faults.error("write")
    arrays.put(vm, "/tmp/data", data, seek_mib=12)
    vm.wait("the failure in the metadata", lambda: "MEM0000" not in in_use(vm, disks[1]))
    squeeze(vm)
    for dev in data, swap:
        vm.wait("the rebuild of " + dev, lambda dev=dev: arrays.sysfs(vm, dev, "sync_action") == "rebuild")
    through_page_cache(vm, data)
    # Nobody writes to this one: it gets clean, and where the rebuild is gets recorded.
    vm.wait("a checkpoint", lambda: checkpoint(vm, disks[1], "data"), timeout=30)
    for dev in data, swap:
        arrays.set_sysfs(vm, dev, "sync_speed_max", 0)
    for dev in data, swap:
        vm.wait("%s to be whole" % dev, lambda dev=dev: arrays.sysfs(vm, dev, "state") == "optimal", timeout=60)
    assert arrays.sha256(vm, data, 8) == arrays.sha256(vm, data, 8, 12) == want
    vm.sh("touch /tmp/stop")
    paging.wait(60 * vm.slow)
    assert paging.status == 0, paging.output
    assert int(paging.output) > 1, paging.output
    vm.sh("swapoff %s" % swap)
    for dev in data, swap:
        vm.wait("clean", lambda dev=dev: arrays.sysfs(vm, dev, "dirty") == "0")
    assert memory(vm) > 100, "hardly an allocation failed"

    assert generation(vm, disks[1]) > before
    for disk in disks[1:]:
        volumes = vm.examine(disk)["volumes"]
        assert {v["Map State"] for v in volumes.values()} == {"normal"}, volumes
        assert {v["Dirty State"] for v in volumes.values()} == {"clean"}, volumes
    for name, dev in ("data", data), ("swap", swap):
        vm.emdctl("scrub " + name)
        vm.emdctl("wait %s idle --timeout 60" % name)
        assert arrays.sysfs(vm, dev, "mismatch_cnt") == "0"


def through_page_cache(vm, dev):
    """Writers who must wait until some of what they wrote is on the disks get on."""
    limits = "/proc/sys/vm/dirty_bytes /proc/sys/vm/dirty_background_bytes"
    vm.sh("for f in %s; do echo 524288 > $f; done" % limits)
    vm.sh("dd if=/tmp/data of=%s bs=64K seek=%d conv=notrunc,fsync 2>&1" % (dev, 12 * 16), timeout=120)
    vm.sh("echo 20 > /proc/sys/vm/dirty_ratio; echo 10 > /proc/sys/vm/dirty_background_ratio")


def generation(vm, disk):
    return int(vm.examine(disk)["Generation"], 16)


def in_use(vm, disk):
    """Serials of the disks that serve, after this disk's metadata."""
    return {d["serial"] for d in vm.examine(disk)["disks"] if "active" in d["State"]}


def checkpoint(vm, disk, name):
    """Where a rebuild would go on after a power cut."""
    return imsm.units(vm.examine(disk)["volumes"][name].get("Checkpoint", ""))


def vmstat(vm, name):
    return int(vm.sh("grep '^%s ' /proc/vmstat" % name).split()[1])


def squeeze(vm):
    """Have the kernel throw out what it kept of the swap in memory, until some was read from the disks again."""
    limit = "/proc/sys/vm/min_free_kbytes"
    before = vmstat(vm, "pswpin")
    usual = vm.sh("cat " + limit)
    free = int(re.search(r"MemFree: +(\d+)", vm.sh("cat /proc/meminfo")).group(1))
    vm.sh("echo %d > %s" % (free * 85 // 100, limit))
    vm.wait("memory to come back", lambda: vmstat(vm, "pswpin") > before + 500, timeout=30)
    vm.sh("echo %s > %s" % (usual.strip(), limit))


def no_memory(vm):
    """From now on whatever the driver allocates fails, and whatever those whom it calls do."""
    symbols = [int(line.split()[0], 16) for line in vm.sh(r"grep -i ' t .*\[emd\]' /proc/kallsyms").splitlines()]
    for each in "failslab", "fail_page_alloc":
        settings = [("verbose", 0), ("ignore-gfp-wait", "N"), ("interval", 1), ("times", PLENTY), ("space", 0),
                    ("stacktrace-depth", 32), ("require-start", min(symbols)), ("require-end", max(symbols) + 4096)]
        if each == "fail_page_alloc":
            settings += [("min-order", 0), ("ignore-gfp-highmem", "N")]
        for name, value in settings + [("probability", 100)]:
            vm.sh("echo %s > %s" % (value, FAULTS % (each, name)))


def memory(vm):
    """Memory again; how many times was there none?"""
    failed = 0
    for each in "failslab", "fail_page_alloc":
        vm.sh("echo 0 > " + FAULTS % (each, "probability"))
        failed += PLENTY - int(vm.sh("cat " + FAULTS % (each, "times")))
    return failed
