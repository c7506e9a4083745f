"""The document's variants, its figures of them, and their trainings."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from igc_tf.errors import InputError
from igc_tf.generators.store import generator_card, load_generator
from igc_tf.runs import differences, json_ready, read_json
from igc_tf.training import RECIPES, DCGANRecipe, train_generator

# how long the document trains: the CGANs, the vanilla GAN, and the DCGANs until their equilibrium
_CGAN_BATCHES = 20_000
_VANILLA_BATCHES = 200_000
_DCGAN_BATCHES = 5_000
# what may differ from the recipe of a run that was trained before: how long it was trained
_LENGTH = ("epochs", "stop_after", "checkpoint_epochs", "validation_images", "loss_batches")


class Published(NamedTuple):
    """A row of the document's table.

    Attributes:
        accuracy: of LeNet on generated images.
        score: the inception score.
        time: of the training, minutes and seconds.
    """

    accuracy: float
    score: float
    time: str


PUBLISHED = {
    "cgan-shallow": Published(0.645, 3.57, "8:14"),
    "cgan-medium": Published(0.715, 3.79, "10:23"),
    "cgan-deep": Published(0.739, 3.85, "16:27"),
    "cgan-convolutional": Published(0.737, 4.0, "25:27"),
    "cgan-medium-ls": Published(0.749, 3.643, "10:42"),
    "cgan-convolutional-ls": Published(0.601, 2.494, "27:36"),
    "cgan-medium-dropout-0.1": Published(0.761, 3.836, "10:36"),
    "cgan-medium-dropout-0.5": Published(0.725, 3.677, "10:36"),
    "cgan-medium-vbn": Published(0.735, 3.82, "19:38"),
    "cgan-medium-vbn-ls": Published(0.763, 3.91, "19:43"),
}
MNIST = "mnist"
PUBLISHED_MNIST = Published(0.9846, 9.685, "")

VARIANTS = tuple(name for name, recipe in RECIPES.items() if isinstance(recipe, DCGANRecipe))


def document_batches(name):
    """For how many batches the document trains a variant."""
    if name == "vanilla-gan":
        return _VANILLA_BATCHES
    return _DCGAN_BATCHES if name.startswith("dcgan") else _CGAN_BATCHES


@dataclass(frozen=True)
class Trained:
    """A variant that was trained once.

    Attributes:
        name: of the variant.
        seed: of its training.
        path: the run directory.
    """

    name: str
    seed: int
    path: Path

    @property
    def options(self):
        """What its run was and was made with: `options.json`."""
        return read_json(self.path / "options.json")

    @property
    def recipe(self):
        """A JSON-ready dict."""
        return self.options["recipe"]

    @property
    def has_classes(self):
        """Whether its generator takes a class."""
        return self.recipe["labels"] != "none"

    @property
    def steps_per_epoch(self):
        """Batches in an epoch."""
        return self.options["data"]["train"] // self.recipe["batch_size"]

    @property
    def epochs(self):
        """The epochs whose generators were kept, ascending; that of the training's end is last."""
        folders = (self.path / "generators").glob("epoch-*")
        return sorted(int(folder.name.removeprefix("epoch-")) for folder in folders)

    @property
    def losses(self):
        """`{"batch": [...], "discriminator_loss": [...], "generator_loss": [...]}`."""
        return read_json(self.path / "losses.json")

    def length(self):
        """How long it was trained, and whether as long as the document's: JSON-ready.

        `epochs`, `batches`, `document_batches`, whether that makes it `reproduced`, and `seconds`
        of the training, in which the generators that were kept were judged too.
        """
        epochs = self.epochs[-1]
        batches, document = epochs * self.steps_per_epoch, document_batches(self.name)
        return {
            "epochs": epochs,
            "batches": batches,
            "document_batches": document,
            "reproduced": batches >= document,
            "seconds": self.options["seconds"],
        }

    def generator_path(self, epoch=None):
        """Where the generator of an epoch is; of the last, which the document takes, if None."""
        return self.path / f"generators/epoch-{epoch or self.epochs[-1]:03d}"

    def generator(self, epoch=None):
        """The `Generator` that is kept there."""
        return load_generator(self.generator_path(epoch))

    def source(self, epoch=None):
        """Which generator a row is of, JSON-ready.

        `generator`, where it is kept in the directory of models, and its `generator_sha256`.
        """
        path = self.generator_path(epoch)
        kept = path.relative_to(self.path.parent).as_posix()
        return {"generator": kept, "generator_sha256": _digest(path)}


def _digest(path):
    """The SHA-256 of a kept generator's weights, as its card says; None if there is none."""
    return generator_card(path)["weights"]["digest"] if path.exists() else None


def changed_generators(rows, models):
    """The generators of some rows that are others by now, as the trainings were done anew.

    Args:
        rows: dicts, with what `Trained.source` says; those without it are of no known generator.
        models: the directory of all run directories. What was trained elsewhere need not be there.

    Returns:
        {generator: (the row's SHA-256, that of the directory of models, None without it)}.
    """
    changed = {}
    for row in rows:
        if "generator" in row:
            path = Path(models) / row["generator"]
            training, now = path.parents[1], _digest(path)
            if training.exists() and now != row["generator_sha256"]:
                changed[row["generator"]] = row["generator_sha256"], now
    return changed


def train_variant(name, recipe, seed, models, data=None, data_dir=None, verbose=1):
    """Trains a variant, or takes the run of it that was finished before.

    Args:
        name: of the variant; with the seed, of its run directory.
        recipe: a `DCGANRecipe`, without the seed.
        seed: of the training.
        models: the directory of all run directories.
        data: as for `train_generator`.
        data_dir: of TensorFlow Datasets; None for its own default.
        verbose: 0 for silence.

    Returns:
        A `Trained`.

    Raises:
        InputError: if the directory holds a finished run of another recipe; it may have been
            trained for another time.
    """
    path = Path(models) / f"{name}-seed-{seed}"
    recipe = replace(recipe, seed=seed)
    if not (path / "result.json").exists():
        train_generator(recipe, path, data, data_dir, verbose=verbose)
    trained = Trained(name, seed, path)
    different = differences(trained.recipe, json_ready(recipe), besides=_LENGTH)
    if different:
        raise InputError(
            f"{path} holds a run of another recipe (there, here): {different}. Expected that of "
            f"{name} with seed {seed}; give another directory of models"
        )
    return trained
