"""How the conditional GAN is trained, for each size."""

import math
from dataclasses import asdict, dataclass
from typing import Literal

from igc_tf.errors import InputError
from igc_tf.generators.conditional_gan import CONDITIONAL_GAN_SIZES
from igc_tf.generators.layers import Precision


@dataclass(frozen=True)
class ConditionalGANRecipe:
    """Everything that decides a training run, apart from where its files go.

    Attributes:
        size: "compact" or "document".
        latent_size: elements of the latent, the document's noise size.
        dataset: an image set of TensorFlow Datasets, of 28×28×1 images.
        epochs: passes over the training images.
        batch_size: images in a step.
        optimizer: of both networks, "adam" or "sgd", which has no momentum.
        learning_rate: of both optimizers.
        beta_1, beta_2: of Adam.
        averaging_decay: per step, of the moving average of the generator's weights; 0 for none.
        condition_sigma: noise on the class vectors, which are then clamped to [0, 1].
        checkpoint_epochs: every so many epochs, and after the last, the generator is kept, drawn
            and judged on the validation images.
        validation_images: how many validation images judge it.
        precision: Keras' dtype policy for training, "float32" or "mixed_bfloat16"; the averaged
            generator, which is kept, is float32 in any case.
        train_images: train on the first N images only; None takes all.
        seed: of weights, order, latents and noise.

    Raises:
        InputError: for a value outside its range.
    """

    size: Literal["compact", "document"] = "compact"
    latent_size: int = 25
    dataset: str = "mnist"
    epochs: int = 12
    batch_size: int = 128
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: float = 1e-3
    beta_1: float = 0.5
    beta_2: float = 0.999
    averaging_decay: float = 0.998
    condition_sigma: float = 0.2
    checkpoint_epochs: int = 3
    validation_images: int = 500
    precision: Precision = "float32"
    train_images: int | None = None
    seed: int = 0

    def __post_init__(self):
        if self.size not in CONDITIONAL_GAN_SIZES:
            expected = sorted(CONDITIONAL_GAN_SIZES)
            raise InputError(f"size={self.size!r}: expected one of {expected}")
        if self.optimizer not in ("adam", "sgd"):
            raise InputError(f"optimizer={self.optimizer!r}: expected 'adam' or 'sgd'")
        counts = ("latent_size", "epochs", "batch_size", "checkpoint_epochs", "validation_images")
        for name in counts:
            if getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)!r}: expected a whole number >= 1")
        for name in ("beta_1", "beta_2", "averaging_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)!r}: expected a number in [0, 1)")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise InputError(f"learning_rate={self.learning_rate!r}: expected a number > 0")
        if not (math.isfinite(self.condition_sigma) and self.condition_sigma >= 0):
            raise InputError(f"condition_sigma={self.condition_sigma!r}: expected a number >= 0")
        if self.train_images is not None and self.train_images < self.batch_size:
            raise InputError(
                f"train_images={self.train_images!r}: expected at least batch_size, "
                f"{self.batch_size}"
            )

    def to_dict(self):
        """JSON-ready."""
        return asdict(self)


CONDITIONAL_GAN_RECIPES = {
    "compact": ConditionalGANRecipe(),
    # the document's published settings
    "document": ConditionalGANRecipe(
        size="document", epochs=61, optimizer="sgd", learning_rate=0.01, averaging_decay=0.0
    ),
}
