# SPDX-License-Identifier: GPL-2.0
"""Words that the DDF scenarios share: mdadm's arrays, mdadm's view of the disks."""

import os
import re

from imsm.shared import checksum, compare, idle, md_attr, md_idle, pattern, started  # noqa: F401  for the scenarios
from lib.vm import Failed


def mdadm_create(vm, disks, container="ddf0"):
    vm.sh("modprobe -aq raid0 raid1 raid10 raid456")
    vm.sh("mdadm -C /dev/md/%s -R -e ddf -n%d %s" % (container, len(disks), vm.devs(disks)))


def mdadm_array(vm, name, level, disks, size, options=""):
    """An array in the container, in sync from the start; its device."""
    clean = "" if level == 0 else "--assume-clean"
    vm.sh("mdadm -C /dev/md/%s -R -l%s -n%d --size=%s %s %s %s"
          % (name, level, len(disks), size, clean, options, vm.devs(disks)))
    return vm.md(name)


def mdadm_assemble(vm, disks, container="ddf0"):
    """mdadm's arrays of a container, all of them running."""
    vm.sh("modprobe -aq raid0 raid1 raid10 raid456")
    vm.sh("mdadm -A /dev/md/%s %s" % (container, vm.devs(disks)))
    vm.sh("mdadm -IR /dev/md/%s" % container)


def mdadm_stop(vm):
    """All of mdadm's arrays, marked clean. There is no udev to remove its links."""
    vm.wait("mdadm to stop", lambda: vm.status("mdadm --stop --scan && ! grep -q ^md /proc/mdstat")[0] == 0)
    vm.sh("rm -f /dev/md/*")


def examine(vm, disk):
    """mdadm's view from one disk: {"seq":, "arrays": {name: {...}}, "disks": {index: "type/state"}}."""
    text = vm.sh("mdadm -E " + disk.dev)
    if "Redundant hdr : yes" not in text:
        raise Failed("no secondary header:\n" + text)
    result = {"seq": int(re.search(r"Seq : (\w+)", text).group(1), 16), "arrays": {}, "disks": {}}
    fields = {}
    for key, index, value in re.findall(r"^\s*(\S[^\[\n]*)\[(\d+)\] : (.*)$", text, re.M):
        fields.setdefault(index, {})[key.strip()] = value.strip()
    for each in fields.values():
        result["arrays"][each["Name"]] = each
    for index, state in re.findall(r"^\s+(\d+)\s+[0-9a-f]{8}\s+\d+K\s+(?:/dev/\S+\s+)?(\S.*)$", text, re.M):
        result["disks"][int(index)] = state.strip()
    return result


def no_resync(vm):
    text = vm.sh("cat /proc/mdstat")
    if "resync" in text or "recovery" in text:
        raise Failed("md does not take it for clean:\n" + text)


def md_mismatches(vm, *names):
    """What md's own check counts, of each: {name: sectors}."""
    paths = ["/sys/block/%s/md" % os.path.basename(vm.md(name)) for name in names]
    vm.sh("".join("echo check > %s/sync_action; " % path for path in paths))
    vm.wait("md's checks", lambda: set(files(vm, paths, "sync_action")) == {"idle"}, 90)
    return dict(zip(names, (int(count) for count in files(vm, paths, "mismatch_cnt"))))


def files(vm, directories, name):
    return vm.sh("cat " + " ".join("%s/%s" % (path, name) for path in directories)).split()


def mismatches(vm, name):
    """What EMD's check counts."""
    vm.emdctl("scrub " + name)
    vm.wait("the check", lambda: vm.array(name)["sync"]["action"] == "idle", 90)
    return int(vm.sh("cat /sys/block/%s/emd/mismatch_cnt" % vm.array(name)["dev"]))


def ddf_create(vm, name, level, disks, options="--init none"):
    """An array on bare disks by EMD; its device."""
    vm.emdctl("--yes create --format ddf --level %s --name %s %s %s" % (level, name, options, vm.devs(disks)))
    return started(vm, name)[0]
