"""Ways to search, as the experiments of inverse classification vary them."""

from dataclasses import asdict, dataclass, replace
from typing import Literal

import numpy as np

from igc_tf.classifiers import INVERSE_SETTINGS, InverseClassifier, InvertedGeneratorClassifier


@dataclass(frozen=True)
class InverseSearch:
    """A search for the class of an image, by generator, method and settings.

    Attributes:
        latent_size: which generator: the document's noise size.
        method: "relaxed" searches class vector and latent together; "enumerated" searches
            the latent once for every class, as the paper does, with the same difference and
            optimiser.
        latent_update_factor, latent_first_step: of the relaxed search's latent.
        tangent: of the relaxed search's class vector, see `InverseClassifier`; not in
            the document.
        steps, learning_rate, optimizer: of the search.
    """

    latent_size: int = 25
    method: Literal["relaxed", "enumerated"] = "relaxed"
    latent_update_factor: float = 1.0
    latent_first_step: int = 0
    tangent: bool = False
    steps: int = INVERSE_SETTINGS.steps
    learning_rate: float = INVERSE_SETTINGS.learning_rate
    optimizer: Literal["adam", "momentum"] = "adam"

    @property
    def name(self):
        """Says all of it; fit for a file."""
        return "-".join(f"{key}={value}" for key, value in asdict(self).items())

    @property
    def settings(self):
        """The `SearchSettings`."""
        return replace(
            INVERSE_SETTINGS,
            steps=self.steps,
            learning_rate=self.learning_rate,
            optimizer=self.optimizer,
        )

    def evaluations(self, classes):
        """How often an image's search asks for the generator and its gradient."""
        return self.steps * (classes if self.method == "enumerated" else 1)

    def classifier(self, generator, seed=0):
        """Returns the classifier that searches this way."""
        if self.method == "enumerated":
            return InvertedGeneratorClassifier(generator, self.settings)
        return InverseClassifier(
            generator,
            self.settings,
            latent_unit=self.latent_update_factor,
            latent_first_step=self.latent_first_step,
            tangent=self.tangent,
            seed=seed,
        )

    def answers(self, generator, images, repeats, seed, batch_size):
        """Classifies every image `repeats` times.

        Each repetition of a relaxed search starts from latents of its own. An enumerated search
        starts at the prior's mean: it is run once.

        Args:
            generator: of this latent size.
            images: (N, ...).
            repeats: R.
            seed: of the starts.
            batch_size: images searched at once.

        Returns:
            (answers int64 (R, N), or (1, N) if enumerated; mean entropy of the class vectors in
            nats, None if enumerated; mean data difference of the answers' reconstructions).
        """
        classifier = self.classifier(generator, seed)
        if self.method == "enumerated":
            differences = -classifier.predict(
                images, batch_size=max(1, batch_size // 10), verbose=0
            )
            return differences.argmin(axis=1)[None], None, float(differences.min(axis=1).mean())
        # an image's start depends on its number in the call: a repetition is another number
        found = classifier.classify(np.concatenate([images] * repeats), batch_size=batch_size)
        labels = found.predictions.reshape(repeats, len(images))
        return labels, float(found.entropies.mean()), float(found.differences.mean())
