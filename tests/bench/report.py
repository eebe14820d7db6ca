# SPDX-License-Identifier: GPL-2.0
"""From samples to rows, and from rows to a table. Speeds are in MiB/s."""

import statistics

import plan

VERDICTS = ("hit", "close", "miss")


def summary(runs):
    """What one side did in one row: medians, and half the distance of the quartiles."""
    result = {key: statistics.median(run[key] for run in runs.values())
              for key in ("mib_s", "clock_mib_s", "cpu_s_gib")}
    result["runs"] = len(runs)
    result["spread"] = spread([run["mib_s"] for run in runs.values()])
    return result


def spread(values):
    if len(values) < 2:
        return 0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2


def compare(ours, theirs):
    """
    Ratio of speeds, and how far to trust it.

    Runs that took turns are compared with each other, so that what changes
    slowly on the host is in both; between the halves the disks have changed
    places. The median of those ratios, and half the distance of the quartiles.
    """
    ratios = [run["mib_s"] / theirs[when]["mib_s"] for when, run in ours.items()
              if when in theirs] or \
             [run["mib_s"] / other["mib_s"] for run in ours.values() for other in theirs.values()]
    return {"ratio": statistics.median(ratios), "spread": spread(ratios)}


def verdict(against, target):
    """Of all that is asked for, the worst: close is what the spread could explain."""
    worst = 0
    for who, factor in target.items():
        found = against.get(who)
        if not found:
            return ""
        worst = max(worst, 0 if found["ratio"] >= factor else
                    1 if found["ratio"] + found["spread"] >= factor else 2)
    return VERDICTS[worst] if target else ""


def cells(samples, marks):
    """(level, members, missing), work -> side -> (half, turn) -> a run."""
    for sample in samples:
        sample["cpu"] = marks[sample["marks"][1]] - marks[sample["marks"][0]]
    nothing = [sample["cpu"] for sample in samples if sample["work"] == "nothing"]
    nothing = statistics.median(nothing) if nothing else 0
    found = {}
    for sample in samples:
        if sample["work"] == "nothing":
            continue
        cpu = max(sample["cpu"] - (nothing if sample["fio"] else 0), 1e-4)
        array = sample["level"], sample["members"], sample["missing"]
        found.setdefault((array, sample["work"]), {}).setdefault(sample["who"], {})[
            sample["half"], sample["turn"]] = {
                "mib_s": sample["mib"] / (cpu if sample["fio"] else sample["seconds"]),
                "clock_mib_s": sample["mib"] / sample["seconds"],
                "cpu_s_gib": cpu / sample["mib"] * 1024}
    return found


def rows(samples, marks):
    """One dict a row: an array, a work, and how EMD does it beside the others."""
    result, found = [], cells(samples, marks)
    for (array, work), runs in found.items():
        level, members, missing = array
        if level.startswith("disk"):
            continue
        sides = {who: summary(run) for who, run in runs.items()}
        disk = "disk-" + level if "void" in plan.LEVELS[level] else "disk"
        raw = found.get(((disk, 1, 0), work))
        if raw:
            sides["raw"] = summary(raw["raw"])
        for who, others in ("emd", ("md", "tuned")), ("zero_copy", ("skip_copy",)):
            if who not in runs and (who != "emd" or "zero_copy" in runs):
                continue
            against = {other: compare(runs[who], runs[other]) for other in others
                       if other in runs and who in runs}
            own = found.get(((level, members, 0), work), {}).get("emd")
            if missing and own and who in runs:
                against["own"] = compare(runs[who], own)
            curve = members != plan.LEVELS[level]["members"] or \
                "parity" in plan.LEVELS[level] and " qd" in work and \
                not work.endswith(" qd%d" % plan.DEPTH)
            target = {} if curve else plan.target(level, missing, work, who)
            result.append({"level": level, "members": members, "missing": missing, "work": work,
                           "curve": curve, "who": who, "sides": sides, "against": against,
                           "target": target, "verdict": verdict(against, target)})
    return result


def memory(result):
    """EMD's memory is not to be above what md has for its stripe cache, tuned."""
    found = []
    for level, sides in result["memory"].items():
        most = max(settings["stripe_cache_size"] for settings in result["tuned"][level].values())
        cache = most * plan.LEVELS[level]["members"] * 4 / 1024
        found.append({"level": level, "stripe_cache_size": most, "stripe_cache_mib": cache, **sides,
                      "verdict": "hit" if sides["emd"] <= cache else "miss"})
    return found


HEAD = """\
EMD beside md beside the raw disk, in MiB/s. Linux {kernel}, User-Mode Linux, one CPU; ramdisks
of {disk_mib} MiB, all of their memory allocated before; strips of 64K. Medians of {repeat} runs (curves: {few})
on each of two sets of disks: the sides take turns, then change places.

Users' I/O: fio, libaio, O_DIRECT, batches of half the queue depth; MiB of the array. A second is one
of the CPU, of the whole of User-Mode Linux: what others' work on the host takes from us does not
count (we had {share:.0%} of a CPU). Ramdisks take no time of their own, so on an idle host that is the clock's.
Background work: MiB of each member, by the clock, since it may wait. Resync: all parity or second
copies are wrong and get written; check: all is right.
md: metadata 1.2, no bitmap, no journal; its defaults (stripe_cache_size 256, group_thread_cnt 0),
and "tuned": what measured best of all in {candidates}, for
each kind of work; background work also with the least and greatest speed raised to 10 GiB/s. EMD has
nothing to tune. "zero copy" is EMD with zero_copy beside md tuned and with skip_copy: neither copies
what users write. raw: one disk. -void: on members that keep metadata only, where data is zeroes when
read: they take no time and no memory bandwidth, as little as disks with DMA, and what is left is what
the drivers take.
Ratios: medians of runs side by side, and half the distance of the quartiles. Target: EMD against md /
tuned. hit; close: a miss by less than that spread; miss. CPU: seconds for a GiB; md's is the tuned one's.
"""
LINE = "%-10s %-35s %6s %6s %6s %6s  %-12s %-12s %-6s %-6s %6s %6s %6s"


def number(value):
    return "" if value is None else "%.0f" % value if value >= 100 else "%.1f" % value


def ratio(compared):
    return "%.2f +-%.2f" % (compared["ratio"], compared["spread"]) if compared else ""


def line(row, curve=False):
    """A line of the table; points of a @curve say what they are points of, and have no target."""
    sides, against, target = row["sides"], row["against"], {} if curve else row["target"]
    safe = row["who"] == "emd"
    tuned = "tuned" if safe else "skip_copy"
    strongest = tuned if tuned in sides else "md"

    def cell(who, what="mib_s"):
        return sides[who][what] if who in sides else None

    def cost(who):
        return "%.3f" % cell(who, "cpu_s_gib") if who in sides else ""

    what = row["work"] if curve else row["work"].replace(" qd%d" % plan.DEPTH, "")
    if curve:
        what += ", %d members" % row["members"]
    if row["missing"]:
        what += ", %d missing" % row["missing"]
    what += "" if safe else ", zero copy"
    wanted = " / ".join("%g" % target[who] for who in ("md", tuned) if who in target)
    if "own" in target:
        what, wanted = what + ", / optimal", "%g" % target["own"]
    return (LINE % (row["level"], what, number(cell("raw")), number(cell("md") if safe else None),
                    number(cell(tuned)), number(cell(row["who"])),
                    ratio(against.get("own" if "own" in target else "md")),
                    ratio(against.get(tuned)) if "own" not in target else "",
                    wanted, "" if curve else row["verdict"], cost("raw"), cost(strongest), cost(row["who"]))).rstrip()


def cpus_lines(cpus):
    if not cpus:
        return []
    lines = ["", "One against two CPUs: raid5 of 4 ramdisks in emulated machines, Linux %s, MiB/s by the clock;"
             % cpus["kernel"],
             "two jobs of fio; md with group_thread_cnt 2. CPUs: of the host, that the machine had meanwhile.",
             "%-20s %-5s %8s %8s  %-12s %-6s %-7s %s" % ("", "", "1 CPU", "2 CPUs", "2 / 1", "target",
                                                     "", "CPUs had")]
    for row in cpus["rows"]:
        lines.append("%-20s %-5s %8s %8s  %-12s %-6s %-7s %.2f %.2f" % (
            row["work"], row["who"], number(row["mib_s"][0]), number(row["mib_s"][1]), ratio(row["ratio"]),
            "> 1" if row["verdict"] else "", row["verdict"], row["had"][0], row["had"][1]))
    return lines


def over_depth(rows):
    """What was measured at more than one queue depth, in the order of these."""
    points = {}
    for row in rows:
        if "parity" in plan.LEVELS[row["level"]] and row["who"] == "emd" and not row["missing"] and \
                row["members"] == plan.LEVELS[row["level"]]["members"] and " qd" in row["work"]:
            work, depth = row["work"].rsplit(" qd", 1)
            points.setdefault((row["level"], work), {})[int(depth)] = row
    return [of_one[depth] for of_one in points.values() if len(of_one) > 1 for depth in sorted(of_one)]


def over_width(rows):
    """The same for more than one number of members."""
    points = {}
    for row in rows:
        if row["who"] == "emd" and not row["missing"]:
            points.setdefault((row["level"], row["work"]), {})[row["members"]] = row
    return [of_one[members] for of_one in points.values() if len(of_one) > 1
            for members in sorted(of_one)]


def intro(result):
    names = {who: " or ".join(str(size) for size in sorted({c[who] for c in plan.CANDIDATES}))
             for who in ("stripe_cache_size", "group_thread_cnt")}
    candidates = "; ".join("%s %s" % item for item in names.items())
    lines = HEAD.format(few=(result["repeat"] + 1) // 2, candidates=candidates, **result).splitlines()
    return lines + ["md tuned, %s: %s" % (level, "; ".join(
        "%s %d, %d" % (kind, settings["stripe_cache_size"], settings["group_thread_cnt"])
        for kind, settings in tuned.items())) for level, tuned in result["tuned"].items()]


def table(result):
    lines = intro(result) if result["rows"] else []
    head = [LINE % ("", "", "raw", "", "md", "", "EMD/", "EMD/", "", "", "raw", "md", "EMD"),
            LINE % ("level", "work, queue depth %d" % plan.DEPTH, "disk", "md", "tuned", "EMD", "md",
                    "tuned", "target", "", "CPU", "CPU", "CPU")]
    last = None
    for row in sorted((row for row in result["rows"] if not row["curve"]),
                      key=lambda row: list(plan.LEVELS).index(row["level"])):
        lines += [""] + head if row["level"] != last else []
        last = row["level"]
        lines.append(line(row))
    for title, chosen in (("Queue depths", over_depth(result["rows"])),
                          ("Members", over_width(result["rows"]))):
        lines += ["", title, *head] if chosen else []
        lines += [line(row, curve=True) for row in chosen]
    if result["memory_rows"]:
        lines += ["", "Memory of an array, MiB, after writes at queue depth %d, beyond what they take on a disk. Target: EMD not above md's stripe cache."
                  % max(plan.DEPTHS),
                  "%-6s %8s %8s %8s  %s" % ("level", "md", "tuned", "EMD", "")]
        for row in result["memory_rows"]:
            lines.append("%-6s %8.0f %8.0f %8.0f  %s: stripe_cache_size %d is %.0f MiB" % (
                row["level"], row["md"], row["tuned"], row["emd"], row["verdict"],
                row["stripe_cache_size"], row["stripe_cache_mib"]))
    lines += cpus_lines(result["cpus"])

    judged = [row["verdict"] for row in result["rows"] + result["memory_rows"] +
              (result["cpus"] or {"rows": []})["rows"] if row["verdict"]]
    lines += ["", "%d rows with a target: %s" % (len(judged), ", ".join(
        "%d %s" % (judged.count(verdict), verdict) for verdict in VERDICTS))]
    lines += ["%s: %s" % (verdict, line(row)[:42].strip()) for verdict in VERDICTS[1:]
              for row in result["rows"] if row["verdict"] == verdict]
    for name, why in result["left_out"].items():
        lines.append("left out: %s (%s)" % (name, why))
    return "\n".join(lines)
