"""Multi-label classification by inverting a generator (002 §1.3)."""

import time

import numpy as np

from igc_tf.classifiers.batched_search import BatchedSearch
from igc_tf.classifiers.multi_label_classification import MultiLabelClassification
from igc_tf.classifiers.multi_label_evaluation import MultiLabelEvaluation
from igc_tf.errors import GeneratorError, InputError
from igc_tf.search.generator_search import GeneratorSearch
from igc_tf.search.generator_signature import GeneratorSignature
from igc_tf.search.search_settings import SearchSettings
from igc_tf.search.search_space import SearchSpace

_VALUES = 2


class MultiLabelInvertedGeneratorClassifier:
    """Asks for each binary label which of its values reproduces the data better.

    "Inverted Generator Classifier" (Cho 2020), §1.3: the condition of the label asked for is
    held, at 0 and at 1; the other labels' conditions are searched together with the latent; the
    value with the smaller data difference is the answer. The paper asks for one label after the
    other; here all 2L searches of an image run at once. It does not say how far the conditions
    move: they start at 1/2 for either value, stay on the simplex, and `condition_update_factor`
    sets their pace.

        classifier = MultiLabelInvertedGeneratorClassifier(
            igc_tf.load_generator("mnist-multilabel-cagan-compact")
        )
        labels = classifier.classify(images).labels

    Args:
        generator: any Keras model `[condition (B, 2L), latent (B, Z)] -> data (B, ...)`, where
            the condition is a one-hot pair for each label (`igc_tf.data.ConditionLayout`).
        settings: a `SearchSettings`; default the paper's.
        condition_update_factor: multiplies the learning rate of the searched conditions. The
            default lets the paper's settings just reach either value.
        prior_mean, prior_standard_deviation: of the latents the generator was trained with.
        data_range: (low, high) that data must lie in, to catch images in another scale; None
            accepts any finite values.
        condition_size, latent_size: 2L and Z, needed only for a subclassed model, which does not
            tell them.

    Raises:
        GeneratorError: if the generator is of another form; the message says how.
        InputError: for settings outside their ranges.
    """

    def __init__(
        self,
        generator,
        settings=None,
        condition_update_factor=5.0,
        prior_mean=0.0,
        prior_standard_deviation=1.0,
        data_range=(-0.5, 0.5),
        condition_size=None,
        latent_size=None,
    ):
        self.generator = generator
        self.settings = settings if settings is not None else SearchSettings()
        self.condition_update_factor = condition_update_factor
        self.prior_mean = prior_mean
        self.prior_standard_deviation = prior_standard_deviation
        self.data_range = data_range
        self.signature = GeneratorSignature.of(generator, condition_size, latent_size)
        if self.signature.condition_size % _VALUES:
            raise GeneratorError(
                f"the generator's condition has {self.signature.condition_size} elements: "
                "expected an even number, a one-hot pair for each binary label"
            )
        space = SearchSpace.per_label_value(
            self.labels,
            _VALUES,
            self.signature.latent_size,
            self.settings.restriction(prior_mean, prior_standard_deviation),
            condition_update_factor,
        )
        self.search = GeneratorSearch(generator, space, self.settings)
        self._batched = BatchedSearch(self.search, self.signature.data_shape, data_range)

    @property
    def labels(self):
        """L, the number of labels."""
        return self.signature.condition_size // _VALUES

    def predict(self, images, batch_size=100, verbose="auto"):
        """Scores the labels, as Keras' `Model.predict` does: a label is 1 where positive.

        Args:
            images: (N, ...) shaped as the generator's output, in `data_range`.
            batch_size: images searched at once, each with 2L candidates. Bounds the memory; does
                not change the answer.
            verbose: 1 or "auto" shows a progress bar with the time left, 0 is silent.

        Returns:
            float32 (N, L): what decides with the label at 0, by default the data
            difference, less that with it at 1.

        Raises:
            InputError: for images of another shape or range, or a search that diverges.
        """
        batches = self._batched.batches(images, batch_size, verbose)
        margins = [self._margins(result) for result in batches]
        return np.concatenate(margins) if margins else np.zeros([0, self.labels], np.float32)

    def classify(self, images, batch_size=100, verbose=0):
        """Classifies and keeps everything the search found.

        Args:
            images, batch_size, verbose: as for `predict`.

        Returns:
            A `MultiLabelClassification`. Reconstructions take N · 2L images' worth of memory:
            for labels of very many images use `predict`.

        Raises:
            InputError: as for `predict`; also for no images.
        """
        result = self._batched.whole(images, batch_size, verbose)
        margins = self._margins(result)
        conditions, latents = result.values
        return MultiLabelClassification(
            labels=_answers(margins),
            margins=margins,
            differences=self._per_value(result.difference),
            conditions=self._per_value(conditions),
            latents=self._per_value(latents),
            reconstructions=self._per_value(result.generated),
        )

    def evaluate(self, images, labels, batch_size=100, verbose="auto"):
        """Counts how often each label, and all of them at once, are right.

        Args:
            images, batch_size, verbose: as for `predict`.
            labels: the right labels (N, L), integers in {0, 1}.

        Returns:
            A `MultiLabelEvaluation`.

        Raises:
            InputError: as for `predict`; also for no images, or labels of another shape or range.
        """
        labels = np.asarray(labels)
        if len(images) == 0 or labels.shape != (len(images), self.labels):
            raise InputError(
                f"labels have shape {labels.shape} for {len(images)} images: "
                f"expected (N, {self.labels}) for at least one image"
            )
        if not np.issubdtype(labels.dtype, np.integer) or not np.isin(labels, (0, 1)).all():
            raise InputError(
                f"labels are {labels.dtype} from {labels.min()} to {labels.max()}: "
                "expected integers 0 or 1"
            )
        begin = time.perf_counter()
        answers = _answers(self.predict(images, batch_size, verbose))
        return MultiLabelEvaluation(answers, labels, time.perf_counter() - begin)

    def _margins(self, result):
        decision = self._per_value(result.decision)
        return decision[..., 0] - decision[..., 1]

    def _per_value(self, candidates):
        """(N, 2L, ...) as (N, L, 2, ...)."""
        count, _, *rest = candidates.shape
        return candidates.reshape(count, self.labels, _VALUES, *rest)


def _answers(margins):
    return (margins > 0).astype(np.int64)
