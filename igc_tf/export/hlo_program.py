"""Runs an exported HLO program under JAX. Needs JAX and NumPy, but not TensorFlow."""

import json
from pathlib import Path

import numpy as np

from igc_tf.errors import InputError, MissingPackageError, first_line
from igc_tf.ranges import bounds_from_json, lie_within


class HLOProgram:
    """A classifier that `igc_tf.export.export_hlo` wrote, compiled for one of JAX's devices.

        classify = HLOProgram("exported")
        labels = classify(images)["label"]

    Args:
        directory: holds `program.json`, `program.hlo.pb` and `weights.npz`.
        platform: "cpu", "gpu", "tpu" ...; by default the one JAX prefers.

    Attributes:
        description: what `program.json` says.
        device: the JAX device it runs on.

    Raises:
        InputError: if the directory holds no such program.
        MissingPackageError: if JAX is missing, or has no such platform.
    """

    def __init__(self, directory, platform=None):
        directory = Path(directory)
        if not (directory / "program.json").is_file():
            raise InputError(f"{directory} holds no HLO program: expected a program.json in it")
        try:
            import jax
            from jax.extend import backend
            from jax.extend.mlir import hlo_to_stablehlo
        except ImportError as error:
            raise MissingPackageError(
                f"running an HLO program needs JAX ({error}): pip install 'igc-tf[jax]'"
            ) from error
        self.description = json.loads((directory / "program.json").read_text(encoding="utf-8"))
        try:
            client = backend.get_backend(platform)
        except RuntimeError as error:
            raise MissingPackageError(
                f"platform={platform!r}: JAX has none here ({first_line(error)})"
            ) from error
        self.device = client.local_devices()[0]
        self._executable = client.compile_and_load(
            hlo_to_stablehlo((directory / "program.hlo.pb").read_bytes()), [self.device]
        )
        self._put = lambda array: jax.device_put(array, self.device)
        # of TensorFlow's numbers of 64 bits JAX makes 32 otherwise
        self._in_64_bits = lambda: jax.enable_x64(True)
        with np.load(directory / "weights.npz", allow_pickle=False) as weights:
            _, *names = (argument["name"] for argument in self.description["inputs"])
            with self._in_64_bits():
                self._weights = [self._put(weights[name]) for name in names]

    def __call__(self, images):
        """Classifies any number of images, in batches of the program's size.

        Args:
            images: (N, ...), N at least 1, within the `bounds` of the description.

        Returns:
            The classifier's `answer`: `{"label": int32 (N,), "score": float32 (N, C), …}`, NumPy
            arrays.

        Raises:
            InputError: for images of another shape or range.
        """
        images = self._checked(images)
        batch_size = self.description["batch_size"]
        parts = []
        for begin in range(0, len(images), batch_size):
            part = images[begin : begin + batch_size]
            filled = np.zeros([batch_size, *images.shape[1:]], np.float32)
            filled[: len(part)] = part
            with self._in_64_bits():
                outputs = self._executable.execute([self._put(filled), *self._weights])
            parts.append([np.asarray(output)[: len(part)] for output in outputs])
        names = (output["name"] for output in self.description["outputs"])
        return {
            name: np.concatenate(values)
            for name, values in zip(names, zip(*parts, strict=True), strict=True)
        }

    def _checked(self, images):
        images = np.asarray(images, np.float32)
        expected = tuple(self.description["data_shape"])
        if images.shape[1:] != expected or len(images) == 0:
            raise InputError(
                f"images have shape {images.shape}: "
                f"expected (N, {', '.join(map(str, expected))}), N >= 1"
            )
        low, high = bounds = bounds_from_json(self.description["bounds"])
        if not lie_within(images, bounds):
            raise InputError(
                f"images lie in [{images.min():g}, {images.max():g}]: "
                f"expected [{low:g}, {high:g}], the bounds"
            )
        return images
