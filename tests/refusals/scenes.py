# SPDX-License-Identifier: GPL-2.0
"""What is done while a disk refuses its metadata: a table. To add a scene, write its words and a row.

In the beginning of each scene four disks carry the arrays "one" and, but for ASR, "two"; a fifth is their
spare and a sixth is bare; nothing has been written since the arrays were started.
"""


class Scene:
    """A row.

    act      of a command: its words; of an event: function of the ground, returns when it is over
    prepare  function of the ground, or commands that come before
    ends     there is no array that runs when it is over
    loses    a disk that is lost in the course of it
    """

    def __init__(self, name, act, prepare=(), ends=False, loses=None):
        self.name = name
        self.act = act
        self.prepare = prepare
        self.ends = ends
        self.loses = loses

    @property
    def is_command(self):
        return isinstance(self.act, str)

    def lost(self, ground):
        return {ground.members[self.loses].serial} if self.loses is not None else set()


def dirty(ground):
    """A first write to each array."""
    ground.write()


def clean(ground):
    """Nobody writes any more: that is noticed after a while."""
    ground.vm.wait("clean", lambda: not any(array["dirty"] for array in ground.listed()), timeout=40)


def failure(ground):
    """A member fails, that is recorded, the spare is activated and filled, and that is recorded."""
    ground.emdctl("fail one %(third)s")
    ground.write()
    ground.settled()


def replace(ground):
    ground.emdctl("replace one %(third)s %(spare)s")
    ground.write()
    ground.settled()


def stop(ground):
    """The last word."""
    ground.emdctl("stop --all")


COMMANDS = (
    Scene("create on bare disks", "create --format %(fmt)s --level raid1 --size 2M --init none --name new %(spare)s %(bare)s",
          ["remove %(container)s %(spare)s", "erase %(spare)s"]),
    Scene("delete", "delete %(last)s"),
    Scene("rename", "rename %(last)s new"),
    Scene("add", "add %(container)s %(bare)s"),
    Scene("remove", "remove %(container)s %(spare)s"),
    Scene("erase", "erase %(spare)s", ["remove %(container)s %(spare)s"]),
    Scene("restore", "restore --force /tmp/saved", ["save %(container)s /tmp/saved", "stop --all"], ends=True),
)

# Where a disk may serve more than one array.
SECOND = (
    Scene("create", "create --level raid10 --size 2M --strip 16K --init none --name new %(container)s", ["delete two"]),
)

# Not every format has spares that are for some arrays only.
DEDICATED = (
    Scene("add for one array", "add --for one %(container)s %(bare)s"),
    Scene("say what a spare is for", "add --for %(last)s %(container)s %(spare)s"),
)

EVENTS = (
    Scene("dirty", dirty),
    Scene("clean", clean, dirty),
    Scene("failure", failure, loses=2),
    Scene("replace", replace, loses=2),
    Scene("stop", stop, dirty, ends=True),
)
