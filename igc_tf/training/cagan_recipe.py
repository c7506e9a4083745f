"""How the conditional activation GAN is trained, for each size."""

import math
from dataclasses import asdict, dataclass
from typing import Literal

from igc_tf.errors import InputError
from igc_tf.generators.activation_gan import CAGAN_SIZES
from igc_tf.generators.layers import Precision
from igc_tf.search.differences import resolve_difference
from igc_tf.tasks import TASKS


@dataclass(frozen=True)
class CAGANRecipe:
    """Everything that decides a training run, apart from where its files go.

    Attributes:
        size: "compact" or "paper".
        task: what the generator is conditioned on: the "classes", or "digit_labels", several
            binary labels at once (`igc_tf.data.label_digits`).
        dataset: an image set of TensorFlow Datasets, of 28×28×1 images.
        epochs: passes over the training images.
        batch_size: images in a step.
        learning_rate: of both Adam optimizers.
        final_learning_rate: if given, the learning rate falls to it along a cosine; else constant.
        beta_1, beta_2: of both Adam optimizers.
        averaging_decay: per step, of the moving average of the generator's weights.
        separation_weight: of the class separation loss; 0 trains as the paper does.
        separation_images: images of each batch that are searched for it.
        separation_candidates: with how many classes each is searched, the right one and the
            nearest others; None for all (see `ClassSeparation`).
        separation_steps: steps of that search.
        separation_temperature: of its cross entropy, in units of the data difference.
        separation_decision: a difference, by name, that the classes should be told apart by as
            well as by the mean absolute one ("deformation"); None for that one alone.
        reconstruction_weight: of the right class's data difference in that search.
        separation_distortion: turn, stretch and shift the searched images a little.
        separation_sigma: noise on half of the searched images, of a deviation drawn from
            0..sigma.
        validation_images: how many validation images judge each epoch, read by the search that
            the training separates by, or without one by the paper's,
        validation_sigmas: at each of these standard deviations of noise.
        precision: Keras' dtype policy for training, "float32" or "mixed_bfloat16"; the averaged
            generator, which is kept, is float32 in any case.
        start_from: the directory of another run, whose last weights are the first ones here.
        train_images: train on the first N images only; None takes all.
        seed: of weights, order, latents and noise.

    Raises:
        InputError: for a value outside its range.
    """

    size: Literal["compact", "paper"] = "paper"
    task: Literal["classes", "digit_labels"] = "classes"
    dataset: str = "mnist"
    epochs: int = 100
    batch_size: int = 32
    learning_rate: float = 1e-5
    final_learning_rate: float | None = None
    beta_1: float = 0.9
    beta_2: float = 0.999
    averaging_decay: float = 0.999
    separation_weight: float = 0.0
    separation_images: int = 64
    separation_candidates: int | None = None
    separation_steps: int = 8
    separation_temperature: float = 0.005
    separation_decision: str | None = None
    reconstruction_weight: float = 10.0
    separation_distortion: bool = False
    separation_sigma: float = 0.0
    validation_images: int = 500
    validation_sigmas: tuple[float, ...] = (0.0,)
    precision: Precision = "float32"
    start_from: str | None = None
    train_images: int | None = None
    seed: int = 0

    def __post_init__(self):
        if self.size not in CAGAN_SIZES:
            raise InputError(f"size={self.size!r}: expected one of {sorted(CAGAN_SIZES)}")
        if self.task not in TASKS:
            raise InputError(f"task={self.task!r}: expected one of {sorted(TASKS)}")
        counts = ("epochs", "batch_size", "validation_images")
        for name in (*counts, "separation_images", "separation_steps"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)!r}: expected a whole number >= 1")
        for name in ("separation_weight", "reconstruction_weight", "separation_sigma"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name}={getattr(self, name)!r}: expected a number >= 0")
        for name in ("beta_1", "beta_2", "averaging_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)!r}: expected a number in [0, 1)")
        if self.separation_decision is not None:
            resolve_difference(self.separation_decision)
        if not self.separation_temperature > 0:
            raise InputError(
                f"separation_temperature={self.separation_temperature!r}: expected a number > 0"
            )
        if not self.validation_sigmas or not all(sigma >= 0 for sigma in self.validation_sigmas):
            raise InputError(
                f"validation_sigmas={self.validation_sigmas!r}: expected one or more numbers >= 0"
            )
        rates = [self.learning_rate]
        rates += [self.final_learning_rate] if self.final_learning_rate is not None else []
        if not all(math.isfinite(rate) and rate > 0 for rate in rates):
            raise InputError(f"learning rates {rates}: expected numbers > 0")
        if self.train_images is not None and self.train_images < self.batch_size:
            raise InputError(
                f"train_images={self.train_images!r}: expected at least batch_size, "
                f"{self.batch_size}"
            )

    def to_dict(self):
        """JSON-ready."""
        return {**asdict(self), "validation_sigmas": list(self.validation_sigmas)}


CAGAN_RECIPES = {
    "compact": CAGANRecipe(
        size="compact",
        epochs=8,
        batch_size=64,
        learning_rate=2e-3,
        final_learning_rate=1e-5,
        beta_1=0.5,
        beta_2=0.99,
        averaging_decay=0.998,
        separation_weight=1.0,
        separation_decision="deformation",
        reconstruction_weight=5.0,
        separation_distortion=True,
        separation_sigma=0.4,
        validation_images=1000,
        validation_sigmas=(0.0, 0.4),
    ),
    # the author's published settings
    "paper": CAGANRecipe(),
}
