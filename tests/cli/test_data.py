"""`igc-tf data import`, in this process."""

import numpy as np

from igc_tf.cli.data import ImportOptions, import_files
from tests.data.idx_writer import idx_bytes


def test_import_shows_the_images_and_the_orientation_it_assumes(tmp_path, capsys):
    images = np.zeros([3, 28, 28], np.uint8)
    images[:, 3] = 255  # a line in the fourth row
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(3)))

    import_files(ImportOptions(tmp_path, "turned", transposed=True, data_dir=tmp_path / "tfds"))
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "The files were taken for transposed. Test images:"
    # every second row is shown; the line is now in the fourth column of each image
    assert shown[2] == "   @" + 29 * " " + "@" + 29 * " " + "@"
    assert "import again without --transposed" in shown[-2]

    import_files(ImportOptions(tmp_path, "upright", data_dir=tmp_path / "tfds"))
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "The files were taken for upright. Test images:"
    assert "import again with --transposed" in shown[-2] and str(tmp_path) in shown[-1]
