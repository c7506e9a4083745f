"""What figures of images show: which picture where, captions, and which frame is marked."""

import itertools
import re
import warnings

import numpy as np
import pytest
from matplotlib.colors import to_hex

from igc_tf.data.layout import ConditionLayout, Label
from igc_tf.errors import InputError
from igc_tf.plots import (
    plot_captioned,
    plot_cases,
    plot_class_samples,
    plot_explanations,
    plot_inverse_cases,
    plot_label_cases,
    plot_readings,
    plot_search,
    tile_images,
    to_unit_range,
)
from igc_tf.runs import RunDirectory
from tests.plots.drawn import pictures, pixels, rendered, rows, saved, untidy

ORANGE, RED = to_hex("tab:orange"), to_hex("tab:red")
RIGHT, WRONG, MISSED = (ORANGE, "-"), (RED, "-"), (ORANGE, ":")
SHAPES = [(6, 5), (6, 5, 1), (6, 5, 3), (6, 5, 4)]


def _flat(values, shape):
    """Images (..., *shape), each of one value."""
    values = np.asarray(values, np.float32)
    return np.broadcast_to(values[(..., *[None] * len(shape))], (*values.shape, *shape))


def _drawn_value(picture):
    (value,) = np.unique(picture.pixels.round(5))
    return value


def _frames(shown):
    return [picture.frame for picture in shown]


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
    # what was dropped does not count
    found = to_unit_range([np.nan, -3, np.inf, 1, 5], (-np.inf, np.inf))
    np.testing.assert_allclose(found, [np.nan, 0, 1, 0.5, 1])
    np.testing.assert_allclose(to_unit_range([np.nan], (-np.inf, np.inf)), [np.nan])


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
    assert tile_images(_flat([np.nan, 4], (2, 2)), 1)[2].tolist() == [4, 4]
    assert tile_images(_flat([np.nan, np.nan], (2, 2)), 1)[2].tolist() == [0, 0]


def test_pictures_that_are_compared_have_one_scale_also_where_bounds_are_infinite():
    bounds, shape = (-np.inf, np.inf), (6, 5)
    search = plot_search(
        _flat(9, shape), {0: _flat([1, 3], shape), 8: _flat([5, np.nan], shape)}, "ab", bounds
    )
    values = [_drawn_value(picture) for picture in pictures(search)]
    np.testing.assert_allclose(values, [0, 0.5, 1, 0.25, np.nan, 1])
    parts = [_flat([value], shape) for value in (1, 5, 2, 4)]
    explained = pictures(plot_explanations(*parts, ["as it is"], bounds))
    # the residual of 3 begins at the least value
    assert [_drawn_value(picture) for picture in explained] == [0, 1, 0.25, 0.75, 0.75]
    rows = {"a": _flat([1, 2], shape), "b": _flat([3, 5], shape)}
    for picture, ends in zip(pictures(plot_class_samples(rows, bounds)), "ab", strict=True):
        first, last = (rows[ends][:, 0, 0] - 1) / 4
        assert (picture.pixels[:, :5] == first).all() and (picture.pixels[:, 6:] == last).all()
    layout = ConditionLayout.classes(["a", "b"])
    figure = plot_inverse_cases(rows["a"], rows["b"], np.eye(2), None, layout, bounds)
    assert [pixels(axis).max() for axis in figure.axes[:4]] == [0, 0.25, 0.5, 1]


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
    shown = pictures(figure)
    values = [_drawn_value(picture) for picture in shown]
    expected = [0, 0.0625, 0.125, 0.1875, 0.5, 0.25, 0.3125, 0.375, 0.4375, 1]
    np.testing.assert_allclose(values, expected, atol=1e-4)
    names = [*(f"name {i}" for i in range(4)), "input"]
    assert [picture.above for picture in shown] == names + [""] * 5
    assert [picture.below for picture in shown[:5]] == [
        *("0.000", "0.125", "0.250", "0.375"),
        "is name 2\nread name 2",
    ]
    assert shown[9].below == "is name 0\nread name 3"
    assert [len(row) for row in rows(figure)] == [5, 5]
    assert figure.get_suptitle() == "the title"
    colour = shown[0].pixels.ndim == 3
    assert colour == (shape[2:] in [(3,), (4,)])


@pytest.mark.parametrize("shape", SHAPES[:3])
def test_pictures_and_frames_are_drawn_where_they_stand(shape):
    figure = _cases(shape)
    paper = rendered(figure)
    edges = []
    for picture in pictures(figure):
        left, right = np.rint(figure.dpi * picture.box.intervalx).astype(int)
        bottom, top = len(paper) - np.rint(figure.dpi * picture.box.intervaly).astype(int)
        # its shape is kept
        assert (right - left) / (bottom - top) == pytest.approx(shape[1] / shape[0], rel=0.03)
        inside = paper[top + 4 : bottom - 4, left + 4 : right - 4]
        np.testing.assert_allclose(inside, 255 * _drawn_value(picture), atol=1)
        edge = paper[top + 6 : bottom - 6, left], paper[bottom - 1, left + 6 : right - 6]
        edges.append({to_hex(colour / 255) for colour in np.concatenate(edge)})
    framed = [edge & {ORANGE, RED} for edge in edges]
    no = set()
    assert framed == [no, no, {ORANGE}, no, no, {ORANGE}, no, no, {RED}, no]
    # of the right class's frame the picture is seen through the gaps
    assert [len(edge) == 1 for edge in edges if edge & {ORANGE, RED}] == [True, False, True]


def test_a_right_prediction_is_orange_a_wrong_one_red_beside_the_dashed_right_class():
    shown = pictures(_cases())
    assert _frames(shown[:5]) == [None, None, RIGHT, None, None]
    assert _frames(shown[5:]) == [MISSED, None, None, WRONG, None]


def test_where_the_truth_is_not_known_the_prediction_is_orange():
    shown = pictures(_cases(labels=None))
    assert _frames(shown[:5]) == [None, None, RIGHT, None, None]
    assert _frames(shown[5:]) == [None, None, None, RIGHT, None]
    assert (shown[4].below, shown[9].below) == ("read name 2", "read name 3")


def test_grey_pictures_are_black_and_white_at_the_bounds():
    picture = _cases().axes[0].images[0]
    assert picture.get_clim() == (0, 1) and picture.get_cmap().name == "gray"


@pytest.mark.parametrize("shape", [(1, 60), (60, 1)])
def test_a_line_of_pixels_is_seen_inside_of_its_frame(shape):
    figure = _cases(shape)
    shown = pictures(figure)
    assert _frames(shown[:5]) == [None, None, RIGHT, None, None] and untidy(figure) == []
    drawn = rendered(figure)
    for picture, value in zip(shown[:5], (0, 1 / 16, 2 / 16, 3 / 16, 1 / 2), strict=True):
        x, y = np.mean(picture.box.get_points(), axis=0) * figure.dpi
        seen = drawn[int(len(drawn) - y), int(x)]
        np.testing.assert_allclose(seen, 255 * value, atol=2)


NAMES = [f"a class named {i}" if i % 3 else f"class {i}" for i in range(20)]


def test_twenty_named_classes_take_two_lines_a_case():
    figure = saved(_cases((6, 5, 3), 20, names=NAMES))
    lines = rows(figure)
    assert [len(line) for line in lines] == [11, 10, 11, 10]
    # every frame has its class's name, as the first line is far away
    for first, second in ((0, 1), (2, 3)):
        names = [picture.above.replace("\n", " ") for picture in lines[first] + lines[second]]
        assert names == [*NAMES[:10], "input", *NAMES[10:]]
    # the classes stand below each other, and the sheet is narrow enough for a page
    for upper, lower in itertools.pairwise(lines):
        for a, b in zip(upper[:10], lower[:10], strict=True):
            assert a.box.intervalx == pytest.approx(b.box.intervalx)
    width, _ = figure.get_size_inches()
    assert width < 12 and untidy(figure) == []


def test_names_too_long_for_two_lines_are_cut():
    names = ["golden retriever with a red hat on", "cat", "dog", "owl"]
    shown = pictures(_cases(names=names))
    title = shown[0].above
    assert title.startswith("golden\n") and title.endswith("…") and len(title) < 25
    # beside the sheet there is more room
    assert shown[9].below == "is golden retriever with a red h…\nread owl"


def test_long_names_without_blanks_are_told_apart_by_their_second_line():
    names = [
        "no_blanks_in_this_one_of_long_names",
        "no_blanks_in_that_one",
        "a_name_of_26_letters_alone",
        "cat",
    ]
    shown = pictures(_cases(names=names))
    assert [picture.above for picture in shown[:4]] == [
        "no_blanks_in_\nthis_one_of_…",
        "no_blanks_in_\nthat_one",
        "a_name_of_26_\nletters_alone",
        "cat",
    ]


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
    (axes,) = figure.axes
    for text in (figure._suptitle, *axes.texts):
        _, is_formula = text._preprocess_math(text.get_text())
        assert not is_formula
    shown, _ = figure._suptitle._preprocess_math(figure.get_suptitle())
    assert shown == name.encode("utf-8", "replace").decode()
    saved(figure)


def test_letters_that_the_font_lacks_are_no_warning(tmp_path):
    def plot():
        return plot_captioned(np.zeros([1, 4, 4]), ["漢字"], (0, 1), title="漢字")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RunDirectory(tmp_path).write_figure("figure.png", plot())
    with pytest.warns(UserWarning, match="Glyph .* missing from font"):
        plot().savefig(tmp_path / "by_matplotlib_alone.png")


def test_captions_stand_above_their_images():
    images = np.linspace(0, 1, 3 * 4 * 4).reshape(3, 4, 4, 1)
    figure = saved(plot_captioned(images, ["4, read 9", "$", "7"], (0, 1), 2, "title"))
    assert [len(row) for row in rows(figure)] == [2, 1]
    shown = pictures(figure)
    assert [picture.above for picture in shown] == ["4, read 9", r"\$", "7"]
    np.testing.assert_allclose(shown[2].pixels, images[2, ..., 0], atol=1e-6)
    assert figure.get_suptitle() == "title"


def test_names_of_rows_may_be_longer():
    samples = {"saturating, strong discriminator": np.zeros([2, 4, 4])}
    for values, expected in (
        ({}, "saturating,\nstrong…"),
        ({"name_width": 20}, "saturating, strong\ndiscriminator"),
    ):
        (picture,) = pictures(saved(plot_class_samples(samples, (0, 1), **values)))
        assert picture.beside == expected


@pytest.mark.parametrize("shape", [(20,), (6, 5, 2), (6, 5, 4, 3)])
def test_what_is_no_picture_is_refused(shape):
    message = re.escape(f"an image has shape {shape}: expected (H, W)")
    with pytest.raises(InputError, match=message):
        _cases(shape)
    with pytest.raises(InputError, match=message):
        plot_class_samples({"a": np.zeros([4, *shape])}, (0, 1), columns=2)


def test_samples_of_which_there_are_none_are_refused():
    with pytest.raises(InputError, match="no images to draw: expected at least one of each class"):
        plot_class_samples({"a": np.zeros([0, 4, 4])}, (0, 1))


# ---- the search


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)])
def test_a_search_is_a_row_per_class_and_a_column_per_step(shape):
    snapshots = {50: _flat([4, 5, 6], shape), 0: _flat([1, 2, 3], shape)}
    figure = saved(plot_search(_flat(9, shape), snapshots, "abc", (0, 10), "title"))
    shown = pictures(figure)
    np.testing.assert_allclose(
        [_drawn_value(picture) for picture in shown],
        [0.1, 0.4, 0.9, 0.2, 0.5, 0.9, 0.3, 0.6, 0.9],
        atol=1e-5,
    )
    assert [len(row) for row in rows(figure)] == [3, 3, 3]
    assert [picture.above for picture in shown[:3]] == ["step 0", "step 50", "input"]
    assert [picture.beside for picture in shown] == [*("a", "", ""), *("b", "", ""), *("c", "", "")]
    assert figure.get_suptitle() == "title"


def test_a_search_of_other_candidates_than_the_classes_is_refused():
    message = "4 reconstructions of step 7: expected one for each of the 2 classes"
    snapshots = {0: np.zeros([2, 6, 5]), 7: np.zeros([4, 6, 5])}
    with pytest.raises(InputError, match=message):
        plot_search(np.zeros([6, 5]), snapshots, ["a", "b"], (0, 1))


def test_a_search_among_twenty_classes_stands_in_two_groups():
    values = np.arange(20) / 20
    figure = saved(plot_search(_flat(1, (4, 4)), {0: _flat(values, (4, 4))}, NAMES, (0, 1)))
    grid = rows(figure)
    assert [len(row) for row in grid] == [4] * 10
    for i, name in enumerate(NAMES):
        group = 2 * (i // 10)
        picture, given = grid[i % 10][group : group + 2]
        assert picture.beside.replace("\n", " ") == name
        assert _drawn_value(picture) == pytest.approx(values[i])
        assert _drawn_value(given) == 1
    # the names on the left are within the figure
    assert untidy(figure) == []


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
    shown = pictures(figure)
    expected = [2, *np.arange(7) / 14, 3, *np.arange(7, 14) / 14]
    np.testing.assert_allclose(
        [_drawn_value(picture) for picture in shown], np.array(expected) / 4, atol=1e-5
    )
    assert [picture.above for picture in shown[:8]] == [
        *("input", "not odd", "odd", "colour red", "colour green", "colour blue"),
        *("not big", "big"),
    ]
    assert shown[10].below == f"{8 / 14:.3f}"
    # between the groups there is room
    gaps = [b.box.x0 - a.box.x1 for a, b in itertools.pairwise(shown[:8])]
    narrow, wide = min(gaps), max(gaps)
    assert wide > 2 * narrow > 0
    assert gaps == pytest.approx([wide, narrow, wide, narrow, narrow, wide, narrow], abs=0.05)


def test_each_labels_prediction_is_framed():
    shown = pictures(_label_cases())
    assert _frames(shown[:8]) == [None, None, RIGHT, RIGHT, None, None, None, RIGHT]
    assert _frames(shown[8:]) == [
        None,
        *(RIGHT, None),
        *(None, WRONG, MISSED),
        *(WRONG, MISSED),
    ]
    frames = _frames(pictures(_label_cases(None))[9:])
    assert frames == [RIGHT, None, None, RIGHT, None, RIGHT, None]


# ---- samples and inverse classification


@pytest.mark.parametrize("shape", SHAPES)
def test_samples_stand_in_one_row_per_class(shape):
    samples = {name: _flat([i, i + 1], shape) for i, name in enumerate(NAMES)}
    figure = saved(plot_class_samples(samples, (0, 40), "title"))
    shown = pictures(figure)
    assert [picture.beside.replace("\n", " ") for picture in shown] == NAMES
    for i, picture in enumerate(shown):
        sheet = picture.pixels
        assert sheet.shape == (6, 11, *[n for n in shape[2:] if n > 1])
        np.testing.assert_allclose(sheet[:, :5], i / 40, atol=1e-5)
        np.testing.assert_allclose(sheet[:, 6:], (i + 1) / 40, atol=1e-5)
    assert [len(row) for row in rows(figure)] == [1] * 20 and untidy(figure) == []


@pytest.mark.parametrize("labels", [(1, 2), None])
def test_inverse_cases_show_input_reconstruction_and_class_vector(labels):
    conditions = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]])
    figure = saved(
        plot_inverse_cases(
            _flat([1, 2], (4, 4, 1)),
            _flat([3, 4], (4, 4, 1)),
            conditions,
            labels,
            ConditionLayout.classes(["cat", "dog", "owl"]),
            (0, 4),
        )
    )
    drawn = [np.unique(pixels(axis)) for axis in figure.axes[:4]]
    np.testing.assert_allclose(drawn, [[0.25], [0.5], [0.75], [1]])
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


@pytest.mark.parametrize("labels", [[[1, 2], [0, 0]], None])
def test_inverse_cases_of_several_labels_say_each(labels):
    layout = ConditionLayout((Label("size", ("small", "big")), Label("form", tuple("pqr"))))
    conditions = np.array([[0.4, 0.6, 0.8, 0.1, 0.1], [0.9, 0.1, 0.2, 0.45, 0.35]])
    images = np.zeros([2, 6, 5])
    figure = plot_inverse_cases(images, images, conditions, labels, layout, (0, 1))
    charts = figure.axes[4:]
    captions = [axis.get_xlabel() for axis in charts]
    right = [[to_hex(bar.get_facecolor()) == ORANGE for bar in axis.patches] for axis in charts]
    if labels is None:
        assert captions == ["read size=big, form=p", "read size=small, form=q"]
        assert not np.any(right)
    else:
        assert captions == [
            "is size=big, form=r\nread size=big, form=p",
            "is size=small, form=p\nread size=small, form=q",
        ]
        np.testing.assert_array_equal(right, [[0, 1, 0, 0, 1], [1, 0, 1, 0, 0]])


def test_captions_of_inverse_cases_do_not_lie_over_each_other():
    names = [f"a class with the long name {i}" for i in range(3)]
    zeros, layout = np.zeros([3, 6, 5]), ConditionLayout.classes(names)
    figure = plot_inverse_cases(zeros, zeros, np.eye(3), [0, 0, 0], layout, (0, 1), TITLE)
    rendered(figure)
    boxes = [axis.xaxis.label.get_window_extent() for axis in figure.axes[6:]]
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
    assert boxes[0].x0 >= 0 and boxes[2].x1 <= figure.bbox.x1


def test_a_class_that_was_dropped_is_said_to_be_so():
    reconstructions = _flat([[0.2, np.nan]], (6, 5))
    differences = np.array([[0.25, np.nan]])
    figure = plot_cases(
        np.zeros([1, 6, 5]), reconstructions, differences, [0], [0], ["a", "b"], (0, 1)
    )
    assert [picture.below for picture in pictures(figure)[:2]] == ["0.250", "dropped"]


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
    lines = rows(saved(figure))
    assert untidy(figure) == []
    # eight at most abreast: two lines of six
    assert [len(line) for line in lines] == [6, 6, 5, 5]
    above, below = lines[0] + lines[2], lines[1] + lines[3]
    for number, (image, reading) in enumerate(zip(above, below, strict=True)):
        assert image.above == f"kind {number}"
        assert _drawn_value(image) == pytest.approx(number / 20, abs=1e-5)
        assert _drawn_value(reading) == pytest.approx(0.5 + number / 20, abs=1e-5)
        assert np.mean(image.box.intervalx) == pytest.approx(np.mean(reading.box.intervalx))
    assert _frames(below[:4]) == [RIGHT, WRONG, None, None] and not any(_frames(above))
    captions = [picture.below.replace("\n", ", ") for picture in below[:4]]
    assert captions == [
        "is zero, read zero",
        "is zero, read one",
        "is zero, read none of them",
        "is none of them, read none of them",
    ]
    unknown = plot_readings(
        images[:1], images[:1], np.array([1]), None, ["zero", "one"], (0, 1), ["kind"]
    )
    _, reading = pictures(unknown)
    assert reading.frame == RIGHT and reading.below == "read one"


# ---- explanations


def test_an_explanation_is_a_row_and_a_sentence_below_it():
    sentences = ["read 7, shifted by 2.0 pixels", "read 1: " + "a very long story " * 12]
    parts = [_flat(values, (6, 5)) for values in ([1, 2], [5, 6], [2, 9], [4, 3])]
    figure = saved(plot_explanations(*parts, sentences, (0, 10), "title"))
    shown = rows(figure)
    values = [[_drawn_value(picture) for picture in row] for row in shown]
    np.testing.assert_allclose(
        values, [[0.1, 0.5, 0.2, 0.4, 0.3], [0.2, 0.6, 0.9, 0.3, 0.3]], atol=1e-5
    )
    names = ["input", "as it was read", "explained as", "undistorted", "residual"]
    assert [picture.above for picture in shown[0]] == names
    # in the middle
    below = [row[2].below for row in shown]
    assert [" ".join(text.split()) for text in below] == [text.strip() for text in sentences]
    assert "\n" not in below[0] and "\n" in below[1] and untidy(figure) == []


# ---- all of them

LONG = ["golden retriever with a red hat on", "cat", "anuninterruptedwordthatislong", "M" * 40]
TITLE = "a title that is much longer than one narrow picture, its name and another"


def _extremes(shape, count):
    """Figures of few or many pictures, with names and captions of any length."""
    zeros, names = np.zeros([count, *shape]), (LONG * count)[:count]
    labels = np.arange(count)
    every = np.zeros([count, count, *shape])
    layout = ConditionLayout(tuple(Label(name, ("0", "1")) for name in LONG))
    both = np.zeros([count, 8, *shape])
    values = np.zeros([count, 4], int)
    return {
        "search": plot_search(zeros[0], {0: zeros, 10**9: zeros}, names, (0, 1), TITLE),
        "cases": plot_cases(
            zeros, every, every[:, :, 0, 0], labels, labels[::-1], names, (0, 1), TITLE
        ),
        "readings": plot_readings(zeros, zeros, labels, None, names, (0, 1), names, TITLE),
        "labels": plot_label_cases(zeros, both, both[:, :, 0, 0], values, None, layout, (0, 1)),
        "samples": plot_class_samples(dict.fromkeys(LONG, zeros), (0, 1), TITLE),
        "captioned": plot_captioned(zeros, names, (0, 1), 4, "M" * 99),
        "explanations": plot_explanations(*[zeros] * 4, [TITLE * 3] * count, (0, 1)),
    }


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("shape", [(8, 8), (4, 16), (16, 4)], ids=["square", "wide", "tall"])
def test_nothing_lies_over_something_else_or_is_cut_off(shape, count):
    figures = _extremes(shape, count)
    assert {name: untidy(figure) for name, figure in figures.items()} == {
        name: [] for name in figures
    }
