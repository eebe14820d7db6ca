# SPDX-License-Identifier: GPL-2.0
"""This test shows that commands which are given at once, while disks refuse their metadata or vanish, each do what they answer."""

import json

from ddf import shared as ddf
from lib import arrays

groups = ["quick", "array", "long"]
ROUNDS = 2

# Each says its answer in a line of its own; they run side by side until told to end.
LOOP = """
while [ ! -e /tmp/enough ]; do
	for each in %s; do
		out=$(emdctl --yes $(echo "$each" | tr + ' ') 2>&1)
		echo "$? $each: $out"
	done
done
"""


def scenario(vm):
    vm.tolerate("backed out|metadata write failed|metadata cannot be written|refused its metadata")
    disks = {fmt: vm.add_disks(4, size="64M", serial=fmt.upper() + "%04d", faults=True) for fmt in ("imsm", "ddf")}
    vm.boot()
    vm.insmod()
    for fmt in disks:
        vm.emdctl("--yes create --format %s --level raid10 --size 16M --strip 64K --init none --name keep-%s %s"
                  % (fmt, fmt, vm.devs(disks[fmt])))
        vm.emdctl("--yes create --level raid10 --size 8M --strip 64K --init none --name a-%s %s"
                  % (fmt, arrays.container(vm, "keep-" + fmt)))
    sums = {fmt: arrays.make_file(vm, "/tmp/" + fmt, 4, len(fmt)) for fmt in disks}
    for fmt in disks:
        arrays.put(vm, "/tmp/" + fmt, arrays.device(vm, "keep-" + fmt))

    for number in range(ROUNDS):
        running = [vm.start(LOOP % " ".join(words)) for words in loops(vm, disks)]
        for fmt in disks:
            # One refuses for a while, another goes: never both of a pair.
            trouble(vm, disks[fmt], number)
        vm.sh("touch /tmp/enough")
        answers = [line for each in running for line in said(each)]
        vm.sh("rm /tmp/enough")
        # Nothing but success, or one line that says why not.
        assert answers and all(line[0] in "01" for line in answers), [a for a in answers if a[0] not in "01"]
        assert any(line.startswith("0 rename") for line in answers), answers
        for fmt in disks:
            made_whole(vm, disks[fmt], fmt)
            consistent(vm, disks[fmt], fmt)
            assert arrays.sha256(vm, arrays.device(vm, "keep-" + fmt), 4) == sums[fmt]

    # What the last ones were told is on the disks.
    before = {fmt: names(vm, fmt) for fmt in disks}
    arrays.stop_all(vm)
    vm.rmmod()
    vm.insmod()
    for fmt in disks:
        dev = arrays.device(vm, "keep-" + fmt)
        assert arrays.sha256(vm, dev, 4) == sums[fmt]
        assert names(vm, fmt) == before[fmt]


def loops(vm, disks):
    """Side by side: two who rename the same array, one who fails and adds, one who makes and deletes, one who scrubs."""
    for fmt, group in disks.items():
        container = arrays.container(vm, "keep-" + fmt)
        yield ["rename+a-%s+b-%s" % (fmt, fmt), "rename+b-%s+a-%s" % (fmt, fmt)]
        yield ["rename+b-%s+a-%s" % (fmt, fmt), "rename+a-%s+keep-%s" % (fmt, fmt), "scrub+keep-" + fmt]
        yield ["fail+keep-%s+%s" % (fmt, group[3].dev), "remove+%s+%s" % (container, group[3].dev),
               "add+%s+%s" % (container, group[3].dev)]
        yield ["delete+c-" + fmt, "create+--level+raid10+--size+2M+--init+none+--name+c-%s+%s" % (fmt, container)]


def trouble(vm, group, number):
    if number % 2:
        vm.unplug(group[1])
        vm.plug(group[1])
    else:
        group[1].faults.error("write")
        vm.wait("the disk to refuse", lambda: vm.dmesg("disk %s: metadata write failed" % group[1].dev[5:]), 30)
        group[1].faults.clear()


def said(command):
    command.wait(120)
    return [line for line in command.output.decode().splitlines() if line]


def made_whole(vm, group, fmt):
    """Every disk that is out is added again; then all is as it was."""
    container = arrays.container(vm, "keep-" + fmt)
    for disk in group:
        if not arrays.member(vm, "keep-" + fmt, disk) or \
                arrays.member(vm, "keep-" + fmt, disk)["state"] in ("failed", "missing"):
            vm.status("emdctl --yes add %s %s" % (container, disk.dev))
    vm.wait("keep-%s to be whole" % fmt, lambda: arrays.state(vm, "keep-" + fmt) == "optimal", 90)


def names(vm, fmt):
    container = arrays.container(vm, "keep-" + fmt)
    listed, = [each for each in vm.emdctl("list", json=True)["containers"] if each["name"] == container]
    return {array["name"] for array in listed["arrays"]}


def consistent(vm, group, fmt):
    """The kernel, sysfs and mdadm have the same arrays."""
    have = names(vm, fmt)
    assert "keep-" + fmt in have and len(have & {"a-" + fmt, "b-" + fmt}) == 1, have
    for name in have:
        if vm.array(name)["dev"]:
            assert arrays.sysfs(vm, "/dev/" + vm.array(name)["dev"], "name") == name
    seen = vm.examine(group[0])["volumes"] if fmt == "imsm" else ddf.examine(vm, group[0])["arrays"]
    assert set(seen) == have, (json.dumps(list(seen)), have)
