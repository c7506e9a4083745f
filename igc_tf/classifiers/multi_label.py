"""Several labels at once, by inverting a generator."""

import tensorflow as tf

from igc_tf.classifiers.base import SearchClassifier
from igc_tf.classifiers.inverted_generator import differences_per_element, require_latent
from igc_tf.classifiers.results import MultiLabelClassification
from igc_tf.search.space import CONDITION_UNIT, Space


class MultiLabelInvertedGeneratorClassifier(SearchClassifier):
    """Asks for each label which of its values reproduces the data best.

    "Inverted Generator Classifier" (Cho 2020), §1.3: the condition of the label asked for is held
    at each of its values in turn; the other labels' conditions are searched together with the
    latent; the value with the smallest data difference is the answer. The paper asks for one label
    after the other; here the searches for all values of all labels run at once. It does not say
    how far the conditions move: they start neutral and stay on their simplices.

        classifier = MultiLabelInvertedGeneratorClassifier(
            igc_tf.load_generator("mnist-multilabel-cagan-compact")
        )
        predictions = classifier.classify(images).predictions

    Args:
        generator: a `Generator` with a latent; its layout says which labels a condition holds.
        settings: a `SearchSettings`; default the paper's.
        observation: an `Observation` that is searched too; None for none.
        condition_unit: how many times faster than a latent the searched conditions move. The
            default lets the paper's settings just reach either value of a binary label.

    Raises:
        GeneratorError: if the generator is of another form; the message says how.
        InputError: for settings outside their ranges.
    """

    def __init__(self, generator, settings=None, observation=None, condition_unit=CONDITION_UNIT):
        self.condition_unit = condition_unit
        super().__init__(generator, settings, observation)

    def space(self):
        """One candidate for each value of each label (`Space.per_value`)."""
        generator = require_latent(self.generator)
        restriction = self.settings.restriction(generator.prior)
        return Space.per_value(generator, restriction, self.condition_unit, self.settings.start)

    def scores(self, result):
        """Minus what decides, by default the data difference (N, C)."""
        return result.scores

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
        `reconstruction` (N, L, ...), what each label's answer made of the data."""
        layout = self.generator.layout
        best = [
            tf.argmax(part, axis=1, output_type=tf.int32) for part in layout.split(result.scores)
        ]
        label = tf.stack(best, axis=1)
        element = label + tf.constant(layout.offsets, tf.int32)
        place = tf.maximum(tf.gather(result.places, element, batch_dims=1), 0)
        return {
            "label": label,
            "score": result.scores,
            "difference": differences_per_element(result),
            "reconstruction": tf.gather(result.generated, place, batch_dims=1),
        }
