"""The table's columns and its rows, of classifiers of every kind."""

import numpy as np
import pytest

from igc_tf import SearchSettings
from igc_tf.classifiers import CLASSIFIERS
from igc_tf.classifiers.table import classify_in_rows, table_columns
from igc_tf.generators.generator import Generator
from igc_tf.search.observations import AnyOf, Blur, Explanations, Identity, Pose, Undone
from tests.fixtures.linear_generator import linear_generator

SHAPE = (6, 6, 1)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_rows_have_the_columns_that_the_table_promises(kind):
    """Also where what happened to an image is found out, and measured, or is not said."""
    model, _, _ = linear_generator(latent_size=2, data_shape=SHAPE, scale=0.1)
    lenses = AnyOf(Identity(), Blur((1.0,), background=0.0), name="lens")
    shift = Undone(Pose(shifts_only=True, background=0.0))
    observation = Explanations(AnyOf(Identity(), shift), lenses)
    generator = Generator(model, bounds=(-1.0, 1.0), background=0.0)
    classifier = CLASSIFIERS[kind](generator, SearchSettings(steps=0), observation)
    data = np.random.default_rng(0).uniform(-0.5, 0.5, [2, *SHAPE]).astype(np.float32)
    ((_, rows),) = classify_in_rows(classifier, data, measure=True)
    columns = table_columns(classifier, measure=True)
    assert [list(row) for row in rows] == [columns] * 2
    says = kind == "inverted"
    assert all((row["explanation"] is not None) == says for row in rows)
    assert {"nuisance:blur", "nuisance:rotation"} <= set(columns) if says else len(columns) == 12
