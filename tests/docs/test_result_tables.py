"""The documentation's tables hold what the result files hold."""

import json
import re

import pytest
import result_files
import result_tables

from tests.docs.pages import ROOT, cells, pages

DOCS = [path for path in pages() if path.parent != ROOT]


def test_accuracies_under_noise():
    rows = cells(result_tables.noise())
    names = ("fast-all", "best-all", "paper-1000")
    fast, best, paper = (result_files.read(f"reproduce/{name}")["rows"] for name in names)
    assert [row[0] for row in rows] == ["0", "0.2", "0.4"]
    for row, ours, other, papers in zip(rows, fast, best, paper, strict=True):
        assert row[1].startswith(f"{ours['correct'] / ours['count']:.2%}".replace("%", " %"))
        assert row[2].startswith(f"{other['correct'] / other['count']:.2%}".replace("%", " %"))
        assert row[3].startswith(f"{ours['lenet_correct'] / ours['count']:.2%}".replace("%", " %"))
        assert row[4].startswith(f"{papers['correct'] / 1000:.2%}".replace("%", " %"))
        low, high = ours["interval"]
        assert row[1].endswith(f"({100 * low:.2f} to {100 * high:.2f})")
    assert [row[5] for row in rows] == ["95.1 %", "94.7 %", "91.2 %"]


def test_the_papers_settings_on_a_thousand_images_and_on_all():
    rows = cells(result_tables.TABLES["noise-paper-settings"]())
    found = [result_files.read(f"reproduce/{name}")["rows"] for name in ("paper-1000", "paper-all")]
    for row, *of in zip(rows, *found, strict=True):
        counts = [one["count"] for one in of]
        assert counts == [1000, 10_000] and row[0] == f"{of[0]['sigma']:g}"
        for cell, one in zip(row[1:], of, strict=True):
            assert cell.startswith(f"{100 * one['correct'] / one['count']:.2f} % (")


def test_robustness_has_its_price_beside_it():
    rows = cells(result_tables.TABLES["robust-clean"]())
    robust = result_files.read("reproduce/robust-all")["rows"]
    assert [row[0] for row in rows] == ["0", "0.2", "0.4"]
    for row, of in zip(rows, robust, strict=True):
        assert row[3].startswith(
            f"{100 * of['correct'] / 10_000:.2f} % ({100 * of['interval'][0]:.2f}"
        )


@pytest.mark.parametrize("name", ["other-writers", "poses", "corruptions-test", "missing-pixels"])
def test_the_best_of_each_line_of_readers_is_in_bold(name):
    text = result_tables.TABLES[name]().split("\n\n")[0]
    head, _, *lines = [line.split("|")[1:-1] for line in text.splitlines()]
    is_reader = ["library," in of or "`mnist-lenet" in of for of in head]
    for line in lines:
        marked = [
            ("**" in cell, float(re.search(r"[\d.]+", cell)[0]))
            for cell, is_read in zip(line, is_reader, strict=True)
            if is_read and " %" in cell
        ]
        if marked:
            most = max(share for _, share in marked)
            assert {share for is_bold, share in marked if is_bold} == {most}, line


def test_own_pictures_are_those_that_were_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(result_files, "RESULTS", tmp_path)
    assert cells(result_tables.own_pictures()) == []
    readers = ("library, best", "library, fast", "lenet", "cnn", "nearest class mean")
    rows = [
        {"reader": name, "accuracy": 0.9 - place / 10, "interval": [0.1, 0.95]}
        for place, name in enumerate(readers)
    ]
    rows[0] |= {"seconds": 600, "processor_seconds": 1140}
    del rows[3]
    result = {"classes": 3, "pictures": {"train": 450, "validation": 70, "test": 80}, "rows": rows}
    folder = tmp_path / "own_pictures" / "results" / "shapes-64"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(result))
    ((name, classes, pictures, *accuracies, minutes, core),) = cells(result_tables.own_pictures())
    assert (name, classes, pictures, minutes, core) == ("shapes, 64×64", "3", "520", "10", "19")
    assert [text.split(" ")[0] for text in accuracies] == [
        "90.00",
        "80.00",
        "70.00",
        # no CNN was trained
        "–",
        "50.00",
    ]
    assert accuracies[0].endswith("(10.00 to 95.00)")
    # of one that was resumed
    rows[0] |= {"seconds": None, "processor_seconds": None}
    (folder / "result.json").write_text(json.dumps(result))
    assert cells(result_tables.own_pictures())[0][-2:] == ["–", "–"]


def test_several_labels_name_who_read_them():
    rows = cells(result_tables.several_labels())
    result = result_files.read("multi_label/best")["rows"]
    assert len(rows) == 9
    ours = next(row for row in result if row["classifier"] == "inverted generator")
    assert rows[0][1] == "inverted generator, best settings"
    assert rows[0][2:6] == [f"{100 * label['accuracy']:.1f} %" for label in ours["labels"]]
    assert rows[0][6].startswith(f"{100 * ours['all_labels']['accuracy']:.2f} %")
    assert [row[1] for row in rows[2::3]] == ["LeNet-5"] * 3


def test_inverse_experiments_stand_side_by_side():
    rows = cells(result_tables.inverse_experiments())
    assert [row[0] for row in rows] == ["10", "25", "50", "100", "200"]
    assert [row[2] for row in rows] == ["0", "0.1", "0.5", "1", "2"]
    # latent size 25, factor 1 and first step 0 are one and the same search
    assert rows[1][1] == rows[3][3] == rows[0][5]


def test_a_claim_says_whether_it_holds():
    rows = cells(result_tables.TABLES["trajectory-claims"]())
    verdicts = result_files.read("trajectories/characters")["verdicts"]
    assert [row[1] for row in rows] == [of["verdict"] for of in verdicts]


def test_searches_stand_beside_their_times():
    rows = cells(result_tables.accuracy_speed())
    result = result_files.read("accuracy_speed/compact")
    assert result["options"]["former"] is not None
    for row, found in zip(rows, result["rows"], strict=True):
        name = found["name"]
        is_former = name.startswith("from the mean")
        assert row[0] == (f"the generator released before, {name}" if is_former else name)
        assert row[1] == f"{100 * found['accuracies'][0]['accuracy']:.2f} %"
        times = result["times"]
        ratio = times["from the mean, 16 steps"]["milliseconds"]
        ratio /= times[name]["milliseconds"]
        assert float(row[-1]) == pytest.approx(ratio, abs=0.06)


def test_dropped_classes_have_their_bounds():
    rows = cells(result_tables.elimination())
    result = result_files.read("elimination/compact")
    assert [int(row[0]) for row in rows] == result["options"]["kept"] == [5, 4, 3, 2, 1]
    for place, row in enumerate(rows):
        for cell, found in zip(row[1:], result["rows"], strict=True):
            part = found["kept"][place]
            assert cell.startswith(f"{part['disagreements']} of ")
            assert f"at most {100 * part['upper_bound']:.2f} %" in cell


def test_every_training_has_its_accuracies():
    rows = cells(result_tables.ablation())
    found = result_files.read("ablation/compact")
    assert len(rows) == len(found["rows"]) // len(found["options"]["sigma"])
    assert [row[0] for row in rows if row[0]] == list(found["distances"])
    first = found["rows"][0]
    assert rows[0][6].startswith(f"{100 * first['accuracy']:.2f} %")


def test_accuracies_while_a_network_trained_are_those_of_its_epochs():
    found = result_files.read("ablation/compact")["trainings"]["adversarial"]
    shares = [float(text) for text in result_tables.numbers()["ablation_curve"].split(", ")]
    assert len(shares) == sum(found["epochs"])
    assert shares == pytest.approx([100 * share for share in found["curve"]], abs=0.05)


def test_speed_is_said_to_be_of_the_weights_it_was_measured_with(monkeypatch):
    found = result_files.read("search_speed/one-image")
    for digest, said in (("0" * 64, "former"), (found["generator_sha256"], "ship")):
        card = {"weights": {"digest": digest}}
        monkeypatch.setattr(result_tables, "generator_card", {"mnist-cagan-compact": card}.get)
        assert said in result_tables.numbers()["speed_weights"]


def test_losses_are_shown_beside_wins():
    rows = cells(result_tables.losses())
    shares = [[float(re.search(r"[\d.]+(?= [%±])", cell)[0]) for cell in row[1:]] for row in rows]
    assert any(ours < theirs for ours, theirs in shares)


def test_the_librarys_doubt_and_the_best_of_a_networks_are_level_but_for_what_they_reject():
    result = result_files.read("out_of_class/test")
    assert result["options"]["known"] is None
    joint = [result["doubts"][f"library, {name}"]["joint"] for name in ("fast", "robust")]
    other = result["doubts"]["mnist-lenet-informed"]["neighbours"]
    networks = [
        found
        for name, doubts in result["doubts"].items()
        if not name.startswith("library")
        for found in doubts.values()
    ]
    assert other["auroc"] == max(found["auroc"] for found in networks)
    for found in joint:
        assert abs(found["auroc"] - other["auroc"]) < 0.002
        assert abs(found["aupr"] - other["aupr"]) < 0.002
        assert found["refused"] > 0.05 + max(of["refused"] for of in networks)


@pytest.mark.parametrize("name", sorted(result_tables.TABLES))
def test_no_table_says_nothing(name):
    text = result_tables.TABLES[name]()
    assert not re.search(r"\bnan\b|None|\d{7}", text)
    # documents are called by their titles
    assert not re.search(r"(?<![\d.,])00[0-4]\b", text)


def test_every_table_is_asked_for_and_every_one_that_is_asked_for_is_there():
    text = "".join(path.read_text(encoding="utf-8") for path in pages())
    asked = set(re.findall(r"\{result-table\} (\S+)|<!-- table: (\S+) -->", text))
    assert {name for pair in asked for name in pair if name} == set(result_tables.TABLES)


def test_every_figure_is_there():
    text = "".join(path.read_text(encoding="utf-8") for path in DOCS)
    asked = re.findall(r"\{result-figure\} (\S+)", text)
    assert asked
    assert [name for name in asked if not result_files.figure(name).exists()] == []


def test_every_number_is_asked_for():
    text = "".join(path.read_text(encoding="utf-8") for path in DOCS)
    assert set(re.findall(r"\{\{ (\w+) \}\}", text)) == set(result_tables.numbers())


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pages_call_documents_by_their_titles(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\d.,])00[0-4]\b", text)


def test_many_machines_are_those_that_were_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(result_files, "RESULTS", tmp_path)
    names = ("distributed-measured", "distributed-calculated", "distributed-limits")
    assert all(cells(result_tables.TABLES[name]()) == [] for name in names)
    kills = {"measured": "kills", "killed": {"workers": 12, "drivers": 8}, "examples": 30_000}
    projection = {"images": 10**6, "machines": 100, "hours": 0.125, "cost": 1.5, "limit": "driver"}
    limit = {"driver": 20.0, "reading": 300.0, "writing": 900.0, "first": "driver"}
    result = {
        "options": {"images": 10_000, "settings": "best", "rounds": 3},
        "rows": [kills | {"lost": 0, "twice": 1, "other": 2}],
        "overhead": {
            "images_a_second": {"process": 250.0, "ray": 240.0},
            "ratio": 250 / 240,
            "start_seconds": {"process": 3.0, "ray": 12.0},
        },
        "memory": {"50000": {"worker": 1000 * 2**20, "caller": 900 * 2**20}},
        "operations": {"products": 270e6, "others": 2e6, "reached": 68e9},
        "calculated": {
            "GPU": {
                "rate": 5000.0,
                "price": 3.0,
                "measured": False,
                "limits": [
                    {"images": 10**6, **limit},
                    {"images": 10**9, **limit, "driver": 1500.0, "first": "reading"},
                ],
                "projections": [projection],
            }
        },
    }
    folder = tmp_path / "distributed" / "results" / "compact"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(result))
    measured, calculated, limits = (cells(result_tables.TABLES[name]()) for name in names)
    assert measured[2] == ["one process to one actor", "1.042"]
    assert measured[3] == [
        "12 workers and 8 drivers killed",
        "of 30,000 answers 0 lost, 1 there twice, 2 other than undisturbed",
    ]
    assert measured[4][1] == "1,000 MiB at most in a worker, 900 MiB in the driver"
    assert measured[5][1].startswith("272.0 million; 68.0 thousand million")
    assert calculated == [
        [
            "1,000,000",
            "100 × GPU, 5,000 images a second each (calculated)",
            "0.12 h",
            "1.50 USD, at 3 an hour",
            "driver",
        ]
    ]
    assert limits == [
        ["GPU", "1,000,000", "20.0", "300.0", "900.0", "driver"],
        ["GPU", "1,000,000,000", "1,500.0", "300.0", "900.0", "reading"],
    ]
