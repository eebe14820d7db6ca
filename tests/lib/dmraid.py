# SPDX-License-Identifier: GPL-2.0
"""dmraid's view of the disks, and its mappings. A kind is what it calls a format: asr, ddf1."""


def arrays(vm, kind):
    """What it finds: {name without the kind: {"type":, "size":, "stride":, "devs":}}, numbers as such."""
    result = {}
    for line in vm.sh("dmraid -s -f %s 2>/dev/null" % kind, status=None).splitlines():
        key, _, value = (word.strip() for word in line.partition(":"))
        if key == "name" and value.startswith(kind + "_"):
            result[value[len(kind) + 1:]] = here = {}
        elif result and value:
            here[key] = int(value) if value.isdigit() else value
    return result


def activate(vm, kind):
    """The mappings that dmraid makes: {name: table}. deactivate() undoes it."""
    vm.sh("modprobe -aq dm-mod dm-mirror")
    vm.sh("dmraid -ay -f %s -p 2>&1" % kind, status=None)
    tables = {}
    for line in vm.sh("dmsetup table").splitlines():
        if line.startswith(kind + "_") or line.startswith(".%s_" % kind):
            name, table = line.split(": ", 1)
            tables[name] = table
    return tables


def deactivate(vm, kind):
    vm.wait("dmraid to let go", lambda: vm.status("dmraid -an -f %s >/dev/null 2>&1; dmsetup remove_all;"
                                                  " ! dmsetup table | grep -q %s_" % (kind, kind))[0] == 0)


def minor(vm, disk):
    """As dm tables name a disk."""
    return vm.sh("cat /sys/block/%s/dev" % disk.dev.rsplit("/", 1)[1]).strip()


def shows(vm, table, level, disks, strip, size):
    """Does a table map these disks, from their first sector on, as this level?"""
    words = table.split()
    names = [minor(vm, disk) for disk in disks]
    assert int(words[1]) == size, table
    if level == "raid0":
        assert words[2:5] == ["striped", str(len(disks)), str(strip)], table
        assert words[5:] == [word for each in names for word in (each, "0")], table
    else:
        assert words[2] == "mirror" and [w for w in words if ":" in w] == names, table
