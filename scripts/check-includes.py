#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Hold the driver's files to their layers: who may include whom.

Prints each include that crosses a border; ends with 1 when there is one.
"""

import os
import re
import sys

DRIVER = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../drivers/emd"))
SHIM = os.path.normpath(os.path.join(DRIVER, "../../tools/emdctl/shim"))

# A file is in the first layer whose pattern it matches.
LAYERS = [
    ("format", r"meta/(asr|imsm|ddf)\w*\.[ch]"),
    ("pure", r"(meta/.*|geometry\.[ch]|errmsg\.h)"),
    ("notes", r"(trace|log)\.[ch]"),
    ("contract", r"(emd|core/range_lock)\.h"),
    ("core", r"(core/.*|main\.c)"),
    ("engine", r"engine/.*"),
    ("edge", r"edge/.*"),
]

# What a layer may include. "family": files that share the first word of the name.
MAY = {
    "format": {"pure", "family"},
    "pure": {"pure"},
    "notes": {"notes", "contract"},
    "contract": {"contract", "pure"},
    "core": {"core", "contract", "notes", "pure"},
    "engine": {"contract", "notes", "pure", "family"},
    "edge": {"contract", "notes", "pure", "family"},
}

# Borders that are crossed on purpose.
EXCEPTIONS = {
    ("meta/registry.c", "format"),  # the one table that names the formats
}

# Pure files build in user space too: these headers the system has there, the rest the shim.
SYSTEM_HEADERS = {"linux/errno.h", "linux/stddef.h", "linux/types.h", "uapi/linux/emd.h"}


def layer(path):
    name = next((name for name, pattern in LAYERS if re.fullmatch(pattern, path)), None)
    if not name:
        sys.exit("drivers/emd/%s is in no layer: scripts/check-includes.py" % path)
    return name


def family(path):
    return re.match(r"[a-z0-9]+", os.path.basename(path)).group()


def allowed(path, other):
    mine, theirs = layer(path), layer(other)
    return (theirs in MAY[mine] or (path, theirs) in EXCEPTIONS or
            mine == theirs and "family" in MAY[mine] and family(path) == family(other))


def complaints(path):
    where = os.path.dirname(os.path.join(DRIVER, path))
    pure = layer(path) in ("pure", "format")
    with open(os.path.join(DRIVER, path)) as source:
        for number, line in enumerate(source, 1):
            found = re.match(r'#\s*include\s*([<"])([^>"]+)', line)
            if not found:
                continue
            kind, name = found.groups()
            if kind == '"':
                other = os.path.relpath(os.path.normpath(os.path.join(where, name)), DRIVER)
                if not allowed(path, other):
                    yield number, "%s code includes %s (%s)" % (layer(path), other, layer(other))
            elif pure and name not in SYSTEM_HEADERS and not os.path.exists(os.path.join(SHIM, name)):
                yield number, "pure code includes <%s>, which tools/emdctl/shim does not have" % name


def main():
    bad = 0
    for where, _, names in sorted(os.walk(DRIVER)):
        for name in sorted(names):
            if re.search(r"(?<!\.mod)\.[ch]$", name):
                path = os.path.relpath(os.path.join(where, name), DRIVER)
                for number, text in complaints(path):
                    print("drivers/emd/%s:%d: %s" % (path, number, text))
                    bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
