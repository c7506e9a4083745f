"""The Inverted Generator Classifier (002)."""

import numpy as np
import tensorflow as tf

from igc_tf.classifiers.batched_search import BatchedSearch
from igc_tf.classifiers.classification import Classification
from igc_tf.search.generator_search import GeneratorSearch
from igc_tf.search.generator_signature import GeneratorSignature
from igc_tf.search.search_settings import SearchSettings
from igc_tf.search.search_space import SearchSpace


class InvertedGeneratorClassifier:
    """Classifies by searching, for every class, the latent that best reproduces the data.

    "Inverted Generator Classifier" (Cho 2020), §1.2: every class keeps its one-hot condition; its
    latent starts at the prior's mean and descends on data difference plus latent restriction; the
    class with the smallest data difference is the answer. The default settings are the paper's.

        classifier = InvertedGeneratorClassifier(igc_tf.load_generator("mnist-cagan-compact"))
        labels = classifier.classify(images).labels

    Args:
        generator: any Keras model `[condition (B, C), latent (B, Z)] -> data (B, ...)`, where
            the condition is one-hot over the classes.
        settings: a `SearchSettings`; default the paper's.
        prior_mean, prior_standard_deviation: of the latents the generator was trained with.
        data_range: (low, high) that data must lie in, to catch images in another scale; None
            accepts any finite values.
        condition_size, latent_size: C and Z, needed only for a subclassed model, which does not
            tell them.

    Raises:
        GeneratorError: if the generator is of another form; the message says how.
        InputError: for settings outside their ranges.
    """

    def __init__(
        self,
        generator,
        settings=None,
        prior_mean=0.0,
        prior_standard_deviation=1.0,
        data_range=(-0.5, 0.5),
        condition_size=None,
        latent_size=None,
    ):
        self.generator = generator
        self.settings = settings if settings is not None else SearchSettings()
        self.prior_mean = prior_mean
        self.prior_standard_deviation = prior_standard_deviation
        self.data_range = data_range
        self.signature = GeneratorSignature.of(generator, condition_size, latent_size)
        space = SearchSpace.latent_per_class(
            self.signature.condition_size,
            self.signature.latent_size,
            self.settings.restriction(prior_mean, prior_standard_deviation),
        )
        self.search = GeneratorSearch(generator, space, self.settings)
        self._batched = BatchedSearch(self.search, self.signature.data_shape, data_range)

    @property
    def classes(self):
        """C, the number of classes."""
        return self.signature.condition_size

    def predict(self, images, batch_size=100, verbose="auto"):
        """Scores the classes, as Keras' `Model.predict` does: the argmax is the label.

        Args:
            images: (N, ...) shaped as the generator's output, in `data_range`.
            batch_size: images searched at once, each with all its classes. Bounds the memory;
                does not change the answer.
            verbose: 1 or "auto" shows a progress bar with the time left, 0 is silent.

        Returns:
            float32 (N, C): minus what decides, by default the data difference.

        Raises:
            InputError: for images of another shape or range, or a search that diverges.
        """
        batches = self._batched.batches(images, batch_size, verbose)
        scores = [self._scores(result) for result in batches]
        return np.concatenate(scores) if scores else np.zeros([0, self.classes], np.float32)

    def classify(self, images, batch_size=100, verbose=0, history=False, snapshots=()):
        """Classifies and keeps everything the search found.

        Args:
            images, batch_size, verbose: as for `predict`.
            history: record loss and difference at every step.
            snapshots: numbers of steps, 0 to the settings' `steps`, whose reconstructions to keep.

        Returns:
            A `Classification`. Reconstructions take N · C images' worth of memory: for labels
            of very many images use `predict`.

        Raises:
            InputError: as for `predict`; also for no images or a snapshot outside the search.
        """
        snapshots = tuple(snapshots)
        result = self._batched.whole(images, batch_size, verbose, history, snapshots)
        scores = self._scores(result)
        return Classification(
            labels=scores.argmax(axis=1),
            differences=result.difference,
            scores=scores,
            latents=result.values[1],
            reconstructions=result.generated,
            loss_history=result.loss_history.swapaxes(0, 1) if history else None,
            difference_history=result.difference_history.swapaxes(0, 1) if history else None,
            snapshots=dict(zip(snapshots, result.snapshots, strict=True)),
        )

    def evaluate(self, images, labels, batch_size=100, verbose="auto"):
        """Counts how often the answer is right.

        Args:
            images, batch_size, verbose: as for `predict`.
            labels: the right classes (N,), integers in [0, C).

        Returns:
            An `Evaluation`.

        Raises:
            InputError: as for `predict`; also for no images, or labels of another shape or range.
        """
        return self._batched.evaluate(
            lambda result: self._scores(result).argmax(axis=1),
            self.classes,
            images,
            labels,
            batch_size,
            verbose,
        )

    def answer(self, result):
        """The decision on a search, as TensorFlow operations: what an exported classifier returns.

        Args:
            result: the `SearchResult` of N examples.

        Returns:
            `label` int32 (N,), `difference` float32 (N, C) and `reconstruction` (N, ...), what
            the answered class made of the data.
        """
        label = tf.argmax(self._scores(result), axis=1, output_type=tf.int32)
        return {
            "label": label,
            "difference": result.difference,
            "reconstruction": tf.gather(result.generated, label, batch_dims=1),
        }

    def export(self, directory, batch_size=100):
        """Writes the classifier as a SavedModel that needs TensorFlow, but not this package.

        `igc_tf.export.export_saved_model` says what it holds, and explains the arguments.

        Raises:
            OutputError: if something is in `directory`; before work starts.
        """
        from igc_tf.export import export_saved_model

        export_saved_model(self, directory, batch_size)

    def _scores(self, result):
        return -result.decision
