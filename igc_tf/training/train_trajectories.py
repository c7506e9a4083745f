"""Trains a network for pen trajectories."""

import numpy as np

from igc_tf.classifiers import InverseClassifier
from igc_tf.classifiers.network import evaluate_network
from igc_tf.data import LabelledData, data_and_mask, open_trajectories, stratified_split
from igc_tf.generators.generator import Generator
from igc_tf.plots import plot_letters
from igc_tf.runs import RunDirectory
from igc_tf.training.check_same_recipe import check_same_recipe
from igc_tf.training.fit_sequence_network import fit_sequence_network


def train_trajectories(recipe, output, data=None, verbose=1):
    """Trains by a recipe, or resumes the run that `output` holds.

    Writes what `fit_sequence_network` writes; for a generator `letters.png`, what it draws for
    each letter; and at the end `result.json`: the accuracy on the validation trajectories (a
    generator's by inverse classification).

    Args:
        recipe: a `SequenceRecipe`.
        output: the run directory.
        data: a `LabelledData`, or as for `open_trajectories`.
        verbose: 0 for silence.

    Returns:
        The `Evaluation` on the validation trajectories.

    Raises:
        ValueError, NonFiniteLossError: as `fit_sequence_network`.
        DataError: if there are no trajectories.
    """
    run = RunDirectory(output)
    check_same_recipe(run, recipe)
    if not isinstance(data, LabelledData):
        data = open_trajectories(data, recipe.classes, recipe.subsampling)
    split = stratified_split(data)
    model = fit_sequence_network(recipe, run, split.train, verbose)
    validation = split.validation.first_classes(recipe.classes)
    if recipe.network == "generator":
        letters = model.predict_on_batch(np.eye(recipe.classes, dtype=np.float32))
        run.write_figure("letters.png", plot_letters(letters, validation.class_names))
        classifier = InverseClassifier(Generator(model, bounds=validation.bounds))
        evaluation = classifier.evaluate(
            validation.data, validation.labels, validation.mask, verbose=verbose
        )
    else:
        evaluation = evaluate_network(model, data_and_mask(validation), validation.labels)
    run.write_json("result.json", {"epochs": recipe.epochs, "validation": evaluation.to_dict()})
    return evaluation
