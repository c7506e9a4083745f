"""Trains LeNet on an image set."""

from igc_tf.classifiers.network import evaluate_network
from igc_tf.data import add_gaussian_noise, load_images
from igc_tf.runs import RunDirectory
from igc_tf.tasks import TASKS
from igc_tf.training.check_same_recipe import check_same_recipe
from igc_tf.training.fit_lenet import LENET_FILE, fit_lenet

# the noise of the paper's table (002 §2)
_SIGMAS = (0.0, 0.2, 0.4)


def train_lenet(recipe, output, data_dir=None, verbose=1):
    """Trains by a recipe, or resumes the run that `output` holds.

    Writes what `fit_lenet` writes and at the end `result.json`: the chosen epoch, and its accuracy
    on the test images with the noise of the paper's table, for reporting only. With several
    labels, accuracy is that of all at once.

    Args:
        recipe: a `LeNetRecipe`.
        output: the run directory.
        data_dir: of TensorFlow Datasets; None for its own default.
        verbose: 0 for silence.

    Returns:
        The path of `lenet.keras`.

    Raises:
        ValueError, NonFiniteLossError: as `fit_lenet`.
        DataUnavailableError: if the images cannot be had.
    """
    run = RunDirectory(output)
    check_same_recipe(run, recipe)
    data = [
        load_images(recipe.dataset, split, data_dir=data_dir)
        for split in ("train", "validation", "test")
    ]
    task, classes, source = TASKS[recipe.task], data[0].num_classes, data[0].source
    train, validation, test = (task.prepare(part, recipe.seed) for part in data)
    model = fit_lenet(
        recipe,
        run,
        (train.images, train.answers),
        (validation.images, validation.answers),
        classes if task.labels == 1 else task.labels,
        source,
        verbose,
    )
    rows = []
    for sigma in _SIGMAS:
        noised = add_gaussian_noise(test.images, sigma, recipe.seed)
        rows.append({"sigma": sigma, **evaluate_network(model, noised, test.answers).to_dict()})
    best = run.read_json("best.json")
    run.write_json("result.json", {"best": best, "epochs": recipe.epochs, "test": rows})
    return run.path / LENET_FILE
