"""The Inverted Generator Classifier of the paper, for one label and for several."""

import tensorflow as tf

from igc_tf.classifiers.base import SearchClassifier
from igc_tf.classifiers.measured import PoseMeasurement
from igc_tf.classifiers.results import Classification, MultiLabelClassification
from igc_tf.errors import GeneratorError
from igc_tf.search.space import CONDITION_UNIT, Space


class InvertedGeneratorClassifier(SearchClassifier):
    """Classifies by searching, for every class, the latent that best reproduces the data.

    "Inverted Generator Classifier" (Cho 2020), §1.2: every class keeps its one-hot condition; its
    latent starts at the prior's mean and descends on data difference plus latent restriction; the
    class with the smallest data difference is the answer. The default settings are the paper's;
    `load_classifier` takes the generator's best, which answer sooner and better:

        classifier = igc_tf.load_classifier("mnist-cagan-compact")
        predictions = classifier.classify(images).predictions

    Args:
        generator: a `Generator` with a latent, whose condition holds one label, the class; or a
            Keras model that one can be made of.
        settings: as for `SearchClassifier`; default the paper's.
        observation: an `Observation` that is searched too; None for none.

    Raises:
        GeneratorError: if the generator is of another form; the message says how.
        InputError: for settings outside their ranges, or that the generator's card does not have.
    """

    explains = True
    _pose_measurement = None

    def space(self):
        """One candidate for each class (`Space.per_value`)."""
        generator = require_latent(self.generator)
        if generator.layout.num_labels > 1:
            raise GeneratorError(
                f"the generator {generator.name!r} knows {generator.layout.num_labels} labels at "
                "once: expected one, the class (MultiLabelInvertedGeneratorClassifier reads them)"
            )
        restriction = self.settings.restriction(generator.prior)
        return Space.per_value(generator, restriction, latent_start=self.settings.start)

    def classification(self, result, found):
        """Returns a `Classification`; of a class that was dropped, its values are not-a-number."""
        return Classification(
            **found,
            differences=result.per_element(result.terms.difference).numpy(),
            latents=result.per_element(result.values["latent"]).numpy(),
            reconstructions=result.per_element(result.generated).numpy(),
            class_names=tuple(self.class_names),
            **self._observed(result),
        )

    def measure(self, data, found):
        """Measures what happened to images that were read: pose, blur, and what covers them.

        Takes a search of its own, many times longer than the settings `robust`.

        Args:
            data: images, as for `classify`.
            found: what `classify` found of them, by settings with lenses, such as `robust`.

        Returns:
            The same, whose `nuisance` also has the measured pose; see `PoseMeasurement`.

        Raises:
            InputError: for settings that find out nothing of the kind.
        """
        return self.pose_measurement(self.generator.check(data), found)

    @property
    def pose_measurement(self):
        """The `PoseMeasurement` by which `measure` does that.

        Raises:
            InputError: for settings that find out nothing of the kind.
        """
        if self._pose_measurement is None:
            self._pose_measurement = PoseMeasurement(self.generator, self.search.observation)
        return self._pose_measurement

    def _observed(self, result):
        """What a `Classification` says of an observation."""
        if "nuisance" not in result.values:
            return {}
        views = {
            "nuisances": result.values["nuisance"],
            "observed": result.observed,
            "compared": result.compared,
        }
        found = {name: result.per_element(view).numpy() for name, view in views.items()}
        bounds = tuple(self.generator.bounds)
        return {"observation": self.search.observation, "bounds": bounds, **found}

    def answer(self, result):
        """See `SearchClassifier.answer`: `label` (N,), `difference` and `score` (N, C), and
        `reconstruction` (N, ...), the answered class's."""
        label = tf.argmax(result.scores, axis=1, output_type=tf.int32)
        place = tf.maximum(tf.gather(result.places, label, batch_dims=1), 0)
        return {
            "label": label,
            "score": result.scores,
            "difference": _differences_per_element(result),
            "reconstruction": tf.gather(result.generated, place, batch_dims=1),
        }


class MultiLabelInvertedGeneratorClassifier(SearchClassifier):
    """Asks for each label which of its values reproduces the data best.

    "Inverted Generator Classifier" (Cho 2020), §1.3: the condition of the label asked for is held
    at each of its values in turn; the other labels' conditions are searched together with the
    latent; the value with the smallest data difference is the answer. The paper asks for one label
    after the other; here the searches for all values of all labels run at once. It does not say
    how far the conditions move: they start neutral and stay on their simplices.

        classifier = igc_tf.load_classifier("mnist-multilabel-cagan-compact")
        predictions = classifier.classify(images).predictions

    Args:
        generator: a `Generator` with a latent; its layout says which labels a condition holds.
        settings: as for `SearchClassifier`; default the paper's.
        observation: an `Observation` that is searched too; None for none.
        condition_unit: how many times faster than a latent the searched conditions move. The
            default lets the paper's settings just reach either value of a binary label.

    Raises:
        GeneratorError: if the generator is of another form; the message says how.
        InputError: for settings outside their ranges, or that the generator's card does not have.
    """

    def __init__(self, generator, settings=None, observation=None, condition_unit=CONDITION_UNIT):
        self.condition_unit = condition_unit
        super().__init__(generator, settings, observation)

    def space(self):
        """One candidate for each value of each label (`Space.per_value`)."""
        generator = require_latent(self.generator)
        restriction = self.settings.restriction(generator.prior)
        return Space.per_value(generator, restriction, self.condition_unit, self.settings.start)

    def classification(self, result, found):
        """Returns a `MultiLabelClassification`."""
        return MultiLabelClassification(
            **found,
            differences=result.per_element(result.terms.difference).numpy(),
            conditions=result.per_element(result.values["condition"]).numpy(),
            latents=result.per_element(result.values["latent"]).numpy(),
            reconstructions=result.per_element(result.generated).numpy(),
            margins=self.generator.layout.margins(found["scores"]),
        )

    def answer(self, result):
        """See `SearchClassifier.answer`: `label` (N, L), `difference` and `score` (N, C), and
        `reconstruction` (N, L, ...), what each label's answer made of the data; not-a-number where
        all of a label's candidates were dropped."""
        layout = self.generator.layout
        label = layout.best_values(result.scores)
        elements = label + tf.constant(layout.offsets, tf.int32)
        return {
            "label": label,
            "score": result.scores,
            "difference": _differences_per_element(result),
            "reconstruction": result.per_element(result.generated, elements),
        }


def _differences_per_element(result):
    """The data differences (N, C) of a `Result`; of what was dropped, minus its score."""
    differences = result.per_element(result.terms.difference)
    return tf.where(result.places < 0, -result.scores, differences)


def require_latent(generator):
    """Returns a `Generator`, such as these classifiers need.

    Raises:
        GeneratorError: for one without a latent.
    """
    if generator.latent_size is None:
        raise GeneratorError(
            f"the generator {generator.name!r} takes a condition alone: expected condition and "
            "latent (InverseClassifier searches a condition alone)"
        )
    return generator
