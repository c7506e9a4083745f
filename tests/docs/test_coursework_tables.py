"""The coursework's tables hold what its result files hold."""

import coursework_tables
import result_files


def _cells(table):
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")]
    assert rows[1] == ["---"] * len(rows[0]) and len({len(row) for row in rows}) == 1
    return rows[2:]


def test_scores_stand_beside_the_documents():
    rows = {row[0]: row for row in _cells(coursework_tables.coursework_scores())}
    result = result_files.read("coursework/scores")["rows"]
    assert [*rows] == [f"`{name}`" for name in dict.fromkeys(row["variant"] for row in result)]
    assert rows["`mnist`"][4] == "0.9846" and rows["`cgan-medium`"][4] == "0.715"
    of = [row["accuracy"] for row in result if row["variant"] == "cgan-medium"]
    assert rows["`cgan-medium`"][3].startswith(f"{sum(of) / len(of):.3f}")
    for row in result:
        if "reproduced" in row:
            said = rows[f"`{row['variant']}`"][2].endswith("(not reproduced)")
            assert said == (not row["reproduced"])


def test_sentences_have_their_verdicts():
    rows = _cells(coursework_tables.coursework_claims())
    claims = result_files.read("coursework/scores")["claims"]
    assert [row[1] for row in rows] == [claim["verdict"] for claim in claims]


def test_classifiers_are_those_of_the_last_epoch():
    rows = _cells(coursework_tables.coursework_classification())
    result = result_files.read("coursework/classification")["rows"]
    assert len(rows) == len({(row["variant"], row["seed"]) for row in result})
    assert len(_cells(coursework_tables.coursework_correlations())) == 12
    weights = result_files.read("coursework/classifier-loss")["rows"]
    assert len(_cells(coursework_tables.coursework_classifier_loss())) == len(weights)
    assert len(_cells(coursework_tables.coursework_training())) > 10
