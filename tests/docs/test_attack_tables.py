"""The attacks' tables hold what their result files hold."""

from pathlib import Path

import attack_tables
import pytest
import result_files

from evaluation.attacks.attacks import TIERS
from igc_tf.metrics import format_proportion, proportion
from tests.docs.pages import ROOT, cells

# earlier runs did not name the tiers, of which they had two; in them these were the dear ones
_DEAR = {"DeepFool", "HopSkipJump", "Square", "fast minimum norm", "pointwise"}


def _tier(row):
    is_dear = row["attack"] in _DEAR or row["attack"].endswith("unrolled")
    return row.get("tier", "dear" if is_dear else "cheap")


def _places(rows):
    return [place for row in rows for place in row["broken"]]


def _cell(table, head, victim, threat):
    """How many images a victim's row names, and what it says of a threat, after `head` cells."""
    (row,) = (row for row in cells(getattr(attack_tables, table)()) if row[0] == victim)
    return row[1], row[head + attack_tables.THREATS.index(threat)]


@pytest.mark.parametrize("name", sorted(attack_tables.results()))
def test_a_tiers_survivors_are_those_of_the_images_that_all_its_attacks_may_try(name):
    result = attack_tables.results()[name]
    options = result["options"]
    own = f"`{Path(options['generator']).name}`"
    for said in result["summary"]:
        victim, threat = said["victim"].replace("library", own), said["threat"]
        norm, size = threat.split(":")
        within = {tier: [] for tier in TIERS}
        for row in result["rows"]:
            of, least = row["threat"].split(":")
            # what breaks within a threat breaks within a larger one
            if (row["victim"], of) == (said["victim"], norm) and float(least) <= float(size):
                within[_tier(row)].append(row)
        here = {tier: [row for row in within[tier] if row["threat"] == threat] for tier in TIERS}
        images, clean = options["images"], said["clean"]["correct"]
        assert {row["tried"] for row in here["cheap"]} == {clean}
        left = clean - len(set(_places(within["cheap"])))
        expected = format_proportion(proportion(left, images))
        assert _cell("cheap_survivors", 3, victim, threat) == (str(images), expected)
        # dear and whole attacks try what is left, so that each image falls once
        count = options["dear_images"]
        assert max(_places(here["dear"]), default=0) < count
        left = here["dear"][0]["tried"] - len(_places(here["dear"]))
        expected = format_proportion(proportion(left, count))
        assert _cell("dear_survivors", 2, victim, threat) == (str(count), expected)
        broke = {row["attack"]: len(row["broken"]) for row in here["cheap"]}
        assert broke[_cell("strongest", 1, victim, threat)[1]] == max(broke.values())
        if here["whole"]:
            before = here["whole"][0]["tried"]
            left = before - len(_places(here["whole"]))
            expected = str(options["whole_images"]), f"{before} → {left}"
            assert _cell("whole_survivors", 2, victim, threat) == expected
        else:
            assert said["whole"] is None


def test_what_the_cheap_attacks_leave_of_all_images_is_not_mixed_with_what_the_dear_ones_try():
    # counted by hand: of 983 read rightly the cheap ones break 200, all among 1,000; of the 153 of
    # the first 200 that they leave, blocks break 77, the fast minimum norm 1, and pointwise 63
    found = {
        table: _cell(f"{table}_survivors", head, "mnist-lenet-adversarial", "l0:12")[1]
        for table, head in (("cheap", 3), ("dear", 2), ("whole", 2))
    }
    page = (ROOT / "docs/attacks.md").read_text(encoding="utf-8")
    for tier, share in (("cheap", "78.3 %"), ("dear", "6.0 %")):
        assert found[tier].startswith(f"{share} (") and share in page
    assert found["whole"] == "3 → 1"


@pytest.mark.parametrize("tier", ["cheap", "dear"])
def test_who_survives_a_tier_are_as_many_as_the_program_counted(tier):
    for name in ("adversarial-generator-linf-0.3-l0", "adversarial-networks"):
        result = attack_tables.results()[name]
        for said in result["summary"]:
            kept = attack_tables.survivors(result, said["victim"], said["threat"], tier)
            assert (kept.sum(), len(kept)) == (said[tier]["correct"], said[tier]["count"])


def test_a_lead_is_of_the_same_images():
    # counted by hand: of 200 images 18 survive only with the library and 7 only with the network;
    # the ends are where a likelihood maximised by brute force gives Tango's score as 1.96
    rows = {tuple(row[:3]): row[3:] for row in cells(attack_tables.leads())}
    of = rows["`mnist-lenet-adversarial-fair`", "dear", "200"]
    assert of[attack_tables.THREATS.index("linf:0.3")] == "+5.5 (+0.6 to +10.8)"


def test_no_attack_is_named_where_none_broke_an_image(monkeypatch):
    summary = [{"victim": "cnn", "threat": "l2:1.5", "strongest": None}]
    monkeypatch.setattr(attack_tables, "results", lambda: {"one": {"summary": summary}})
    assert cells(attack_tables.strongest()) == [["cnn", "none", "–", "–", "–"]]


def test_the_library_comes_before_all_others():
    names = [row[0] for row in cells(attack_tables.dear_survivors())]
    assert {"`mnist-cagan-compact`, fast", "mnist-lenet", "nearest neighbour"} < set(names)
    are_own = [name.startswith("`") for name in names]
    assert are_own == sorted(are_own, reverse=True)


def test_each_attack_says_of_how_many_it_broke_how_many():
    name = "`mnist-cagan-compact`, fast"
    rows = {row[1]: row[2:] for row in cells(attack_tables.attacks()) if row[0] == name}
    for one in result_files.read("attacks/compact")["rows"]:
        if one["victim"] == "library, fast":
            assert f"{len(one['broken'])} of {one['tried']}" in rows[one["attack"]]
    assert rows["HopSkipJump"][3] == "–"


def test_the_plain_network_falls_as_it_has_to():
    # else the attacks are not strong enough to be reported
    rows = cells(attack_tables.dear_survivors())
    (lenet,) = (row for row in rows if row[0] == "mnist-lenet")
    place = attack_tables.THREATS.index("linf:0.3")
    assert float(lenet[2 + place].split(" ")[0]) < 5
    assert len(cells(attack_tables.published())) == 5
