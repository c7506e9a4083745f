"""What the figures of the programs show: which number where, error bars, captions and order."""

import numpy as np
import pytest

from evaluation.figures import (
    plot_accuracy_over_time,
    plot_bars,
    plot_curves,
    plot_embeddings,
    plot_epochs,
    plot_experiments,
    plot_heat_maps,
    plot_scatter,
)
from tests.plots.drawn import error_ends, legend, saved


def test_points_of_a_group_have_its_colour():
    points = {"first": [(1.0, 2.0), (3.0, 4.0)], "second": [(5.0, 6.0)]}
    figure = saved(plot_scatter(points, "x", "y", "t"))
    (axis,) = figure.axes
    for line, pairs in zip(axis.lines, points.values(), strict=True):
        np.testing.assert_allclose(line.get_xydata(), pairs)
    assert len({tuple(line.get_color()) for line in axis.lines}) == 2
    assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_title()) == ("x", "y", "t")
    assert legend(figure) == ["first", "second"]


def _point(kind, label, milliseconds, accuracy):
    interval = accuracy - 0.01, accuracy + 0.005
    return dict(
        kind=kind, label=label, milliseconds=milliseconds, accuracy=accuracy, interval=interval
    )


def test_accuracies_stand_over_the_logarithm_of_the_time():
    few = [_point("few", "$1", 2.0, 0.98), _point("few", "2", 4.0, 0.985)]
    panels = {"sigma 0": [_point("pass", "fast", 0.8, 0.97), *few], "sigma 0.4": few[:1]}
    figure = saved(plot_accuracy_over_time(panels, "title"))
    first, second = figure.axes
    assert figure.get_suptitle() == "title"
    assert [axis.get_title() for axis in figure.axes] == ["sigma 0", "sigma 0.4"]
    assert {axis.get_xscale() for axis in figure.axes} == {"log"}
    assert (first.get_xlabel(), first.get_ylabel()) == ("milliseconds an image", "accuracy, %")
    one, several = first.containers
    np.testing.assert_allclose(one[0].get_xydata(), [[0.8, 97]])
    np.testing.assert_allclose(several[0].get_xydata(), [[2, 98], [4, 98.5]])
    np.testing.assert_allclose(error_ends(several), [[97, 98.5], [97.5, 99]])
    # one colour for each kind, in both panels, and each point is named where it stands
    colour = several[0].get_color()
    assert colour != one[0].get_color() and second.containers[0][0].get_color() == colour
    named = {text.get_text(): (text.xy, text.get_color()) for text in first.texts}
    assert set(named) == {"fast", r"\$1", "2"}
    np.testing.assert_allclose(named["2"][0], [4, 98.5])
    assert named["2"][1] == named[r"\$1"][1] == colour != named["fast"][1]
    assert legend(figure) == ["pass", "few"]


def test_curves_of_one_name_have_one_colour_in_all_panels():
    panels = {
        "loss $": {"one": ([0, 1, 4], [3, 2, 1]), "$two": ([0, 4], [5, 6])},
        "gradient": {"$two": ([0, 4], [1e-4, 1e-1])},
    }
    figure = saved(plot_curves(panels, "batch", "title", logarithmic=("gradient",)))
    first, second = figure.axes
    assert figure.get_suptitle() == "title" and first.get_xlabel() == "batch"
    assert [axis.get_ylabel() for axis in figure.axes] == [r"loss \$", "gradient"]
    assert [axis.get_yscale() for axis in figure.axes] == ["linear", "log"]
    one, two = first.lines
    np.testing.assert_allclose(one.get_xydata(), [[0, 3], [1, 2], [4, 1]])
    np.testing.assert_allclose(second.lines[0].get_xydata(), [[0, 1e-4], [4, 0.1]])
    assert two.get_color() == second.lines[0].get_color() != one.get_color()
    assert legend(figure) == ["one", r"\$two"]


def test_points_have_the_colours_of_their_classes():
    points = np.array([[0, 1], [2, 3], [4, 5]], float)
    labels = np.array([1, 0, 1])
    panels = {"one": (points, labels), "$two": (points[:2] + 10, labels[:2])}
    figure = saved(plot_embeddings(panels, ["a", "$b"], "title"))
    assert [axis.get_title() for axis in figure.axes] == ["one", r"\$two"]
    first, second = (axis.collections for axis in figure.axes)
    np.testing.assert_allclose(first[1].get_offsets(), [[0, 1], [4, 5]])
    np.testing.assert_allclose(second[0].get_offsets(), [[12, 13]])
    colours = [tuple(part.get_facecolor()[0]) for part in (*first, *second)]
    assert colours[:2] == colours[2:] and colours[0] != colours[1]
    assert legend(figure) == ["a", r"\$b"]


def test_curves_begin_at_the_first_epoch():
    curves = {"$one": [0.5, 0.75, 0.7], "two": [0.9], "three": [None, 0.1, None, None, 0.2]}
    figure = saved(plot_epochs(curves, "right", "title"))
    (axis,) = figure.axes
    curves = {line.get_label(): line.get_xydata() for line in axis.lines}
    np.testing.assert_allclose(curves[r"\$one"], [[1, 50], [2, 75], [3, 70]])
    np.testing.assert_allclose(curves["two"], [[1, 90]])
    np.testing.assert_allclose(curves["three"], [[2, 10], [5, 20]])
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("epoch", "right, %")
    assert axis.get_title() == "title" and legend(axis) == [r"\$one", "two", "three"]


@pytest.mark.parametrize("errors", [None, {"one": [1, 2, 3], "two": [4, 5, 6]}])
def test_bars_stand_in_groups_in_the_given_order(errors):
    series = {"one": [10, 20, 30], "two": [40, 50, 60]}
    figure = saved(plot_bars(["a", "b", "c"], series, "what", errors, (0, 105), "title"))
    (axis,) = figure.axes
    groups = [group for group in axis.containers if hasattr(group, "patches")]
    heights = [[bar.get_height() for bar in group.patches] for group in groups]
    assert heights == [[10, 20, 30], [40, 50, 60]]
    places = np.array([bar.get_x() + bar.get_width() / 2 for bar in axis.patches])
    # the two bars of a group are nearer to their own tick than to the next
    np.testing.assert_array_equal(places.round(), [0, 1, 2, 0, 1, 2])
    assert (places[:3] < places[3:]).all()
    assert [text.get_text() for text in axis.get_xticklabels()] == ["a", "b", "c"]
    assert axis.get_ylabel() == "what" and axis.get_ylim() == (0, 105)
    assert axis.get_title() == "title" and legend(figure) == ["one", "two"]
    ends = [error_ends(group.errorbar) for group in groups if group.errorbar is not None]
    if errors is None:
        assert not ends
    else:
        np.testing.assert_allclose(ends[0], [[9, 11], [18, 22], [27, 33]])
        np.testing.assert_allclose(ends[1], [[36, 44], [45, 55], [54, 66]])


def test_twenty_long_names_below_bars_do_not_lie_over_each_other():
    names = [f"a class named ${i}$" for i in range(20)]
    figure = saved(plot_bars(names, {"one": range(20)}, "what"))
    (axis,) = figure.axes
    texts = axis.get_xticklabels()
    assert [text.get_text().replace("\\", "") for text in texts] == names
    assert all(text.get_rotation() == 45 for text in texts)
    assert min(text.get_window_extent().x0 for text in texts) >= 0


def test_each_experiment_is_a_panel():
    panels = {
        "latent size": [
            (10, {"accuracies": [0.5, 0.6], "interval": (0.5, 0.62)}),
            (25, {"accuracies": [0.7, 0.9], "interval": (0.75, 0.84)}),
        ],
        "factor": [(0.5, {"accuracies": [0.3], "interval": (0.3, 0.4)})],
    }
    figure = saved(plot_experiments(panels, {"latent size": (25, 0.71)}, "the document"))
    first, second = figure.axes
    assert [axis.get_xlabel() for axis in figure.axes] == ["latent size", "factor"]
    assert [text.get_text() for text in first.get_xticklabels()] == ["10", "25"]
    np.testing.assert_allclose(first.containers[0][0].get_ydata(), [55, 80])
    np.testing.assert_allclose(error_ends(first.containers[0]), [[50, 62], [75, 84]])
    dots = [line for line in first.lines if line.get_marker() == "."]
    np.testing.assert_allclose([line.get_ydata() for line in dots], [[50, 60], [70, 90]])
    (star,) = [line for line in first.lines if line.get_marker() == "*"]
    np.testing.assert_allclose(star.get_xydata(), [[1, 71]])
    assert "the document" in legend(first) and second.get_legend() is None
    assert first.get_ylabel() == "accuracy, %"


def test_heat_maps_have_the_first_number_to_the_right_and_share_a_scale():
    maps = np.zeros([4, 3, 3])
    maps[0, 2, 0] = 5
    maps[3, 1, 1] = 2
    figure = saved(plot_heat_maps(maps, [0, 0.5, 1], "abcd", ("first", "second"), "error", "title"))
    axes = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in axes] == ["a", "b", "c", "d"]
    for axis, values in zip(axes, maps, strict=True):
        (picture,) = axis.images
        # rows go upwards
        assert picture.origin == "lower"
        np.testing.assert_array_equal(picture.get_array(), values.T)
        assert picture.get_clim() == (0, 5)
        assert tuple(picture.get_extent()) == (-0.25, 1.25, -0.25, 1.25)
        assert (axis.get_xlabel(), axis.get_ylabel()) == ("first", "second")
        np.testing.assert_allclose(axis.lines[0].get_xdata(), axis.lines[0].get_ydata())
    assert figure.axes[-1].get_ylabel() == "error"
    assert figure.get_suptitle() == "title"
