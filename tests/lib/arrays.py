# SPDX-License-Identifier: GPL-2.0
"""What scenarios about running arrays do again and again."""

import hashlib
import random

from .vm import Failed

MIB = 1 << 20


def create(vm, name, level, disks, options="--init none", fmt="imsm"):
    """An array on bare disks, at once in use; returns its device node."""
    vm.emdctl("--yes create --format %s --level %s --name %s %s %s"
              % (fmt, level, name, options, vm.devs(disks)))
    return device(vm, name)


def device(vm, name):
    """The device node of an array that runs."""
    vm.wait("array %s" % name, lambda: vm.array(name) and vm.array(name)["dev"])
    return "/dev/" + vm.array(name)["dev"]


def container(vm, name):
    """Name of the container that holds an array."""
    for each in vm.emdctl("list", json=True)["containers"]:
        if any(array["name"] == name for array in each["arrays"]):
            return each["name"]
    raise Failed("no container has an array %s" % name)


def view(listing, serials):
    """What `emdctl --json list` says of what lasts, disks by their own serials: {dev: serial}."""
    known = [(serials.get(disk["dev"], "missing"), disk["state"])
             for each in listing["containers"] for disk in each["disks"]]
    missing = sum(serial == "missing" for serial, _ in known)
    disks = {serial: state for serial, state in known if serial != "missing"}
    return {"arrays": {array["name"]: {
        "level": array["level"], "size": array["size_sectors"], "state": array["state"], "dirty": array["dirty"],
        "members": {m["slot"]: (serials.get(m["dev"]), m["state"]) for m in array["members"]},
    } for each in listing["containers"] for array in each["arrays"]},
            "disks": {**disks, "missing": missing} if missing else disks}


def make_file(vm, path, mib, seed=1):
    """A file of random data in the guest, the same for the same seed; returns its sha256."""
    data = random.Random(seed).randbytes(mib * MIB)
    vm.write_file(path, data)
    return hashlib.sha256(data).hexdigest()


def put(vm, path, dev, seek_mib=0):
    vm.sh("dd if=%s of=%s bs=256K seek=%d oflag=direct conv=fsync 2>&1" % (path, dev, seek_mib * 4))


def sha256(vm, dev, mib, skip_mib=0):
    """Checksum of what a device holds, past the page cache."""
    out = vm.sh("dd if=%s bs=256K skip=%d count=%d iflag=direct 2>/dev/null | sha256sum"
                % (dev, skip_mib * 4, mib * 4))
    return out.split()[0]


def state(vm, name):
    return vm.array(name)["state"]


def member(vm, name, disk):
    """The slot that a disk fills in an array, or None."""
    dev = disk.dev.rsplit("/", 1)[1]
    for each in vm.array(name)["members"]:
        if each["dev"] == dev:
            return each
    return None


def sysfs(vm, dev, attribute):
    return vm.sh("cat /sys/block/%s/emd/%s" % (dev.rsplit("/", 1)[1], attribute)).strip()


def set_sysfs(vm, dev, attribute, value):
    vm.sh("echo %s > /sys/block/%s/emd/%s" % (value, dev.rsplit("/", 1)[1], attribute))


def stop_all(vm):
    vm.emdctl("--yes stop --all")
