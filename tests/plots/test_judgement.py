"""How a classifier judges, read off the figures."""

import numpy as np
import pytest

from igc_tf.plots import plot_accuracies, plot_calibration, plot_confusion
from igc_tf.plots.judgement import per_cent
from tests.plots.drawn import error_ends, legend, pixels, rendered, saved


def _is_within(text, figure):
    box = text.get_window_extent()
    return box.width > 0 and (box.min >= 0).all() and (box.max <= figure.bbox.max).all()


def test_accuracies_stand_over_the_noise_with_their_intervals():
    # in another order than that of the noise
    rows = [
        {"sigma": 0.4, "accuracy": 0.9, "interval": (0.88, 0.93)},
        {"sigma": 0.0, "accuracy": 0.97, "interval": (0.95, 0.98)},
    ]
    references = {"paper": [(0.2, 0.947), (0.0, 0.951)], "$LeNet$": [(0.4, 0.5)]}
    figure = saved(plot_accuracies(rows, references, "title"))
    (axis,) = figure.axes
    (measured,) = axis.containers
    np.testing.assert_allclose(measured[0].get_xydata(), [[0, 97], [0.4, 90]])
    np.testing.assert_allclose(error_ends(measured), [[95, 98], [88, 93]])
    curves = {line.get_label(): line.get_xydata() for line in axis.lines}
    np.testing.assert_allclose(curves["paper"], [[0, 95.1], [0.2, 94.7]])
    np.testing.assert_allclose(curves[r"\$LeNet\$"], [[0.4, 50]])
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("noise sigma", "accuracy, %")
    assert figure.get_suptitle() == "title"
    assert set(legend(axis)) == {"this run (95 % interval)", "paper", r"\$LeNet\$"}


def test_an_accuracy_outside_of_its_rounded_interval_has_no_bar_to_that_side():
    values, lengths = per_cent([0.9701, 0.9], [(0.95, 0.97), (0.88, 0.93)])
    np.testing.assert_allclose(values, [97.01, 90])
    np.testing.assert_allclose(lengths, [[2.01, 2], [0, 3]])


def test_the_title_of_accuracies_lies_within_their_figure():
    row = {"sigma": 0.0, "accuracy": 0.97, "interval": (0.95, 0.98)}
    title = "a generator of a long name that somebody chose, best settings, 10,000 images"
    figure = saved(plot_accuracies([row], {}, title))
    rendered(figure)
    assert figure.get_suptitle().replace("\n", " ") == title
    assert _is_within(figure._suptitle, figure)


def test_rows_of_a_confusion_matrix_are_shares_with_counts_in_them():
    counts = [[8, 2, 0], [0, 5, 0], [0, 0, 0]]
    figure = saved(plot_confusion(counts, ["a", "$b", "c"], "title"))
    axis = figure.axes[0]
    np.testing.assert_allclose(pixels(axis), [[80, 20, 0], [0, 100, 0], [0, 0, 0]])
    shown = {(text.get_position(), text.get_text()) for text in axis.texts}
    assert shown == {((0, 0), "8"), ((1, 0), "2"), ((1, 1), "5")}
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["a", r"\$b", "c"]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("answer", "truth")


@pytest.mark.parametrize("classes", [2, 12])
def test_long_names_leave_the_matrix_its_size_and_lie_within_the_figure(classes):
    others = [*"bcdefghijklm"][: classes - 1]
    axes = []
    for name in ("a", "a class of a name that has more letters than there is room for"):
        figure = saved(plot_confusion(np.eye(classes, dtype=int), [name, *others]))
        rendered(figure)
        axes.append(figure.axes[0])
    short, axis = axes
    assert (axis.get_window_extent().size > 0.95 * short.get_window_extent().size).all()
    ticks = axis.get_yticklabels()
    assert ticks[0].get_text() == "a class of a name that has mo…" and ticks[1].get_text() == "b"
    for text in (*ticks, *axis.get_xticklabels(), axis.xaxis.label, axis.yaxis.label):
        assert _is_within(text, figure), text


def test_a_hundred_classes_have_no_numbers_and_some_names():
    figure = saved(plot_confusion(np.eye(100, dtype=int), [f"c{i}" for i in range(100)]))
    axis = figure.axes[0]
    assert not axis.texts
    assert [tick.get_text() for tick in axis.get_xticklabels()] == [
        f"c{i}" for i in range(0, 100, 2)
    ]


def test_a_calibration_curve_has_its_intervals_and_counts():
    rows = [
        {"confidence": 0.4, "accuracy": 0.5, "interval": [0.2, 0.8], "count": 4},
        {"confidence": 0.9, "accuracy": 1.0, "interval": [0.7, 1.0], "count": 9},
    ]
    above, below = saved(plot_calibration(rows)).axes
    (bars,) = above.containers[0][2]
    ends = np.array([segment for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, [[[40, 20], [40, 80]], [[90, 70], [90, 100]]])
    assert [patch.get_height() for patch in below.patches] == [4, 9]
    assert [patch.get_x() + patch.get_width() / 2 for patch in below.patches] == pytest.approx(
        [40, 90]
    )
