"""What figures of pen trajectories show: where the pen goes, and how far."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from igc_tf.errors import InputError
from igc_tf.plots import plot_letters
from tests.plots.drawn import saved

# a square with growing force, and a line that ends after three steps
SERIES = np.array(
    [
        [[1, 0, 0], [0, 1, 1], [-1, 0, 1], [0, -1, 1], [0, 0, 0]],
        [[1, 1, 1], [1, 1, 0], [1, 1, -1], [99, 99, 99], [99, 99, 99]],
    ],
    np.float32,
)
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
SQUARE = [[1, 0], [1, 1], [0, 1], [0, 0], [0, 0]]
LINE = [[1, 1], [2, 2], [3, 3]]


def _path(collection):
    segments = collection.get_segments()
    return [segments[0][0].tolist(), *(segment[1].tolist() for segment in segments)]


@pytest.mark.parametrize(
    "mask", [MASK, MASK[..., None], np.repeat(MASK[..., None] == 1, 3, axis=2)]
)
def test_pens_go_where_their_velocities_lead_and_no_further_than_the_mask(mask):
    figure = saved(plot_letters(SERIES, ["a", "$b$"], mask=mask, columns=3, title="title"))
    assert len(figure.axes) == 3 and figure.get_suptitle() == "title"
    first, second, empty = figure.axes
    assert _path(first.collections[0]) == SQUARE and _path(second.collections[0]) == LINE
    assert (first.get_title(), second.get_title()) == ("a", r"\$b\$")
    assert not empty.collections and not empty.get_title()
    assert first.get_aspect() == 1


def test_the_line_is_thicker_where_the_pen_presses_harder():
    widths = saved(plot_letters(SERIES[:1], "a")).axes[0].collections[0].get_linewidths()
    assert np.all(np.diff(widths[:3]) > 0) and widths[2] == widths[3]


def test_targets_lie_grey_behind():
    figure = saved(plot_letters(SERIES[1:], "a", 2 * SERIES[1:], MASK[1:]))
    target, drawn = figure.axes[0].collections
    assert _path(target) == [[2, 2], [4, 4], [6, 6]] and _path(drawn) == LINE
    assert to_hex(target.get_colors()[0]) == "#a6a6a6"
    assert to_hex(drawn.get_colors()[0]) == to_hex("tab:blue")


def test_a_mask_without_length_is_for_all_steps():
    figure = plot_letters(SERIES[:1], "a", mask=np.ones([1, 1, 1]))
    assert _path(figure.axes[0].collections[0]) == SQUARE


@pytest.mark.parametrize("shape", [(1, 5, 1), (1, 5, 3), (5, 1), (5, 3), (2, 5, 1), (2, 5, 3)])
def test_a_mask_is_broadcast_to_the_series(shape):
    mask = np.zeros(shape)
    mask[(slice(3), slice(None)) if len(shape) == 2 else (slice(None), slice(3))] = 1
    figure = plot_letters(SERIES, "ab", mask=mask)
    assert [_path(axis.collections[0]) for axis in figure.axes[:2]] == [SQUARE[:3], LINE]


def test_a_mask_of_another_shape_is_refused():
    message = r"mask has shape \(3, 5\): expected \(2, 5\), or .* broadcasts to \(2, 5, 3\)"
    with pytest.raises(InputError, match=message):
        plot_letters(SERIES, "ab", mask=np.ones([3, 5]))


def test_rows_hold_so_many_letters():
    figure = plot_letters(np.repeat(SERIES[:1], 7, axis=0), "abcdefg", columns=3)
    places = [axis.get_subplotspec() for axis in figure.axes]
    assert [place.rowspan.start for place in places] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [axis.get_title() for axis in figure.axes] == [*"abcdefg", "", ""]


def test_a_letter_of_one_step_or_none_draws_nothing():
    figure = saved(plot_letters(SERIES, "ab", mask=np.array([[1, 0, 0, 0, 0], [0] * 5])))
    assert all(len(axis.collections[0].get_segments()) == 0 for axis in figure.axes[:2])
