"""Loading pen trajectories from files that these tests write."""

import numpy as np
import pytest
import scipy.io

from igc_tf.data import DataError, load_trajectories, open_trajectories
from igc_tf.errors import InputError


def _trajectories(lengths=(5, 3, 4, 3)):
    generator = np.random.default_rng(0)
    return [generator.normal(size=[3, length]) * [[1.0], [2.0], [4.0]] for length in lengths]


def _cells(items):
    cells = np.empty([1, len(items)], object)
    cells[0] = items
    return cells


def _write_uci(path, trajectories, labels=(1, 2, 1, 2)):
    """The form of the published file."""
    constants = {"charlabels": np.array([labels], np.uint8), "key": _cells(["a", "b"])}
    scipy.io.savemat(path, {"mixout": _cells(trajectories), "consts": constants})


def _write_half(path, trajectories, labels=(1, 2, 1, 2)):
    """The form of the published half."""
    scipy.io.savemat(
        path,
        {
            "xtrain": _cells(trajectories),
            "ytrain": np.array([labels], np.uint8),
            "key": _cells(["a", "b"]),
        },
    )


@pytest.mark.parametrize("write", [_write_uci, _write_half])
def test_scales_and_masks_what_the_file_holds(tmp_path, write):
    trajectories = _trajectories()
    write(tmp_path / "letters.mat", trajectories)
    data = load_trajectories(tmp_path / "letters.mat")
    assert data.data.shape == (4, 5, 3) and data.data.dtype == np.float32
    assert data.class_names == ("a", "b")
    np.testing.assert_array_equal(data.labels, [0, 1, 0, 1])
    np.testing.assert_array_equal(data.mask.sum(axis=(1, 2)), [5, 3, 4, 3])
    assert "4 trajectories of letters.mat" in data.source
    scale = [np.sqrt(np.mean(np.hstack(trajectories)[channel] ** 2)) for channel in range(3)]
    for series, trajectory in zip(data.data, trajectories, strict=True):
        length = trajectory.shape[1]
        np.testing.assert_allclose(series[:length], (trajectory.T / scale), rtol=1e-6)
        assert (series[length:] == 0).all()


def test_a_channel_without_any_change_stays_so(tmp_path):
    still = [trajectory * [[1], [1], [0]] for trajectory in _trajectories()]
    _write_half(tmp_path / "letters.mat", still)
    assert (load_trajectories(tmp_path / "letters.mat").data[..., 2] == 0).all()


def test_synthetic_strokes_are_opened_in_their_place():
    for classes in (2, 6):
        strokes = open_trajectories("synthetic", classes, subsampling=4)
        assert strokes.data.shape == (40 * classes, 12, 3) and strokes.num_classes == classes
    with pytest.raises(InputError, match="--classes 7: expected at most 6, those of synthetic"):
        open_trajectories("synthetic", 7, subsampling=1)


def test_environment_variable_names_the_file(tmp_path, monkeypatch):
    _write_uci(tmp_path / "letters.mat", _trajectories())
    monkeypatch.setenv("IGC_TF_TRAJECTORIES", str(tmp_path / "letters.mat"))
    assert len(load_trajectories()) == 4
    # a path goes before it
    with pytest.raises(DataError, match="elsewhere"):
        load_trajectories(tmp_path / "elsewhere.mat")


def test_missing_file_says_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.delenv("IGC_TF_TRAJECTORIES", raising=False)
    with pytest.raises(DataError, match=r"(?s)UCI Machine Learning.*IGC_TF_TRAJECTORIES"):
        load_trajectories()
    with pytest.raises(DataError, match=r"(?s)nothing.mat is no file.*mixoutALL_shifted"):
        load_trajectories(tmp_path / "nothing.mat")


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text.mat").write_text("no trajectories")
    with pytest.raises(DataError, match="text.mat could not be read"):
        load_trajectories(tmp_path / "text.mat")
    scipy.io.savemat(tmp_path / "other.mat", {"x": np.eye(2)})
    with pytest.raises(DataError, match=r"holds \['x'\].*xtrain"):
        load_trajectories(tmp_path / "other.mat")
    _write_half(tmp_path / "flat.mat", [*_trajectories()[:3], np.ones([2, 4])])
    with pytest.raises(DataError, match=r"trajectory 3 has shape \(2, 4\)"):
        load_trajectories(tmp_path / "flat.mat")
    _write_half(tmp_path / "labels.mat", _trajectories(), labels=(1, 2, 3, 1))
    with pytest.raises(DataError, match="4 labels for 4 trajectories of 2 letters"):
        load_trajectories(tmp_path / "labels.mat")
