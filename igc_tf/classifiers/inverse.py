"""Inverse classification: the class itself is searched."""

from igc_tf.classifiers.base import SearchClassifier
from igc_tf.classifiers.results import InverseClassification
from igc_tf.errors import InputError
from igc_tf.search.settings import SearchSettings
from igc_tf.search.space import Space

# the published script of "Inverse Classification using GANs"
INVERSE_SETTINGS = SearchSettings(
    steps=200,
    learning_rate=0.05,
    beta_2=0.99,
    difference="mean_squared",
    restriction_weight=0.0,
)

# "Inverse classification using generative models" asks for convergence, and leaves the rest open;
# chosen on validation trajectories
TEMPORAL_SETTINGS = SearchSettings(
    steps=200,
    learning_rate=0.1,
    difference="mean_squared",
    restriction_weight=0.0,
    tolerance=1e-3,
)


class InverseClassifier(SearchClassifier):
    """Classifies by searching class vector and latent together.

    "Inverse Classification using GANs" (Hobbhahn 2020): the class vector starts uniform, the
    latent (the document's noise) at a draw from its prior; both descend on the squared difference
    of image and reconstruction; after each update the class vector is clamped to [0, 1] and
    normalised to sum 1 (the document does so before the update, which differs only in what is
    looked at in the end). The largest entry of the class vector is the answer.

    "Inverse classification using generative models" (Hobbhahn 2019) has no latent: the generator
    takes the class vector alone, and only that is searched, until it converges
    (`TEMPORAL_SETTINGS`). Sequences that are shorter than others come with a mask.

        classifier = igc_tf.load_classifier("mnist-cgan-compact-25", kind="inverse")
        predictions = classifier.classify(images).predictions

    Args:
        generator: a `Generator`, with or without a latent; the better it knows mixtures of
            classes the better; or a Keras model that one can be made of.
        settings: as for `SearchClassifier`; default the documents', `INVERSE_SETTINGS`; without a
            latent `TEMPORAL_SETTINGS`.
        observation: an `Observation` that is searched too; None for none. Of several starts the
            one with the best score is the answer.
        latent_unit: multiplies the latent's learning rate (the first document's update factor,
            §3.2), finite and at least 0; 0 leaves it at its start.
        latent_first_step: how many steps pass before the latent moves (§3.3).
        tangent: keep only the part of the class vector's gradient that leaves its sum as it is and
            takes no class below 0. Not in the document: Adam scales every element by itself, so a
            gradient common to all classes, which the normalisation undoes, drowns what sets them
            apart.
        seed: of the latents' starts, which depend on it and an example's number in the call only.

    Raises:
        GeneratorError: if the generator is of another form; the message says how.
        InputError: for settings or a `latent_unit` outside their ranges, or settings that the
            generator's card does not have.
    """

    def __init__(
        self,
        generator,
        settings=None,
        observation=None,
        latent_unit=1.0,
        latent_first_step=0,
        tangent=False,
        seed=0,
    ):
        self.latent_unit = latent_unit
        self.latent_first_step = latent_first_step
        self.tangent = tangent
        self.seed = seed
        super().__init__(generator, settings, observation)

    def default_settings(self):
        """The documents' settings, with or without a latent."""
        return INVERSE_SETTINGS if self.generator.latent_size is not None else TEMPORAL_SETTINGS

    def space(self):
        """One candidate, whose condition is searched too (`Space.relaxed`)."""
        if self.settings.draws > 1:
            raise InputError(
                f"draws={self.settings.draws!r}: expected 1; inverse classification has no classes "
                "whose candidates could be added up"
            )
        if self.settings.start != "mean":
            raise InputError(
                f"start={self.settings.start!r}: expected 'mean'; inverse classification draws its "
                "latents' starts, since an encoder would need the condition that is searched"
            )
        return Space.relaxed(
            self.generator,
            self.settings.restriction(self.generator.prior),
            self.tangent,
            self.seed,
            self.latent_unit,
            self.latent_first_step,
        )

    def scores(self, result):
        """The class vectors found (N, C)."""
        return result.of_best(result.values["condition"])

    def classification(self, result, found):
        """Returns an `InverseClassification`."""
        latents = result.values.get("latent")
        return InverseClassification(
            **found,
            conditions=found["scores"],
            differences=result.of_best(result.terms.difference).numpy(),
            latents=None if latents is None else result.of_best(latents).numpy(),
            reconstructions=result.of_best(result.generated).numpy(),
        )

    def answer(self, result):
        """See `SearchClassifier.answer`: `label` (N,) or (N, L), `score` (N, C), the class vector,
        `difference` (N,) and `reconstruction` (N, ...)."""
        scores, layout = self.scores(result), self.generator.layout
        return {
            "label": layout.labels_of(layout.best_values(scores)),
            "score": scores,
            "difference": result.of_best(result.terms.difference),
            "reconstruction": result.of_best(result.generated),
        }
