"""Tables of the page on attacks, made as those of `result_tables` are."""

from pathlib import Path

import numpy as np
from result_files import RESULTS, by_sigma, lead, percent, read, table

from evaluation.verdicts import ahead_by
from igc_tf.metrics import format_proportion

# those of the page, in their order
THREATS = ("l2:1.5", "linf:0.1", "linf:0.3", "l0:12")
# "Towards the first adversarially robust neural network model on MNIST" (Schott et al. 2019), table
# 1: what is left of the accuracy in the worst case over all its attacks
_PUBLISHED_AT = ("l2:1.5", "linf:0.3", "l0:12")
_PUBLISHED = {
    "ABS": (0.80, 0.08, 0.69),
    "Binary ABS": (0.39, 0.77, 0.77),
    "Madry's network": (0.35, 0.87, 0.0),
    "nearest neighbour": (0.53, 0.22, 0.34),
    "CNN": (0.08, 0.0, 0.19),
}


def results():
    """{name: result} of the program within the threats of the page; not the curves over others."""
    names = sorted(path.parent.name for path in RESULTS.glob("attacks/results/*/result.json"))
    found = {name: read(f"attacks/{name}") for name in names}
    return {
        name: result
        for name, result in found.items()
        if set(result["options"]["threats"]) <= set(THREATS)
    }


def _named(victim, result):
    """A victim's name; the library's by its generator, too."""
    if not victim.startswith("library"):
        return victim
    return f"`{Path(result['options']['generator']).name}`, {victim.partition(', ')[2]}"


def cheap_survivors():
    """What is left of each victim's accuracy by the cheap attacks, over all images."""
    return _by_victim(
        lambda row: {
            "images": row["cheap"]["count"],
            "nobody attacks": format_proportion(row["clean"]),
            row["threat"]: format_proportion(row["cheap"]),
        }
    )


def dear_survivors():
    """What the cheap and the dear attacks leave of the first images, those of the dear ones."""
    return _by_victim(
        lambda row: {
            "images": row["dear"]["count"],
            row["threat"]: format_proportion(row["dear"]),
        }
    )


def whole_survivors():
    """How many images are left before the whole protocol and after it."""

    def said(row):
        if row["whole"] is None:
            return {}
        before, after = row["before_whole"], row["whole"]
        return {
            "images": after["count"],
            row["threat"]: f"{before['correct']} → {after['correct']}",
        }

    return _by_victim(said)


def survivors(result, victim, threat, tier):
    """Which of a tier's images a victim reads rightly after its attacks, bool (N,)."""
    rows = [row for row in result["rows"] if row["victim"] == victim]
    (said,) = (
        row for row in result["summary"] if (row["victim"], row["threat"]) == (victim, threat)
    )
    norm, size = threat.split(":")
    lost = set(said["wrong"])
    for row in rows:
        of, least = row["threat"].split(":")
        # what breaks an image breaks it within a larger threat, too
        if of == norm and float(least) <= float(size) and row["tier"] in ("cheap", tier):
            lost.update(row["broken"])
    return np.array([place not in lost for place in range(said[tier]["count"])])


def leads():
    """By how much the generator that withstands is ahead of networks trained to, image by image."""
    networks = read("attacks/adversarial-networks")
    of_library = {
        threat: read(f"attacks/adversarial-generator-{name}")
        for name, threats in (("l2-linf-0.1", THREATS[:2]), ("linf-0.3-l0", THREATS[2:]))
        for threat in threats
    }
    lines = []
    for network in networks["options"]["networks"]:
        for tier in ("cheap", "dear"):
            cells = []
            for threat in THREATS:
                ours = survivors(of_library[threat], "library, fast", threat, tier)
                theirs = survivors(networks, network, threat, tier)
                cells.append(lead(ahead_by(ours, theirs), 1))
            lines.append([f"`{network}`", tier, len(ours), *cells])
    return table(["ahead of", "tier", "images", *THREATS], lines)


def strongest():
    """The cheap attack that broke most images."""
    return _by_victim(lambda row: {row["threat"]: row["strongest"] or "none"})


def _by_victim(cells):
    """Victims down; across what `cells` says, {head: cell}, of the rows of the summaries."""
    found = {}
    for result in results().values():
        for row in result["summary"]:
            of = cells(row)
            if of:
                found.setdefault(_named(row["victim"], result), {}).update(of)
    heads = list(dict.fromkeys(head for of in found.values() for head in of))
    heads = [head for head in heads if head not in THREATS] + list(THREATS)
    # the library's first
    names = sorted(found, key=lambda name: not name.startswith("`"))
    lines = [[name, *(str(found[name].get(head, "–")) for head in heads)] for name in names]
    return table(["", *heads], lines)


def price():
    """What all test digits are read as by the generator that was trained to withstand attacks."""
    return by_sigma(
        {
            "`mnist-cagan-compact`, fast": "fast-all",
            "`withstands`, fast": "withstands-all",
            "`mnist-cagan-adversarial`, fast": "adversarial-all",
        }
    )


def attacks():
    """How many images each attack of the library broke, of those that it was tried on."""
    found = {}
    for result in results().values():
        for row in result["rows"]:
            if row["victim"].startswith("library"):
                cell = f"{len(row['broken'])} of {row['tried']}"
                victim = _named(row["victim"], result)
                found.setdefault((victim, row["attack"]), {})[row["threat"]] = cell
    lines = [
        [victim, attack, *(cells.get(threat, "–") for threat in THREATS)]
        for (victim, attack), cells in found.items()
    ]
    return table(["", "attack", *THREATS], lines)


def published():
    """The same of others, as published."""
    lines = [[name, *(percent(share, 0) for share in of)] for name, of in _PUBLISHED.items()]
    return table(["", *_PUBLISHED_AT], lines)


TABLES = {
    "attacks": attacks,
    "attacks-cheap-survivors": cheap_survivors,
    "attacks-dear-survivors": dear_survivors,
    "attacks-leads": leads,
    "attacks-price": price,
    "attacks-published": published,
    "attacks-strongest": strongest,
    "attacks-whole-survivors": whole_survivors,
}
