# SPDX-License-Identifier: GPL-2.0
"""emdctl examine decodes what mdadm wrote, from disks and from copies, with no driver loaded."""

import json

groups = ["thorough", "tool"]
needs_emd = False


def scenario(vm):
    for block in 512, 4096:
        decode(vm, block)


def decode(vm, block):
    disks = vm.add_disks(4, size="96M", logical_block=block, serial="T%d-%%02d" % block)
    vm.boot()
    vm.sh("mdadm -C /dev/md/imsm0 -R -e imsm -n4 " + vm.devs(disks))
    vm.sh("mdadm -C /dev/md/mirror -R -l1 -n2 --size=16M " + vm.devs(disks[:2]))
    vm.sh("mdadm -C /dev/md/ten -R -l10 -n4 --size=16M --assume-clean /dev/md/imsm0")
    vm.sh("mdadm --stop --scan")

    theirs = vm.sh("mdadm --examine " + disks[0].dev)
    ours = examine(vm, disks[0].dev)
    assert ours["format"] == "imsm", ours
    metadata = ours["metadata"]
    assert metadata["uuid"] in theirs, (metadata["uuid"], theirs)
    assert {d["serial"] for d in metadata["disk"]} == {d.serial for d in disks}, metadata
    assert [d["serial"] for d in metadata["disk"] if d["self"] == "yes"] == [disks[0].serial]
    assert {a["name"]: a["level"] for a in metadata["array"]} == \
        {"mirror": "raid1", "ten": "raid10"}, metadata
    for array in metadata["array"]:
        assert array["uuid"] in theirs, (array["uuid"], theirs)

    # The same bytes in a file say the same; a cut one says that nothing is there.
    vm.sh("cat %s > /tmp/copy" % disks[0].dev)
    copy = examine(vm, "--serial %s /tmp/copy" % disks[0].serial)
    assert copy["metadata"] == metadata
    vm.sh("truncate -s -64K /tmp/copy")
    assert examine(vm, "/tmp/copy")["format"] is None

    text = vm.sh("emdctl examine %s /tmp/copy" % disks[0].dev)
    assert "mirror" in text and "/tmp/copy: no metadata" in text, text
    vm.poweroff()
    for disk in disks:
        disk.plugged = False


def examine(vm, what):
    # What is said on stderr (no driver to ask) comes along.
    output = vm.sh("emdctl --json examine %s 2>/dev/null" % what)
    return json.loads(output)["devices"][0]
