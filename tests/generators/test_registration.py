"""`import igc_tf` is enough for Keras to load what this package saved."""

import json
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
import json
import keras
model = keras.models.load_model(sys.argv[1])
print(json.dumps(model([keras.ops.eye(4), keras.ops.ones([4, 5])]).numpy().tolist()))
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
    np.testing.assert_allclose(json.loads(run.stdout.splitlines()[-1]), made, atol=1e-6)
    assert keras.saving.get_registered_object("igc_tf>ConditionNoise") is not None
