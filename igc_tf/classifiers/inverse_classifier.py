"""Inverse classification (000, 001)."""

import numpy as np

from igc_tf.classifiers.batched_search import BatchedSearch
from igc_tf.classifiers.inverse_classification import InverseClassification
from igc_tf.search.generator_search import GeneratorSearch
from igc_tf.search.generator_signature import GeneratorSignature
from igc_tf.search.search_settings import SearchSettings
from igc_tf.search.search_space import SearchSpace

# the document's (000) published script
INVERSE_SETTINGS = SearchSettings(
    steps=200,
    learning_rate=0.05,
    beta_2=0.99,
    difference="mean_squared",
    restriction_weight=0.0,
)

# 001 asks for convergence, and leaves the rest open; chosen on validation trajectories
TEMPORAL_SETTINGS = SearchSettings(
    steps=200,
    learning_rate=0.1,
    difference="masked_mean_squared",
    restriction_weight=0.0,
    tolerance=1e-3,
)


class InverseClassifier:
    """Classifies by searching class vector and latent together.

    "Inverse Classification using GANs" (Hobbhahn 2020): the class vector starts uniform, the
    latent (the document's noise) at a draw from its prior; both descend on the squared difference
    of image and reproduction; after each update the class vector is clamped to [0, 1] and
    normalised to sum 1 (the document does so before the update, which differs only in what is
    looked at in the end). The largest entry of the class vector is the answer.

    "Inverse classification using generative models" (Hobbhahn 2019) has no latent: the generator
    takes the class vector alone, and only that is searched, until it converges
    (`TEMPORAL_SETTINGS`; for padded sequences, `data_range=None`).

        classifier = InverseClassifier(igc_tf.load_generator("mnist-cgan-compact-25"))
        labels = classifier.classify(images).labels

    Args:
        generator: any Keras model `[condition (B, C), latent (B, Z)] -> data (B, ...)`; the better
            it knows mixtures of classes the better; or `condition (B, C) -> data (B, ...)`.
        settings: a `SearchSettings`; default the document's, `INVERSE_SETTINGS`; without a latent
            `TEMPORAL_SETTINGS`.
        latent_update_factor: multiplies the latent's learning rate (000 §3.2).
        latent_first_step: how many steps pass before the latent moves (000 §3.3).
        tangent: leave of the class vector's gradient only what keeps its sum. Not in the document:
            Adam scales every element by itself, so a gradient common to all classes, which the
            normalisation undoes, drowns what sets them apart.
        seed: of the latents' starts, which depend on it and an image's number in the call only.
        prior_mean, prior_standard_deviation: of the latents the generator was trained with.
        data_range: (low, high) that data must lie in, to catch images in another scale; None
            accepts any finite values.
        condition_size, latent_size: C and Z, needed only for a subclassed model, which does not
            tell them; Z None for one without a latent.

    Raises:
        GeneratorError: if the generator is of another form; the message says how.
        InputError: for settings outside their ranges.
    """

    def __init__(
        self,
        generator,
        settings=None,
        latent_update_factor=1.0,
        latent_first_step=0,
        tangent=False,
        seed=0,
        prior_mean=0.0,
        prior_standard_deviation=1.0,
        data_range=(-0.5, 0.5),
        condition_size=None,
        latent_size=None,
    ):
        self.generator = generator
        self.signature = GeneratorSignature.of(
            generator, condition_size, latent_size, needs_latent=False
        )
        has_latent = self.signature.latent_size is not None
        default = INVERSE_SETTINGS if has_latent else TEMPORAL_SETTINGS
        self.settings = settings if settings is not None else default
        self.latent_update_factor = latent_update_factor
        self.latent_first_step = latent_first_step
        self.tangent = tangent
        self.seed = seed
        self.prior_mean = prior_mean
        self.prior_standard_deviation = prior_standard_deviation
        self.data_range = data_range
        if has_latent:
            space = SearchSpace.condition_and_latent(
                self.classes,
                self.signature.latent_size,
                self.settings.restriction(prior_mean, prior_standard_deviation),
                seed,
                latent_update_factor,
                latent_first_step,
                tangent,
            )
        else:
            space = SearchSpace.condition_alone(self.classes, tangent)
        self.search = GeneratorSearch(generator, space, self.settings)
        self._batched = BatchedSearch(self.search, self.signature.data_shape, data_range)

    @property
    def classes(self):
        """C, the number of classes."""
        return self.signature.condition_size

    def predict(self, images, batch_size=250, verbose="auto"):
        """Scores the classes, as Keras' `Model.predict` does: the argmax is the label.

        Args:
            images: (N, ...) shaped as the generator's output, in `data_range`.
            batch_size: images searched at once. Bounds the memory; does not change the answer.
            verbose: 1 or "auto" shows a progress bar with the time left, 0 is silent.

        Returns:
            float32 (N, C): the class vectors found.

        Raises:
            InputError: for images of another shape or range, or a search that diverges.
        """
        batches = self._batched.batches(images, batch_size, verbose)
        conditions = [_conditions(result) for result in batches]
        return np.concatenate(conditions) if conditions else np.zeros([0, self.classes], np.float32)

    def classify(self, images, batch_size=250, verbose=0, history=False, snapshots=()):
        """Classifies and keeps everything the search found.

        Args:
            images, batch_size, verbose: as for `predict`.
            history: record loss and difference at every step.
            snapshots: numbers of steps, 0 to the settings' `steps`, whose reconstructions to keep.

        Returns:
            An `InverseClassification`.

        Raises:
            InputError: as for `predict`; also for no images or a snapshot outside the search.
        """
        snapshots = tuple(snapshots)
        result = self._batched.whole(images, batch_size, verbose, history, snapshots)
        conditions = _conditions(result)
        return InverseClassification(
            labels=conditions.argmax(axis=1),
            conditions=conditions,
            differences=result.difference[:, 0],
            latents=result.values[1][:, 0] if len(result.values) > 1 else None,
            steps=result.steps[:, 0],
            reconstructions=result.generated[:, 0],
            loss_history=result.loss_history[..., 0].T if history else None,
            difference_history=result.difference_history[..., 0].T if history else None,
            snapshots={
                step: kept[:, 0] for step, kept in zip(snapshots, result.snapshots, strict=True)
            },
        )

    def evaluate(self, images, labels, batch_size=250, verbose="auto"):
        """Counts how often the answer is right.

        Args:
            images, batch_size, verbose: as for `predict`.
            labels: the right labels (N,), integers in [0, C).

        Returns:
            An `Evaluation`.

        Raises:
            InputError: as for `predict`; also for no images, or labels of another shape or range.
        """
        return self._batched.evaluate(
            lambda result: _conditions(result).argmax(axis=1),
            self.classes,
            images,
            labels,
            batch_size,
            verbose,
        )


def _conditions(result):
    """The class vectors found (B, C): there is one candidate."""
    return result.values[0][:, 0]
