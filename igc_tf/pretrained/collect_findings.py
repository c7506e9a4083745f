"""What evaluations found about a training run's generator, for its card."""

from typing import NamedTuple

import keras
import numpy as np

from igc_tf.errors import InputError
from igc_tf.generators.keras_files import weights_digest
from igc_tf.runs import read_json

_SEARCH_SETTINGS = "python -m evaluation.search_settings"
# the command, and what it was called when the published tables were made
_NOISE_TABLES = ("igc-tf reproduce", "python -m evaluation.noise_table")
_INVERSE_CLASSIFICATION = "python -m evaluation.inverse_classification"


class Findings(NamedTuple):
    """What a card says besides how its generator was made.

    Attributes:
        best_settings: search settings chosen on the validation images, JSON-ready, or None.
        metrics: figures of result files, JSON-ready.
    """

    best_settings: dict | None
    metrics: list[dict]


def collect_findings(run, search_settings=None, noise_tables=(), inverse_classification=None):
    """Reads what evaluations of the generator that a run chose have found.

    Args:
        run: the directory of `train_cagan` or `train_conditional_gan`.
        search_settings: a directory of evaluation.search_settings, or of
            evaluation.inverse_classification, for the best settings.
        noise_tables: directories of `igc-tf reproduce`, for the metrics.
        inverse_classification: a directory of evaluation.inverse_classification, likewise.

    Returns:
        `Findings`.

    Raises:
        InputError: for an unfinished training, and for a directory that holds no finished result
            of such a program about this generator.
    """
    # a training writes its result only when it is finished
    if not (run / "result.json").is_file():
        raise InputError(f"{run} holds no finished training: expected a result.json")
    digests = _digests(run)
    best, metrics = None, []
    if search_settings is not None:
        programs = (_SEARCH_SETTINGS, _INVERSE_CLASSIFICATION)
        best = _finished(search_settings, programs, digests)["best_settings"]
    for directory in noise_tables:
        table = _finished(directory, _NOISE_TABLES, digests)
        metrics.append(
            {key: table[key] for key in ("program", "options", "search", "data", "rows")}
        )
    if inverse_classification is not None:
        table = _finished(inverse_classification, (_INVERSE_CLASSIFICATION,), digests)
        sizes = [size for size, digest in table["generator_sha256"].items() if digest in digests]
        rows = [
            row
            for row in table["rows"]
            if row["split"] == "test" and str(row["latent_size"]) in sizes
        ]
        metrics.append(
            {**{key: table[key] for key in ("program", "options", "data")}, "rows": rows}
        )
    return Findings(best, metrics)


def _digests(run):
    """Of the run's weights, and of these as they ship, in float16."""
    model = keras.models.load_model(run / "generator.keras", compile=False)
    as_trained = weights_digest(model)
    model.set_weights([weight.astype(np.float16) for weight in model.get_weights()])
    return {as_trained, weights_digest(model)}


def _finished(directory, programs, digests):
    result = read_json(directory / "result.json")
    if result is None or not result.get("complete"):
        raise InputError(f"{directory} holds no finished result: expected a complete result.json")
    if result["program"] not in programs:
        raise InputError(
            f"{directory} holds a result of {result['program']}: expected one of "
            f"{' or '.join(programs)}"
        )
    found = result["generator_sha256"]
    if not digests & set(found.values() if isinstance(found, dict) else [found]):
        raise InputError(
            f"{directory} holds a result about another generator, of hash {found}: expected one of "
            f"{sorted(digests)}"
        )
    return result
