"""The attacks' tables hold what their result files hold."""

from pathlib import Path

import attack_tables
import pytest
import result_files

from tests.docs.pages import cells


def _broken(result, said, tiers):
    """Which images the attacks of some tiers break, within the threat or a smaller one."""
    norm, size = said["threat"].split(":")
    return {
        place
        for row in result["rows"]
        for of, within in [row["threat"].split(":")]
        if row["victim"] == said["victim"] and of == norm and float(within) <= float(size)
        # earlier runs had two tiers, and did not name them
        if row.get("tier", "dear") in tiers
        for place in row["broken"]
    }


@pytest.mark.parametrize("name", sorted(attack_tables.results()))
def test_the_worst_case_is_over_all_attacks(name):
    tables = {
        said: cells(getattr(attack_tables, said)())
        for said in ("survivors", "dear_survivors", "whole_survivors", "strongest")
    }
    result = attack_tables.results()[name]
    options = result["options"]
    own = f"`{Path(options['generator']).name}`"
    for said in result["summary"]:
        victim, threat = said["victim"].replace("library", own), said["threat"]
        rows = {
            of: next((row for row in table if row[0] == victim), None)
            for of, table in tables.items()
        }
        # in the columns that the page has
        place = attack_tables.THREATS.index(threat)
        clean, count = said["clean"]["correct"], said["clean"]["count"]
        everything = _broken(result, said, ("cheap", "dear", "whole"))
        assert rows["survivors"][1] == str(count) == str(options["images"])
        left = 100 * (clean - len(everything)) / count
        assert rows["survivors"][3 + place].startswith(f"{left:.1f} % (")
        before, dear = _broken(result, said, ("cheap", "dear")), options["dear_images"]
        assert rows["dear_survivors"][1] == str(dear)
        lost = len([n for n in before if n < dear])
        # what nobody attacks is not all read rightly, either
        most, least = (round(100 * (dear - lost - n) / dear, 1) for n in (0, count - clean))
        assert least <= float(rows["dear_survivors"][2 + place].split(" ")[0]) <= most
        assert rows["strongest"][1 + place] == said["strongest"]
        if "whole_images" in options:
            whole = options["whole_images"]
            assert rows["whole_survivors"][1] == str(whole)
            kept = [int(text) for text in rows["whole_survivors"][2 + place].split(" → ")]
            assert kept[0] - kept[1] == len([n for n in everything - before if n < whole])


def test_the_library_comes_before_all_others():
    names = [row[0] for row in cells(attack_tables.survivors())]
    assert {"`mnist-cagan-compact`, fast", "mnist-lenet", "nearest neighbour"} < set(names)
    are_own = [name.startswith("`") for name in names]
    assert are_own == sorted(are_own, reverse=True)


def test_each_attack_says_of_how_many_it_broke_how_many():
    name = "`mnist-cagan-compact`, fast"
    rows = {row[1]: row[2:] for row in cells(attack_tables.attacks()) if row[0] == name}
    for one in result_files.read("attacks/fast")["rows"]:
        if one["victim"] == "library, fast":
            assert f"{len(one['broken'])} of {one['tried']}" in rows[one["attack"]]
    assert rows["HopSkipJump"][3] == "–"


def test_the_plain_network_falls_as_it_has_to():
    # else the attacks are not strong enough to be reported
    rows = cells(attack_tables.survivors())
    (lenet,) = (row for row in rows if row[0] == "mnist-lenet")
    place = attack_tables.THREATS.index("linf:0.3")
    assert float(lenet[3 + place].split(" ")[0]) < 5
    assert len(cells(attack_tables.published())) == 5
