# SPDX-License-Identifier: GPL-2.0
"""The results as one picture: small SVG charts side by side, by hand, so that nothing is needed."""

import math
from xml.sax.saxutils import escape

import plan

# Side: what it is called, colour, dashes. EMD is solid, md is not.
SIDES = {
    "raw": ("one raw disk", "#999999", "2 3"),
    "md": ("md, defaults", "#f4a261", "7 3"),
    "tuned": ("md, tuned", "#c1440e", "7 3"),
    "skip_copy": ("md, tuned, skip_copy", "#8e3b8a", "7 3"),
    "emd": ("EMD", "#1b7837", ""),
    "zero_copy": ("EMD, zero_copy", "#2166ac", ""),
}
TARGET = ("target", "#000000", "1 4")
WIDTH, HEIGHT, COLUMNS = 600, 330, 2
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 46, 48          # around the axes of a chart


def text(x, y, what, size=12, anchor="start", more=""):
    return '<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s" %s>%s</text>' % (
        x, y, size, anchor, more, escape(what))


def stroke(x1, y1, x2, y2, colour="#dddddd", dashes="", width=1):
    return '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%g" stroke-dasharray="%s"/>' % (
        x1, y1, x2, y2, colour, width, dashes)


class Axis:
    """Speeds, logarithmic: sides are told apart by factors, and a factor is as high everywhere."""

    def __init__(self, values):
        self.low = math.floor(math.log10(min(values)) * 3) / 3
        self.high = math.ceil(math.log10(max(values)) * 3 + 0.1) / 3

    def y(self, value):
        return HEIGHT - BOTTOM - (math.log10(value) - self.low) / (self.high - self.low) * \
            (HEIGHT - TOP - BOTTOM)

    def draw(self, unit):
        marks = []
        for power in range(math.floor(self.low), math.ceil(self.high) + 1):
            for digit in 1, 2, 5:
                value = digit * 10.0 ** power
                if self.low <= math.log10(value) <= self.high:
                    marks += [stroke(LEFT, self.y(value), WIDTH - RIGHT, self.y(value)),
                              text(LEFT - 6, self.y(value) + 4, "%g" % value, 11, "end")]
        middle = (TOP + HEIGHT - BOTTOM) / 2
        marks.append(text(16, middle, unit, 12, "middle", 'transform="rotate(-90 16 %.1f)"' % middle))
        return marks


def frame(title, axis, unit, bottom):
    return [text(LEFT, 24, title, 15, more='font-weight="bold"')] + axis.draw(unit) + [
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, bottom, 12, "middle"),
        stroke(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "#333333"),
        stroke(LEFT, TOP, LEFT, HEIGHT - BOTTOM, "#333333")]


def curves(title, bottom, points):
    """@points: (label, row) from left to right, from merged()."""
    lines = {}
    for place, (_, row) in enumerate(points):
        for who, side in row["sides"].items():
            lines.setdefault(who, []).append((place, side["mib_s"]))
        for who, speed in row["goals"].items():
            lines.setdefault("target" + who, []).append((place, speed))
    axis = Axis([value for line in lines.values() for _, value in line])
    parts = frame(title, axis, "MiB/s", bottom)

    def x(place):
        return LEFT + 24 + place * (WIDTH - LEFT - RIGHT - 48) / max(1, len(points) - 1)

    for place, (label, _) in enumerate(points):
        parts.append(text(x(place), HEIGHT - BOTTOM + 16, label, 11, "middle"))
    for who, line in lines.items():
        if len(line) == 1 < len(points):
            continue        # measured there only
        _, colour, dashes = SIDES.get(who, TARGET)
        if who.startswith("target"):
            colour = SIDES[who[len("target"):]][1]
        parts.append('<polyline fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s" points="%s"/>' % (
            colour, dashes, " ".join("%.1f,%.1f" % (x(place), axis.y(value)) for place, value in line)))
        if not who.startswith("target"):
            parts += ['<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (x(place), axis.y(value), colour)
                      for place, value in line]
    return parts


def bars(title, bottom, groups):
    """@groups: (label, row); a bar for each side, a mark at the target."""
    axis = Axis([side["mib_s"] * room for _, row in groups for side in row["sides"].values()
                 for room in (0.5, 1)] +
                [speed for _, row in groups for speed in row["goals"].values()])
    parts = frame(title, axis, "MiB/s", bottom)
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    for place, (label, row) in enumerate(groups):
        sides = [who for who in SIDES if who in row["sides"]]
        start, width = LEFT + (place + 0.1) * room, 0.8 * room / len(sides)
        for index, who in enumerate(sides):
            y = axis.y(row["sides"][who]["mib_s"])
            parts.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (
                start + index * width, y, width - 1, HEIGHT - BOTTOM - y, SIDES[who][1]))
        parts += [stroke(start, axis.y(speed), start + 0.8 * room, axis.y(speed), "#000000", "3 3", 2)
                  for speed in row["goals"].values()]
        parts += [text(start + 0.4 * room, HEIGHT - BOTTOM + 15 + 13 * number, words, 11, "middle")
                  for number, words in enumerate(label.split("\n"))]
    return parts


def merged(rows):
    """
    What is known of an array and a work: the sides' speeds, and the goals, which are
    the speeds that EMD and EMD with zero_copy would need for all that is asked of them.
    """
    found = {}
    for row in rows:
        key = row["level"], row["members"], row["missing"], row["work"]
        one = found.setdefault(key, {"sides": row["sides"], "goals": {}})
        needed = [factor * row["sides"][who]["mib_s"] for who, factor in row["target"].items()
                  if who in row["sides"]]
        if needed:
            one["goals"][row["who"]] = max(needed)
    return found


def charts(rows):
    """Each chart that there is something for."""
    found = merged(rows)

    def first(level, work, members=None, missing=0):
        return found.get((level, members or plan.LEVELS[level]["members"], missing, work))

    def chart(draw, title, bottom, labels):
        there = [(label, row) for label, row in labels if row]
        if there:
            made.append(draw(title, bottom, there))

    made = []
    queue = " qd%d" % plan.DEPTH
    for level, row in plan.LEVELS.items():
        if "parity" in row:
            chart(curves, "%s of %d: sequential write" % (level, row["members"]), "bytes a request",
                  [(block, first(level, "write " + block + queue))
                   for block in ("64k", "128k", "256k", "512k", "1M")])
    for work, what in ("write 256k", "sequential write of 256k"), ("randwrite 4k", "random write of 4k"):
        chart(curves, "raid5 of 5: " + what, "queue depth",
              [(str(depth), first("raid5", "%s qd%d" % (work, depth))) for depth in plan.DEPTHS])
    for work, what in ("write 1M", "sequential write of 1M"), ("randwrite 4k", "random write of 4k"):
        chart(curves, "raid5: " + what, "members",
              [(str(width), first("raid5", work + queue, width)) for width in plan.WIDTHS_FULL])
    chart(bars, "Sequential read of 1M, degraded", "",
          [("%s, %d missing" % (level, missing), first(level, "read 1M" + queue, missing=missing))
           for level, missing in (("raid5", 1), ("raid6", 1), ("raid6", 2))])
    chart(bars, "Background work, of each member", "",
          [("%s\n%s" % (level, work), first(level, work)) for level in ("raid5", "raid6") for work in plan.SYNCS])
    chart(bars, "Parity: optimal read, random I/O", "",
          [("%s\n%s" % (level, work), first(level, work + queue)) for level in ("raid5", "raid6")
           for work in ("read 1M", "randread 4k", "randwrite 4k")])
    chart(bars, "No parity", "",
          [("%s\n%s" % (level, work.replace(" ", "\n")), first(level, work + queue))
           for level in ("raid0", "raid1", "raid10") for work in ("read 1M", "write 1M", "randwrite 4k")])
    return made


def svg(result):
    made = charts(result["rows"])
    rows_of = -(-len(made) // COLUMNS)
    high = 96 + rows_of * HEIGHT
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif">' %
             (COLUMNS * WIDTH, high), '<rect width="100%" height="100%" fill="white"/>',
             text(20, 30, "EMD beside md beside a raw disk: MiB/s, one CPU, ramdisks (logarithmic)", 20)]
    x = 20
    for name, colour, dashes in [*SIDES.values(), ("target, in EMD's colour or black", *TARGET[1:])]:
        parts += [stroke(x, 58, x + 34, 58, colour, dashes, 4), text(x + 40, 62, name, 13)]
        x += 60 + 8 * len(name)
    for place, chart in enumerate(made):
        parts.append('<g transform="translate(%d %d)">' % (place % COLUMNS * WIDTH, 80 + place // COLUMNS * HEIGHT))
        parts += chart + ["</g>"]
    return "\n".join(parts + ["</svg>"]) + "\n"
