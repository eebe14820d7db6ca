# SPDX-License-Identifier: GPL-2.0
"""mdadm's view of a disk as a dictionary."""

import re


def parse(text):
    """Parse the output of mdadm --examine for IMSM.

    The result has the container's values by mdadm's own names ("Family",
    "Generation", "MPB Size"), "volumes" with one dictionary an array, and
    "disks" with one dictionary a line group ("Disk00 Serial" and so on).
    A value of the form "a <-- b" (a migration) stays as it is.
    """
    result = {"volumes": {}, "disks": []}
    here = result
    for line in text.splitlines():
        head = re.match(r"\[(.*)\]:\s*$", line)
        if head:
            here = result["volumes"].setdefault(head.group(1), {})
            continue
        key, separator, value = line.partition(" : ")
        key, value = key.strip(), value.strip()
        if not separator:
            continue
        disk = re.match(r"Disk(\d+) Serial", key)
        if disk:
            here = {"serial": value, "index": int(disk.group(1))}
            result["disks"].append(here)
        else:
            here[key] = value
    return result
