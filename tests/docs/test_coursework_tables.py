"""The coursework's tables hold what its result files hold."""

import coursework_tables
import pytest
import result_files

from evaluation.coursework.classification import COMPARED, MEASURES, rank_correlation
from tests.docs.pages import cells


def test_scores_stand_beside_the_documents():
    rows = {row[0]: row for row in cells(coursework_tables.coursework_scores())}
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
    rows = cells(coursework_tables.TABLES["coursework-claims"]())
    claims = result_files.read("coursework/scores")["verdicts"]
    assert [row[1] for row in rows] == [claim["verdict"] for claim in claims]


def test_every_training_has_its_losses():
    rows = cells(coursework_tables.coursework_training())
    result = result_files.read("coursework/scores")["rows"]
    trained = {}
    for row in result:
        if "losses" in row:
            trained.setdefault(f"`{row['variant']}`", []).append(row["losses"]["generator_loss"])
    assert [row[0] for row in rows] == [*trained]
    for row, losses in zip(rows, trained.values(), strict=True):
        mean = sum(loss["mean"] for loss in losses) / len(losses)
        assert row[3].startswith(f"{mean:.2f}")


def test_images_are_judged_by_the_classifier_in_the_loss_and_by_another():
    table = cells(coursework_tables.coursework_classifier_loss())
    rows = {tuple(row[:2]): row[3:] for row in table}
    result = result_files.read("coursework/classifier-loss")["rows"]
    assert len(rows) == len({(of["alpha"], of["beta"]) for of in result}) > 1
    for of in result:
        found = rows[f"{of['alpha']:g}", f"{of['beta']:g}"]
        for judge, three in (("own", found[:3]), ("other", found[3:])):
            accuracy, score, frechet = (float(cell.split(" ")[0]) for cell in three)
            assert accuracy == pytest.approx(of[judge]["accuracy"], abs=6e-4)
            assert score == pytest.approx(of[judge]["inception_score"], abs=6e-3)
            assert frechet == pytest.approx(of[judge]["frechet"], abs=0.06)


def test_classifiers_are_those_of_the_last_epoch():
    result = result_files.read("coursework/classification")
    last = {}
    for row in result["rows"]:
        kept = last.get(row["variant"])
        last[row["variant"]] = row if kept is None or kept["epoch"] < row["epoch"] else kept
    rows = cells(coursework_tables.coursework_classification())
    assert [row[:2] for row in rows] == [[f"`{n}`", f"{of['batches']:,}"] for n, of in last.items()]
    for row, of in zip(rows, last.values(), strict=True):
        accuracies = [f"{100 * found['accuracy']:.2f} %" for found in of["classification"]]
        assert [cell.split(" (")[0] for cell in row[2:5]] == accuracies
    measures = cells(coursework_tables.coursework_correlations())
    for place, compared in enumerate(COMPARED):
        of = [row for row in result["correlations"] if row["compared"] == compared]
        figures = [row[2 + place].split(" ")[0].replace("−", "-") for row in measures]
        assert figures == [f"{row['correlation']:+.2f}" for row in of]
    # what the page says of them
    for row in result["correlations"]:
        low, high = row["correlation_interval"]
        assert (low <= 0 <= high) == (row["compared"] == "between trainings at equal length")


def test_images_improve_with_time_for_longer_than_what_is_read_does():
    rows = result_files.read("coursework/classification")["rows"]

    def with_time(values, rows):
        trainings = [f"{row['variant']} {row['seed']}" for row in rows]
        batches = [row["batches"] for row in rows]
        _, (low, _) = rank_correlation(batches, list(map(values, rows)), trainings, trainings)
        return low > 0

    early = [row for row in rows if row["batches"] < 11_000]
    late = [row for row in rows if row["batches"] > 10_000]
    for half, is_decided in ((early, True), (late, False)):
        for field, sign in MEASURES.values():
            assert with_time(lambda row, f=field, s=sign: s * row["images"][f], half)
        for at in range(3):
            reads = with_time(lambda row, at=at: row["classification"][at]["accuracy"], half)
            assert reads == is_decided


@pytest.mark.parametrize("name", ["retraining", "embeddings"])
def test_the_page_names_the_generator_that_images_are_of(name):
    page = (result_files.ROOT / "docs/documents/coursework.md").read_text(encoding="utf-8")
    (section,) = [part for part in page.split("\n## ") if f"evaluation.coursework.{name}" in part]
    assert f"`{result_files.read(f'coursework/{name}')['options']['generator']}`" in section


def test_few_real_images_stand_beside_the_documents_figures():
    rows = {row[0]: row for row in cells(coursework_tables.coursework_few())}
    assert rows["mixed, then real"][2] == "92.0 %" and rows["generated alone"][2] == "–"
    result = result_files.read("coursework/retraining")["rows"]
    found = [100 * row["accuracy"] for row in result if row.get("way") == "real, longer"]
    assert rows["real, longer"][1].startswith(f"{sum(found) / len(found):.2f}")
    shares = cells(coursework_tables.coursework_retraining())
    assert [shares[0][0], shares[-1][0]] == ["0 %", "100 %"] and shares[-1][2] == "–"


def test_embeddings_name_the_worst_class():
    rows = cells(coursework_tables.coursework_embeddings())
    found = result_files.read("coursework/embeddings")["average_precision"]
    assert [row[0] for row in rows] == [*found]
    assert [row[5] for row in rows] == [f"{min(found[name]):.4f}" for name in found]
    assert len(cells(coursework_tables.TABLES["coursework-linear"]())) == 6
