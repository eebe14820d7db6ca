# SPDX-License-Identifier: GPL-2.0
"""Damaged and hostile IMSM metadata gets one clear log line, an answer from examine, no write and no array."""

import hashlib

from lib import imsm_defects

groups = ["quick", "hostile"]
SECTORS = 64 * 2048


def scenario(vm):
    names = [name for name, _ in imsm_defects.images("X", SECTORS)]
    if vm.kernel.name == "debug":
        names = names[::4]      # each disk costs that kernel many seconds
    disks = vm.add_disks(len(names) + 1, size="64M", serial="DEF%04d")
    good = disks.pop()
    for disk, name in zip(disks, names):
        data = dict(imsm_defects.images(disk.serial, SECTORS))[name]
        disk.write(-(len(data) // imsm_defects.SECTOR), data)
    # The same block without a defect is believed: the defects are what is refused.
    data = imsm_defects.seal(imsm_defects.build([good.serial, "OTHER"], SECTORS))
    good.write(-(len(data) // imsm_defects.SECTOR), data)
    before = {disk: fingerprint(disk) for disk in disks}

    vm.boot()
    vm.insmod("degraded_timeout=1")
    vm.wait("the good one", lambda: (vm.array("vol0") or {"dev": ""})["dev"])
    vm.emdctl("scan")
    log = vm.dmesg()
    for disk, name in zip(disks, names):
        dev = disk.dev.rsplit("/", 1)[1]
        lines = [line for line in log.splitlines() if "disk %s: imsm metadata damaged: " % dev in line]
        assert lines, "%s (%s): not a word in the log" % (name, dev)
        reason = lines[0].split("damaged: ", 1)[1]
        said = vm.emdctl("examine " + disk.dev)
        assert reason in said, "%s: log says %r, examine says\n%s" % (name, reason, said)
    listed = vm.emdctl("list", json=True)["containers"]
    assert sum(len(c["arrays"]) for c in listed) == 1, listed
    # A damaged disk can be made useful again.
    vm.emdctl("--yes erase " + disks[1].dev)
    assert "damaged" not in vm.emdctl("examine " + disks[1].dev)
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    vm.poweroff()
    for disk in disks:
        if disk is not disks[1]:
            assert fingerprint(disk) == before[disk], "%s was written" % disk.serial


def fingerprint(disk):
    """All that metadata could be in: the end of the disk, and its beginning."""
    return hashlib.sha256(disk.read(0, 4096) + disk.read(-8192, 8192)).hexdigest()
