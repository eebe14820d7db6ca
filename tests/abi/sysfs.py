# SPDX-License-Identifier: GPL-2.0
"""sysfs, list and events tell the same story, and survive the array's end under load."""

from abi.programs import add_programs

groups = ["thorough", "abi"]

FILES = """name uuid format level layout strip_size state degraded sync_action sync_completed sync_speed
           sync_speed_max mismatch_cnt dirty read_only reason""".split()
MEMBER_FILES = "state disk read_errors write_errors start size".split()


def attributes(vm, array):
    base = "/sys/block/%s/emd" % array["dev"]
    values = {name: vm.sh("cat %s/%s" % (base, name)).rstrip("\n") for name in FILES}
    for member in array["members"]:
        for name in MEMBER_FILES:
            values[member["slot"], name] = vm.sh("cat %s/members/%d/%s" % (base, member["slot"], name)).strip()
    return values


def same_story(vm, array):
    told = attributes(vm, array)
    for name in "name", "uuid", "level", "state":
        assert told[name] == str(array[name]), (name, told[name], array)
    assert told["format"] == "imsm", told
    assert int(told["strip_size"]) == array["strip_sectors"] * 512, told
    assert int(told["degraded"]) == sum(m["state"] != "in_sync" for m in array["members"]), told
    assert told["sync_action"] == array["sync"]["action"], told
    assert told["sync_completed"] == "none", told
    assert bool(int(told["dirty"])) == array["dirty"], told
    assert bool(int(told["read_only"])) == array["read_only"], told
    assert told["reason"] == "", told
    for member in array["members"]:
        slot = member["slot"]
        assert told[slot, "state"] == member["state"], (slot, told)
        assert "/dev/" + told[slot, "disk"] == "/dev/" + member["dev"].replace("/dev/", ""), (slot, told)
        assert int(told[slot, "start"]) == member["start_sector"], (slot, told)
        assert int(told[slot, "size"]) == member["size_sectors"], (slot, told)
        assert told[slot, "read_errors"] == told[slot, "write_errors"] == "0", (slot, told)


def refuses(vm, path, text, error="Invalid argument"):
    answer = vm.sh("/root/abi write %s '%s'" % (path, text)).strip()
    assert answer == error, "%s: writing '%s': %s" % (path, text[:40], answer)


def hostile_writes(vm, base):
    for text in ("\n", " ", "frobnicate", "checkx", "check repair", "reshape", "resync", "x" * 4096):
        refuses(vm, base + "/sync_action", text)
    for text in ("\n", "-1", "abc", "1e3", "0x", "10 20"):
        refuses(vm, base + "/sync_speed_max", text)
    for text in ("4294967296", "9" * 4000):
        refuses(vm, base + "/sync_speed_max", text, "Numerical result out of range")
    vm.sh("echo 12345 > %s/sync_speed_max" % base)
    assert vm.sh("cat %s/sync_speed_max" % base).strip() == "12345"
    vm.sh("echo 0 > %s/sync_speed_max" % base)
    # Idle it is: nothing to be told.
    vm.sh("echo idle > %s/sync_action" % base)
    vm.sh("cd %s; for f in *; do case $f in sync_action|sync_speed_max|members) ;; "
          "*) [ $(stat -c %%a $f) = 444 ] || exit 1;; esac; done" % base)


def policies(vm):
    """What can be decided about an array, and what cannot."""
    assert vm.emdctl("policy safe") == "sync_limit=none\n"
    vm.emdctl("policy safe sync_limit=20M")
    assert vm.emdctl("policy safe", json=True)["policy"] == {"sync_limit_kib_s": 20480}
    assert vm.sh("cat /sys/block/%s/emd/sync_speed_max" % vm.array("safe")["dev"]).strip() == "20480"
    vm.emdctl("policy safe sync_limit=none")
    assert vm.emdctl("policy fast") == ""
    for command, why in (("safe zero_copy=on", "raid1 has none"), ("fast sync_limit=1M", "raid0 has no background work"),
                         ("fast zero_copy=off sync_limit=0", "raid0 has none")):
        status, output = vm.status("emdctl policy " + command)
        assert status == 1 and why in output, (status, output)


def scenario(vm):
    add_programs(vm)
    disks = vm.add_disks(2, size="96M")
    vm.boot()
    vm.sh("mdadm -C /dev/md/imsm0 -R -e imsm -n2 " + vm.devs(disks))
    vm.sh("mdadm -C /dev/md/fast -R -l0 -n2 -c64 --size=16M /dev/md/imsm0")
    vm.sh("mdadm -C /dev/md/safe -R -l1 -n2 --size=16M --assume-clean /dev/md/imsm0")
    vm.sh("mdadm --stop --scan")

    uevents = vm.start("exec udevadm monitor --kernel --property --subsystem-match=block > /tmp/uevents")
    vm.insmod()
    vm.wait("both arrays", lambda: vm.sh("ls -d /sys/block/emd* | wc -l").strip() == "2")
    arrays = {a["name"]: a for c in vm.emdctl("list", json=True)["containers"] for a in c["arrays"]}
    assert set(arrays) == {"fast", "safe"}, arrays
    for array in arrays.values():
        same_story(vm, array)
    vm.wait("uevents", lambda: vm.sh("grep -c EMD_EVENT=started /tmp/uevents || true").strip() == "2")
    assert vm.sh("grep -A9 EMD_EVENT=started /tmp/uevents | grep -c DEVNAME=/dev/emd").strip() == "2"
    vm.sh("kill $(pidof udevadm)")
    uevents.done.wait(5)

    safe = "/sys/block/%s/emd" % arrays["safe"]["dev"]
    hostile_writes(vm, safe)
    policies(vm)
    refuses(vm, "/sys/block/%s/emd/sync_action" % arrays["fast"]["dev"], "check", "Operation not supported")
    refuses(vm, safe + "/sync_action", "pause")

    # A check is seen by those who poll, and ends by itself.
    vm.sh("> /tmp/watch")
    watcher = vm.start("/root/abi poll %s/sync_action 100 > /tmp/watch" % safe)
    vm.wait("the watcher", lambda: "watching: idle" in vm.sh("cat /tmp/watch"))
    vm.sh("echo check > %s/sync_action" % safe)
    assert watcher.done.wait(25 * vm.slow)
    assert "0 failed" in vm.sh("cat /tmp/watch")
    vm.wait("the check to end", lambda: vm.sh("cat %s/sync_action" % safe).strip() == "idle")
    assert vm.sh("cat %s/mismatch_cnt" % safe).strip() == "0"

    # So is another name.
    vm.sh("> /tmp/watch")
    watcher = vm.start("/root/abi poll %s/name 100 > /tmp/watch" % safe)
    vm.wait("the watcher", lambda: "watching: safe" in vm.sh("cat /tmp/watch"))
    vm.emdctl("rename safe other")
    assert watcher.done.wait(25 * vm.slow)
    assert "0 failed" in vm.sh("cat /tmp/watch")
    vm.emdctl("rename other safe")

    # Readers and writers of every file do not hold up a stop, nor does a stop crash them.
    vm.sh("for f in 1 2; do (while [ ! -e /tmp/enough ]; do cat /sys/block/emd*/emd/* /sys/block/emd*/emd/members/*/*; "
          "for a in /sys/block/emd*/emd; do echo check > $a/sync_action; echo idle > $a/sync_action; done; "
          "done >/dev/null 2>&1 &) ; done")
    for _ in range(5):
        vm.emdctl("--yes stop --all", timeout=30)
        assert vm.sh("ls /sys/block").count("emd") == 0
        vm.emdctl("assemble --all", timeout=30)
        assert vm.sh("ls /sys/block").count("emd") == 2
    vm.sh("touch /tmp/enough")
    for part in "list", "events", "unprivileged":
        vm.sh("/root/abi " + part)
