# SPDX-License-Identifier: GPL-2.0
"""This test shows that a disk which reads badly is replaced in all its arrays, under load, without redundancy being lost."""

from lib import arrays, stress

groups = ["array"]


def scenario(vm):
    stress.add_program(vm)
    disks = vm.add_disks(4, size="64M", serial="MEM%04d", faults=True)
    spare = vm.add_disk(size="64M", serial=["SPARE"], faults=True)
    vm.boot()
    vm.insmod()
    arrays.create(vm, "five", "raid5", disks, "--strip 64K --size 72M --init none")
    container = arrays.container(vm, "five")
    vm.emdctl("--yes create --level raid10 --name ten --strip 64K --init none " + container)
    arrays.device(vm, "ten")
    old = disks[1]
    command = "replace five %s %s" % (old.dev, spare.dev)
    refused(vm, command, "add it first")
    vm.emdctl("--yes add %s %s" % (container, spare.dev))
    plan = vm.emdctl("--dry-run " + command)
    for name in ("five", "ten"):
        assert 'array "%s": copy member 1 (%s' % (name, old.dev[5:]) in plan, plan
    assert "replacement" not in arrays.member(vm, "five", old)

    loads = [stress.Stress(vm, "five", seed=5), stress.Stress(vm, "ten", seed=6, parity=False)]
    for load in loads:
        load.start()
    vm.wait("writes", lambda: vm.array("five")["dirty"] and vm.array("ten")["dirty"])
    vm.emdctl("sync limit five 10M")
    vm.emdctl("sync limit ten 10M")
    vm.emdctl(command)
    # Of each array some that it cannot read any more, and does not learn to by being written.
    bad = [old.faults.error("read", sector, 200) for sector in (46000, 100000)]
    while_it_copies(vm, container, disks, old, spare)
    for name in ("five", "ten"):
        vm.emdctl("sync limit %s none" % name)
    for name in ("five", "ten"):
        vm.emdctl("wait %s idle --timeout 90" % name, timeout=100)
    assert all(fault.hits for fault in bad)
    finished(vm, disks, old, spare)
    for load in loads:
        load.check()

    # What was copied, and written meanwhile, is there without the old disk, and without one more.
    vm.emdctl("remove %s %s" % (container, old.dev))
    vm.unplug(old)
    vm.emdctl("--yes fail five %s" % disks[2].dev)
    for load in loads:
        load.stop()
        load.verify()
        assert arrays.state(vm, load.name) == "degraded"


def refused(vm, command, reason):
    status, text = vm.status("emdctl --yes " + command)
    assert status == 1 and reason in text, (command, text)


def while_it_copies(vm, container, disks, old, spare):
    """The old disk serves, the new one is a spare to everybody else; nothing that would be in the way is begun."""
    for name in ("five", "ten"):
        assert arrays.state(vm, name) == "optimal" and vm.array(name)["sync"]["action"] == "rebuild", vm.array(name)
        member = arrays.member(vm, name, old)
        assert member["state"] == "in_sync" and member["replacement"] == spare.dev[5:], member
    assert "being replaced by " + spare.dev[5:] in vm.emdctl("list")
    volumes = vm.examine(disks[0])["volumes"]
    assert {v["Map State"] for v in volumes.values()} == {"normal"}, volumes
    assert not vm.examine(spare)["volumes"]
    refused(vm, "replace ten %s %s" % (disks[0].dev, spare.dev), "is being replaced")
    refused(vm, "remove %s %s" % (container, spare.dev), "is being replaced")
    refused(vm, "add --for five %s %s" % (container, spare.dev), "is being replaced")
    refused(vm, "scrub five", "running")
    refused(vm, "create --level raid1 --name more " + container, "is being replaced")


def finished(vm, disks, old, spare):
    for name in ("five", "ten"):
        assert arrays.state(vm, name) == "optimal", vm.array(name)
        assert arrays.member(vm, name, old) is None, vm.array(name)
        member = arrays.member(vm, name, spare)
        assert member["state"] == "in_sync" and "replacement" not in member, member
    assert vm.emdctl("events").count(" replaced: ") == 2, vm.emdctl("events")
    found = vm.examine(disks[0])
    assert {v["Map State"] for v in found["volumes"].values()} == {"normal"}, found
    serials = [d["serial"] for d in found["disks"]]
    assert "SPARE" in serials and old.serial not in serials, found
