"""The attacks' tables hold what their result files hold."""

import attack_tables
import result_files

from tests.docs.pages import cells


def test_the_worst_case_is_over_all_attacks():
    rows = cells(attack_tables.survivors())
    result = result_files.read("attacks/fast")
    assert rows[-1][0] == "mnist-lenet-adversarial"
    names = {row[0] for row in rows}
    assert {"`mnist-cagan-compact`, fast", "mnist-lenet"} < names
    rows = {(row[0], row[1]): row for row in rows}
    for said in result["summary"]:
        victim = said["victim"].replace("library", "`mnist-cagan-compact`")
        row = rows[victim, said["threat"]]
        broken = {
            place
            for one in result["rows"]
            if (one["victim"], one["threat"]) == (said["victim"], said["threat"])
            for place in one["broken"]
        }
        left = said["clean"]["correct"] - len(broken)
        assert row[3].startswith(f"{left / 2:.2f} %") and said["worst"]["count"] == 200


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
    (lenet,) = (row for row in rows if row[:2] == ["mnist-lenet", "linf:0.3"])
    assert float(lenet[3].split(" ")[0]) < 5
    assert len(cells(attack_tables.published())) == 5
