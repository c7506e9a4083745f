"""The lesson's tables hold what its result files hold."""

import lesson_tables
import pytest
import result_files

from tests.docs.pages import cells


def test_statements_have_their_verdicts():
    rows = cells(lesson_tables.TABLES["lesson-statements"]())
    found = result_files.read("lesson/mnist")["verdicts"]
    assert [row[1] for row in rows] == [statement["verdict"] for statement in found]


def test_trainings_are_means_of_their_seeds():
    rows = {row[0]: row for row in cells(lesson_tables.lesson_trainings())}
    result = result_files.read("lesson/mnist")["rows"]
    of = [row["fid"] for row in result if row.get("name") == "noise: normal"]
    assert rows["noise: normal"][1] == f"{sum(of) / len(of):.2f}"
    # 29 % of an equation's trials is "29.3 %"
    solved = [row for row in result if row["part"] == "arithmetic" and row["way"] is not None]
    assert len(cells(lesson_tables.lesson_arithmetic())) == len(solved) > 0


def test_the_saturating_gradient_vanishes_in_its_table():
    rows = cells(lesson_tables.lesson_gradients())
    result = result_files.read("lesson/gradients")["rows"]
    assert [int(row[0].replace(",", "")) for row in rows] == [of["head_start"] for of in result]
    for row, of in zip(rows, result, strict=True):
        assert [float(cell) for cell in row[2:]] == pytest.approx(
            list(of["gradients"].values()), rel=0.05
        )
    assert float(rows[-1][3]) < 0.01 * float(rows[0][3])
