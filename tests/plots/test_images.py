"""What figures of images show: which picture where, captions, and which frame is marked."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_hex

from igc_tf.data.layout import ConditionLayout, Label
from igc_tf.errors import InputError
from igc_tf.plots import (
    plot_captioned,
    plot_cases,
    plot_class_samples,
    plot_inverse_cases,
    plot_label_cases,
    plot_readings,
    plot_search,
    tile_images,
    to_unit_range,
)
from tests.plots.drawn import frame, pictures, pixels, saved

ORANGE, RED = to_hex("tab:orange"), to_hex("tab:red")
RIGHT, WRONG, MISSED = (ORANGE, "-"), (RED, "-"), (ORANGE, ":")
SHAPES = [(6, 5), (6, 5, 1), (6, 5, 3), (6, 5, 4)]


def _flat(values, shape):
    """Images (..., *shape), each of one value."""
    values = np.asarray(values, np.float32)
    return np.broadcast_to(values[(..., *[None] * len(shape))], (*values.shape, *shape))


def _drawn_value(axis):
    (value,) = np.unique(pixels(axis).round(5))
    return value


# ---- arrays


def test_unit_range_is_told_by_the_bounds():
    found = to_unit_range([-3, -1, 0, 1, 9], (-1, 1))
    np.testing.assert_allclose(found, [0, 0, 0.5, 1, 1])
    assert found.dtype == np.float32


def test_unit_range_of_infinite_bounds_is_that_of_the_images():
    np.testing.assert_allclose(to_unit_range([-3, 1, 5], (-np.inf, np.inf)), [0, 0.5, 1])
    np.testing.assert_allclose(to_unit_range([-3, 1, 5], (0, np.inf)), [0, 0.2, 1])
    assert to_unit_range(np.zeros([0, 2]), (0, 1)).shape == (0, 2)
    np.testing.assert_allclose(to_unit_range([2, 2], (-np.inf, np.inf)), [0, 0])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("gap", [0, 2])
def test_tiles_stand_row_by_row(shape, gap):
    sheet = tile_images(_flat([0.1, 0.2, 0.3, 0.4, 0.5], shape), 3, gap, background=-7)
    assert sheet.shape == (12 + gap, 15 + 2 * gap, *shape[2:]) and sheet.dtype == np.float32
    corners = [[sheet[y, x].max() for x in (0, 5 + gap, 10 + 2 * gap)] for y in (0, 6 + gap)]
    np.testing.assert_allclose(corners, [[0.1, 0.2, 0.3], [0.4, 0.5, -7]], rtol=1e-6)
    if gap:
        assert (sheet[6 : 6 + gap] == -7).all() and (sheet[:, 5 : 5 + gap] == -7).all()


def test_what_lies_between_tiles_is_as_dark_as_the_darkest_pixel():
    assert tile_images(_flat([3, 4], (2, 2)), 1)[2].tolist() == [3, 3]


# ---- cases


def _cases(shape=(6, 5), classes=4, labels=(2, 0), names=None):
    """Two cases, of which the first is read as 2 and the second as 3."""
    values = np.arange(2 * classes).reshape(2, classes) / (2 * classes)
    return plot_cases(
        _flat([10, 20], shape),
        _flat(10 * values, shape),
        values,
        np.array([2, 3]),
        labels if labels is None else np.array(labels),
        names or [f"name {i}" for i in range(classes)],
        (0, 20),
        "the title",
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_case_is_a_row_of_reconstructions_and_the_input(shape):
    figure = saved(_cases(shape))
    axes = pictures(figure)
    values = [_drawn_value(axis) for axis in axes]
    expected = [0, 0.0625, 0.125, 0.1875, 0.5, 0.25, 0.3125, 0.375, 0.4375, 1]
    np.testing.assert_allclose(values, expected, atol=1e-4)
    assert [axis.get_title() for axis in axes[:5]] == [f"name {i}" for i in range(4)] + ["input"]
    assert [axis.get_xlabel() for axis in axes[:5]] == [
        *("0.000", "0.125", "0.250", "0.375"),
        "is name 2\nread name 2",
    ]
    assert axes[9].get_xlabel() == "is name 0\nread name 3"
    assert figure.get_suptitle() == "the title"
    colour = pixels(axes[0]).ndim == 3
    assert colour == (shape[2:] in [(3,), (4,)])


def test_a_right_prediction_is_orange_a_wrong_one_red_beside_the_dashed_right_class():
    axes = pictures(_cases())
    assert [frame(axis) for axis in axes[:5]] == [None, None, RIGHT, None, None]
    assert [frame(axis) for axis in axes[5:]] == [MISSED, None, None, WRONG, None]


def test_where_the_truth_is_not_known_the_prediction_is_orange():
    axes = pictures(_cases(labels=None))
    assert [frame(axis) for axis in axes[:5]] == [None, None, RIGHT, None, None]
    assert [frame(axis) for axis in axes[5:]] == [None, None, None, RIGHT, None]
    assert (axes[4].get_xlabel(), axes[9].get_xlabel()) == ("read name 2", "read name 3")


def test_grey_pictures_are_black_and_white_at_the_bounds():
    picture = pictures(_cases())[0].images[0]
    assert picture.get_clim() == (0, 1) and picture.get_cmap().name == "gray"


NAMES = [f"a class named {i}" if i % 3 else f"class {i}" for i in range(20)]


def test_twenty_named_classes_take_two_lines_a_case():
    figure = saved(_cases((6, 5, 3), 20, names=NAMES))
    rows = {}
    for axis in pictures(figure):
        rows.setdefault(axis.get_subplotspec().rowspan.start, []).append(axis)
    assert [len(axes) for axes in rows.values()] == [11, 10, 11, 10]
    # every frame has its class's name, as the first line is far away
    for first, second in ((0, 1), (2, 3)):
        titles = [axis.get_title().replace("\n", " ") for axis in rows[first] + rows[second]]
        assert titles == [*NAMES[:10], "input", *NAMES[10:]]
    # the frames do not lie over each other, and captions of neighbours neither
    width, _ = figure.get_size_inches()
    assert width < 12
    boxes = [axis.title.get_window_extent() for axis in rows[1]]
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))


def test_names_too_long_for_two_lines_are_cut():
    names = ["golden retriever with a red hat on", "cat", "dog", "owl"]
    title = pictures(_cases(names=names))[0].get_title()
    assert title.startswith("golden\n") and title.endswith("…") and len(title) < 25


@pytest.mark.parametrize("name", ["$5 and $6", r"\alpha$", "a $x_1^$ b", "smile 😀", "\udcff.png"])
def test_names_and_titles_are_no_formulas(name):
    figure = plot_cases(
        _flat([0], (2, 2)),
        _flat([[0, 1]], (2, 2)),
        np.zeros([1, 2]),
        [0],
        None,
        [name, "other"],
        (0, 1),
        name,
    )
    for text in (figure._suptitle, pictures(figure)[0].title):
        _, is_formula = text._preprocess_math(text.get_text())
        assert not is_formula
    shown, _ = figure._suptitle._preprocess_math(figure.get_suptitle())
    assert shown == name.encode("utf-8", "replace").decode()
    saved(figure)


def test_captions_stand_above_their_images():
    images = np.linspace(0, 1, 3 * 4 * 4).reshape(3, 4, 4, 1)
    figure = saved(plot_captioned(images, ["4, read 9", "$", "7"], (0, 1), 2, "title"))
    shown = pictures(figure)
    assert [axis.get_title() for axis in shown] == ["4, read 9", r"\$", "7"]
    np.testing.assert_allclose(pixels(shown[2]), images[2, ..., 0], atol=1e-6)
    assert len(figure.axes) == 4 and figure.get_suptitle() == "title"


def test_names_of_rows_may_be_longer():
    rows = {"saturating, strong discriminator": np.zeros([2, 4, 4])}
    narrow, wide = (
        saved(plot_class_samples(rows, (0, 1), **values)).axes[0].get_ylabel()
        for values in ({}, {"name_width": 20})
    )
    assert narrow.endswith("…") and wide == "saturating, strong\ndiscriminator"


def test_what_is_no_picture_is_refused():
    with pytest.raises(InputError, match=r"\(6, 5, 2\): expected \(H, W\)"):
        _cases((6, 5, 2))


# ---- the search


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)])
def test_a_search_is_a_row_per_class_and_a_column_per_step(shape):
    snapshots = {50: _flat([4, 5, 6], shape), 0: _flat([1, 2, 3], shape)}
    figure = saved(plot_search(_flat(9, shape), snapshots, "abc", (0, 10), "title"))
    axes = pictures(figure)
    np.testing.assert_allclose(
        [_drawn_value(axis) for axis in axes],
        [0.1, 0.4, 0.9, 0.2, 0.5, 0.9, 0.3, 0.6, 0.9],
        atol=1e-5,
    )
    assert [axis.get_title() for axis in axes[:3]] == ["step 0", "step 50", "input"]
    assert [axes[i].get_ylabel() for i in (0, 3, 6)] == ["a", "b", "c"]
    assert figure.get_suptitle() == "title"


def test_a_search_among_twenty_classes_stands_in_two_groups():
    values = np.arange(20) / 20
    figure = saved(plot_search(_flat(1, (4, 4)), {0: _flat(values, (4, 4))}, NAMES, (0, 1)))
    grid = {}
    for axis in pictures(figure):
        place = axis.get_subplotspec()
        grid[place.rowspan.start, place.colspan.start] = axis
    assert sorted(grid) == [(row, column) for row in range(10) for column in range(4)]
    for i, name in enumerate(NAMES):
        axis = grid[i % 10, 2 * (i // 10)]
        assert axis.get_ylabel().replace("\n", " ") == name
        assert _drawn_value(axis) == pytest.approx(values[i])
        assert _drawn_value(grid[i % 10, 2 * (i // 10) + 1]) == 1
    # the names on the left are within the figure
    assert all(axis.yaxis.label.get_window_extent().x0 >= 0 for axis in figure.axes)


# ---- several labels

LAYOUT = ConditionLayout(
    (Label("odd", ("0", "1")), Label("colour", ("red", "green", "blue")), Label("big", ("0", "1")))
)


def _label_cases(labels=((1, 0, 1), (0, 2, 1))):
    values = np.arange(14).reshape(2, 7) / 14
    return plot_label_cases(
        _flat([2, 3], (4, 4, 1)),
        _flat(values, (4, 4, 1)),
        values,
        np.array([[1, 0, 1], [0, 1, 0]]),
        labels if labels is None else np.array(labels),
        LAYOUT,
        (0, 4),
        "title",
    )


def test_every_value_of_every_label_is_shown_in_its_group():
    figure = saved(_label_cases())
    axes = pictures(figure)
    expected = [2, *np.arange(7) / 14, 3, *np.arange(7, 14) / 14]
    np.testing.assert_allclose(
        [_drawn_value(axis) for axis in axes], np.array(expected) / 4, atol=1e-5
    )
    assert [axis.get_title() for axis in axes[:8]] == [
        *("input", "not odd", "odd", "colour red", "colour green", "colour blue"),
        *("not big", "big"),
    ]
    assert axes[10].get_xlabel() == f"{8 / 14:.3f}"
    # between the groups there is room
    columns = [axis.get_subplotspec().colspan.start for axis in axes[:8]]
    assert columns == [0, 2, 3, 5, 6, 7, 9, 10]


def test_each_labels_prediction_is_framed():
    axes = pictures(_label_cases())
    assert [frame(axis) for axis in axes[1:8]] == [None, RIGHT, RIGHT, None, None, None, RIGHT]
    assert [frame(axis) for axis in axes[9:]] == [
        *(RIGHT, None),
        *(None, WRONG, MISSED),
        *(WRONG, MISSED),
    ]
    frames = [frame(axis) for axis in pictures(_label_cases(None))[9:]]
    assert frames == [RIGHT, None, None, RIGHT, None, RIGHT, None]


# ---- samples and inverse classification


@pytest.mark.parametrize("shape", SHAPES)
def test_samples_stand_in_one_row_per_class(shape):
    rows = {name: _flat([i, i + 1], shape) for i, name in enumerate(NAMES)}
    figure = saved(plot_class_samples(rows, (0, 40), "title"))
    axes = pictures(figure)
    assert [axis.get_ylabel().replace("\n", " ") for axis in axes] == NAMES
    for i, axis in enumerate(axes):
        sheet = pixels(axis)
        assert sheet.shape == (6, 11, *[n for n in shape[2:] if n > 1])
        np.testing.assert_allclose(sheet[:, :5], i / 40, atol=1e-5)
        np.testing.assert_allclose(sheet[:, 6:], (i + 1) / 40, atol=1e-5)
    assert all(axis.yaxis.label.get_window_extent().x0 >= 0 for axis in axes)


@pytest.mark.parametrize("labels", [(1, 2), None])
def test_inverse_cases_show_input_reconstruction_and_class_vector(labels):
    conditions = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]])
    figure = saved(
        plot_inverse_cases(
            _flat([1, 2], (4, 4, 1)),
            _flat([3, 4], (4, 4, 1)),
            conditions,
            labels,
            ["cat", "dog", "owl"],
            (0, 4),
        )
    )
    drawn = [_drawn_value(axis) for axis in pictures(figure)]
    np.testing.assert_allclose(drawn, [0.25, 0.5, 0.75, 1])
    charts = figure.axes[4:]
    for axis, condition in zip(charts, conditions, strict=True):
        np.testing.assert_allclose([bar.get_height() for bar in axis.patches], condition)
        assert [text.get_text() for text in axis.get_xticklabels()] == ["cat", "dog", "owl"]
        assert axis.get_ylim() == (0, 1)
    colours = [[to_hex(bar.get_facecolor()) == ORANGE for bar in axis.patches] for axis in charts]
    captions = [axis.get_xlabel().replace("\n", ", ") for axis in charts]
    if labels is None:
        assert not np.any(colours) and captions == ["read dog", "read cat"]
    else:
        assert colours == [[False, True, False], [False, False, True]]
        assert captions == ["is dog, read dog", "is owl, read cat"]
    assert [figure.axes[i].get_ylabel() for i in (0, 2, 4)] == [
        *("input", "reconstruction"),
        "class vector",
    ]


def test_a_class_that_was_dropped_is_said_to_be_so():
    reconstructions = _flat([[0.2, np.nan]], (6, 5))
    differences = np.array([[0.25, np.nan]])
    figure = plot_cases(
        np.zeros([1, 6, 5]), reconstructions, differences, [0], [0], ["a", "b"], (0, 1)
    )
    assert [axis.get_xlabel() for axis in figure.axes[:2]] == ["0.250", "dropped"]


def test_titles_are_as_wide_as_their_figures():
    title = "a title that is much longer than one narrow picture beside another"
    figure = plot_search(np.zeros([6, 5]), {0: np.zeros([2, 6, 5])}, ["a", "b"], (0, 1), title)
    lines = figure.get_suptitle().split("\n")
    assert " ".join(lines) == title
    assert max(map(len, lines)) <= 12 * figure.get_figwidth()


# ---- readings


@pytest.mark.parametrize("shape", SHAPES)
def test_readings_stand_below_their_images(shape):
    count = 11
    images = _flat(np.linspace(0, 0.5, count), shape)
    # what was generated may be of another size
    small = (3, 4, *shape[2:])
    figure = plot_readings(
        images,
        _flat(np.linspace(0.5, 1, count), small),
        np.array([0, 1, -1, -1, *[0] * 7]),
        np.array([0, 0, 0, -1, *[0] * 7]),
        ["zero", "one"],
        (0, 1),
        [f"kind {number}" for number in range(count)],
        "title",
    )
    drawn = pictures(saved(figure))
    # eight at most abreast: two lines of six
    order = [*range(6), *range(6, 11)]
    above = [*drawn[:6], *drawn[12:17]]
    below = [*drawn[6:12], *drawn[17:]]
    for number, image, reading in zip(order, above, below, strict=True):
        assert image.get_title() == f"kind {number}"
        assert _drawn_value(image) == pytest.approx(number / 20, abs=1e-5)
        assert _drawn_value(reading) == pytest.approx(0.5 + number / 20, abs=1e-5)
    assert [frame(axis) for axis in below[:4]] == [RIGHT, WRONG, None, None]
    captions = [axis.get_xlabel().replace("\n", ", ") for axis in below[:4]]
    assert captions == [
        "is zero, read zero",
        "is zero, read one",
        "is zero, read none of them",
        "is none of them, read none of them",
    ]
    unknown = plot_readings(
        images[:1], images[:1], np.array([1]), None, ["zero", "one"], (0, 1), ["kind"]
    )
    assert frame(pictures(unknown)[1]) == RIGHT
    assert pictures(unknown)[1].get_xlabel() == "read one"
