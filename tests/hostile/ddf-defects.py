# SPDX-License-Identifier: GPL-2.0
"""This test shows that damaged and hostile DDF metadata gets one clear log line, an answer from examine, no write and no array."""

from lib import ddf_defects as ddf
from lib import defects

groups = ["quick", "hostile"]


def scenario(vm):
    disks = vm.add_disks(defects.DISKS, size="16M", serial="DEF%04d")
    numbers = {}

    def lay(name):
        def onto(disk):
            numbers[name] = len(numbers) + 1
            ddf.content(name, numbers[name], disk.sectors).put(disk)
        return name, onto

    vm.boot()
    vm.insmod("degraded_timeout=1")
    for name, *said in defects.reported(vm, disks, [lay(name) for name in ddf.DAMAGED]):
        defects.damaged("ddf", name, *said)
    vm.emdctl("--yes erase " + disks[1].dev)
    assert "damaged" not in vm.emdctl("examine " + disks[1].dev)
    for name, dev, _, examine, listed in defects.reported(vm, disks, [lay(name) for name in ddf.REFUSED]):
        defects.refused(vm, name, dev, examine, listed)

    # The same without a defect is believed: the defects are what is refused.
    ddf.good(900, disks[0].sectors).put(disks[0])
    vm.emdctl("scan")
    vm.wait("the good one", lambda: (vm.array("half900") or {"dev": ""})["dev"])
    vm.emdctl("--yes stop --all")
