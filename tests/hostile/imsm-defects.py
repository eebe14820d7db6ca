# SPDX-License-Identifier: GPL-2.0
"""This test shows that damaged and hostile IMSM metadata gets one clear log line, an answer from examine, no write and no array."""

from lib import defects, imsm_defects

groups = ["quick", "hostile"]
SECTORS = 16 * 2048


def scenario(vm):
    disks = vm.add_disks(defects.DISKS, size="16M", serial="DEF%04d")

    def lay(name):
        return name, lambda disk: put(disk, dict(imsm_defects.images(disk.serial, SECTORS))[name])

    vm.boot()
    vm.insmod("degraded_timeout=1")
    names = [name for name, _ in imsm_defects.images("X", SECTORS)]
    for name, *said in defects.reported(vm, disks, [lay(name) for name in names]):
        defects.damaged("imsm", name, *said)
    # A damaged disk can be made useful again.
    vm.emdctl("--yes erase " + disks[1].dev)
    assert "damaged" not in vm.emdctl("examine " + disks[1].dev)

    # The same block without a defect is believed: the defects are what is refused.
    put(disks[0], imsm_defects.seal(imsm_defects.build([disks[0].serial, "OTHER"], SECTORS)))
    vm.emdctl("scan")
    vm.wait("the good one", lambda: (vm.array("vol0") or {"dev": ""})["dev"])
    vm.emdctl("--yes stop --all")


def put(disk, data):
    disk.write(-64, data.rjust(64 * imsm_defects.SECTOR, b"\0"))
