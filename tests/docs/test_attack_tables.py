"""The attacks' tables hold what their result files hold."""

import attack_tables
import result_files

from tests.docs.pages import cells


def test_the_worst_case_is_over_all_attacks():
    rows = cells(attack_tables.survivors())
    result = result_files.read("attacks/fast")
    names = [row[0] for row in rows]
    assert {"`mnist-cagan-compact`, fast", "mnist-lenet", "nearest neighbour"} < set(names)
    # the library's before all others
    are_own = [name.startswith("`") for name in names]
    assert are_own == sorted(are_own, reverse=True)
    threats = result["options"]["threats"]
    for said in result["summary"]:
        victim = said["victim"].replace("library", "`mnist-cagan-compact`")
        row = rows[names.index(victim)]
        broken = {
            place
            for one in result["rows"]
            if (one["victim"], one["threat"]) == (said["victim"], said["threat"])
            for place in one["broken"]
        }
        left, few = said["clean"]["correct"] - len(broken), said["worst_of_dear"]
        assert row[1] == "200" and said["worst"]["count"] == 200
        place = threats.index(said["threat"])
        assert row[3 + place].startswith(f"{left / 2:.1f} % (")
        dear = cells(attack_tables.dear_survivors())[names.index(victim)]
        assert dear[1] == "50" and dear[2 + place].startswith(f"{2 * few['correct']:.1f} % (")
        strongest = cells(attack_tables.strongest())[names.index(victim)]
        assert strongest[1 + place] == said["strongest"]


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
    threats = result_files.read("attacks/fast")["options"]["threats"]
    assert float(lenet[3 + threats.index("linf:0.3")].split(" ")[0]) < 5
    assert len(cells(attack_tables.published())) == 5
