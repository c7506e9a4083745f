"""`import igc_tf` is enough for Keras to load what this package saved."""

import subprocess
import sys

import keras
import numpy as np

from igc_tf.generators.activation_gan import CAGAN_SIZES, build_generator

# the import of TensorFlow takes seconds: what it costs is asked for as well
PROGRAM = """
import sys
import igc_tf
assert not {"keras", "tensorflow", "numpy"} & set(sys.modules), "import igc_tf is slow"
import keras
model = keras.models.load_model(sys.argv[1])
print(float(keras.ops.sum(model([keras.ops.eye(4), keras.ops.ones([4, 5])]))))
"""


def test_keras_loads_a_generator_after_import_igc_tf(tmp_path):
    model = build_generator(CAGAN_SIZES["compact"], 4, (8, 8, 1), 5)
    model.save(tmp_path / "generator.keras")
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "generator.keras")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    made = model([np.eye(4, dtype=np.float32), np.ones([4, 5], np.float32)])
    np.testing.assert_allclose(float(run.stdout.split()[-1]), float(np.sum(made)), rtol=1e-4)
    assert keras.saving.get_registered_object("igc_tf>ConditionNoise") is not None
