"""What a recipe says: how a network is trained. `RECIPES` has every one by name."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from igc_tf.data import label_digits, load_images
from igc_tf.errors import InputError
from igc_tf.generators.keras_files import Precision
from igc_tf.ranges import SEED, Range, check_ranges
from igc_tf.training.adversarial import Perturbation
from igc_tf.training.augmentation import Variation
from igc_tf.training.class_separation import ClassSeparation

_COUNT = Range(1)
_POSITIVE = Range(0, above=True)
_AMOUNT = Range(0)
_DECAY = Range(0, 1, below=True)
_SHARE = Range(0, 1)
_GeneratorLoss = Literal["non-saturating", "saturating", "least-squares"]


@dataclass(frozen=True)
class Recipe:
    """What every training has. A recipe decides a run, apart from where its files go.

    Attributes:
        epochs: passes over the training examples, by which the learning rate falls.
        stop_after: end after so many of them; None trains them all. A run that stopped so may go on
            with more.
        batch_size: examples in a step.
        learning_rate: of the first step.
        final_learning_rate: of the last step; the rate falls to it along a cosine. None keeps
            the rate constant.
        seed: of weights, order, latents and noise.
        passes: over the training data in an epoch; 1 where it is no option.

    Raises:
        InputError: for a value outside its range.
    """

    # annotated it would come first where it is an option
    passes = 1

    epochs: Annotated[int, _COUNT] = 10
    stop_after: Annotated[int | None, _COUNT] = None
    batch_size: Annotated[int, _COUNT] = 64
    learning_rate: Annotated[float, _POSITIVE] = 1e-3
    final_learning_rate: Annotated[float | None, _AMOUNT] = None
    seed: Annotated[int, SEED] = 0

    def __post_init__(self):
        check_ranges(self)
        if self.stop_after is not None and self.stop_after > self.epochs:
            raise InputError(
                f"stop_after={self.stop_after!r}: expected at most epochs, {self.epochs}"
            )

    @property
    def last_epoch(self):
        """How many epochs are trained."""
        return self.epochs if self.stop_after is None else self.stop_after

    @property
    def divided(self):
        """What replicas divide equally among them: counts of a batch's examples, by name."""
        return {"batch_size": self.batch_size}


@dataclass(frozen=True)
class ImageRecipe(Recipe):
    """What the trainings on a set of images have.

    Attributes:
        dataset: a set of images, as `load_images` names them.
        labels: what is learnt of them: the "classes" of the set; "digit_labels", four binary
            labels of each digit (see `label_digits`); or "none", for a generator without classes.
        train_images: train on the first N images only; None takes all.
        passes: how often an epoch goes through them: more than once where they are so few that
            epochs would end all the time.
    """

    dataset: str = "mnist"
    labels: Literal["classes", "digit_labels", "none"] = "classes"
    train_images: Annotated[int | None, _COUNT] = None
    passes: Annotated[int, _COUNT] = 1

    def __post_init__(self):
        super().__post_init__()
        if self.train_images is not None and self.train_images < self.batch_size:
            raise InputError(
                f"train_images={self.train_images!r}: expected at least batch_size, "
                f"{self.batch_size}"
            )

    def load(self, split, data_dir=None):
        """Returns the `LabelledData` of a split, labelled with the classes of the set.

        Args:
            split: "train", "test", "validation" or a part of it, as `load_images` knows them.
            data_dir: of TensorFlow Datasets; None for its own default.

        Raises:
            DataUnavailableError: if the images are not available.
        """
        return load_images(self.dataset, split, data_dir=data_dir)

    def labelled(self, images):
        """Returns images with the labels that are learnt, as `LabelledData`.

        Args:
            images: `LabelledData`, labelled with the classes of the set.
        """
        if self.labels == "none":
            return images.unlabelled()
        return images if self.labels == "classes" else label_digits(images, self.seed)


@dataclass(frozen=True)
class GANRecipe(ImageRecipe):
    """What all kinds of generative adversarial networks have.

    Attributes:
        discriminator_learning_rate: of the discriminator's first step; None for that of the
            generator. It falls in the same proportion.
        beta_1: of both Adam optimizers, the decay of the first moment.
        beta_2: of both Adam optimizers, the decay of the second moment.
        averaging_decay: per step, of the moving average of the generator's weights; 0 for none.
        validation_images: how many of the validation images for choices judge a generator.
        precision: Keras' dtype policy for training; the averaged generator, which is kept, is
            float32 in any case.
        optimizer, checkpoint_epochs, loss_batches, validation_sigmas, judging: what holds for the
            kinds of GANs that do not offer these as options.
    """

    optimizer: ClassVar[str] = "adam"
    checkpoint_epochs: ClassVar[int | None] = None
    loss_batches: ClassVar[int | None] = None
    validation_sigmas: ClassVar[tuple[float, ...]] = (0.0,)
    judging: ClassVar[ClassSeparation | None] = None

    discriminator_learning_rate: Annotated[float | None, _POSITIVE] = None
    beta_1: Annotated[float, _DECAY] = 0.9
    beta_2: Annotated[float, _DECAY] = 0.999
    averaging_decay: Annotated[float, _DECAY] = 0.999
    validation_images: Annotated[int, _COUNT] = 500
    precision: Precision = "float32"


@dataclass(frozen=True)
class CAGANRecipe(GANRecipe):
    """How the conditional activation GAN of the paper is trained.

    Attributes:
        size: of the networks, "compact" or the "paper"'s.
        separation: training with the classifier's own searches; None trains as the paper does.
        encoder: the size of an encoder that is trained together with the generator, by `joint`:
            "compact", or "deep" for pictures in which things lie anywhere; None for none.
        joint: training with searches that start from the encoder.
        validation_sigmas: each epoch is judged at each of these standard deviations of noise, by
            the search that the training separates by, or without one by the paper's.
    """

    size: Literal["compact", "paper"] = "paper"
    separation: ClassSeparation | None = None
    encoder: Literal["compact", "deep"] | None = None
    joint: ClassSeparation | None = None
    validation_sigmas: Annotated[tuple[float, ...], _AMOUNT] = (0.0,)

    def __post_init__(self):
        super().__post_init__()
        if (self.encoder is None) != (self.joint is None):
            raise InputError(
                f"encoder={self.encoder!r} with joint={self.joint!r}: expected both or none"
            )
        for name, start in (("separation", "mean"), ("joint", "encoder")):
            separation = getattr(self, name)
            if separation is not None and separation.settings.start != start:
                raise InputError(
                    f"{name}.settings.start={separation.settings.start!r}: expected {start!r}"
                )

    @property
    def divided(self):
        searched = {
            f"{name}.images": min(separation.images, self.batch_size)
            for name in ("separation", "joint")
            if (separation := getattr(self, name)) is not None
        }
        return super().divided | searched

    @property
    def judging(self):
        """The `ClassSeparation` by whose search an epoch is judged; None for the paper's search."""
        return self.joint if self.joint is not None else self.separation


@dataclass(frozen=True)
class ConditionalGANRecipe(GANRecipe):
    """How the conditional GAN of "Inverse Classification using GANs" is trained.

    Attributes:
        size: of the networks, "compact" or the "document"'s.
        latent_size: elements of the latent, the document's noise size.
        optimizer: of both networks, "adam" or "sgd", which has no momentum.
        condition_sigma: standard deviation of the noise on the class vectors, which are then
            clamped to [0, 1].
        generator_loss: that of the generator; with "least-squares" the discriminator's, too (see
            `igc_tf.training.losses`).
        checkpoint_epochs: every so many epochs, and after the last, the generator is kept, drawn
            and judged on the validation images.
    """

    size: Literal["compact", "document"] = "compact"
    latent_size: Annotated[int, _COUNT] = 25
    optimizer: Literal["adam", "sgd"] = "adam"
    condition_sigma: Annotated[float, _AMOUNT] = 0.2
    generator_loss: _GeneratorLoss = "non-saturating"
    checkpoint_epochs: Annotated[int, _COUNT] = 3


@dataclass(frozen=True)
class DCGANRecipe(GANRecipe):
    """How the GANs of the DCGAN and CGAN coursework are trained: each of them is one of these.

    With `labels="none"` it is the vanilla GAN, or the DCGAN; with classes the CGAN.

    Attributes:
        network: "dense" or "convolutional".
        size: of the generator: "shallow", "medium" or "deep", see `DCGAN_SIZES`.
        latent_size: elements of the latent.
        dropout: the share of each discriminator layer's outputs that is left out in training.
        virtual_batch: examples in the reference batch of the generator's virtual batch
            normalisation; None for batch normalisation.
        real_target: what the discriminator should say of real images; below 1 it is one-sided
            label smoothing.
        fake_target: what it should say of generated ones.
        discriminator: "conditional", which is told the condition; or "auxiliary", which says what
            it is: the auxiliary classifier GAN.
        classifier: a plain network that stays as it is, by name or directory: the generator
            descends on α · (its cross entropy) + β · (the generator's own loss); None for the
            latter alone.
        classifier_weight: α, with a classifier.
        adversarial_weight: β.
        generator_loss: as in `ConditionalGANRecipe`.
        checkpoint_epochs: every so many epochs, and after the last, the generator is kept, drawn
            and judged on the validation images.
        loss_batches: the losses are recorded as means of so many batches.
    """

    batch_size: Annotated[int, _COUNT] = 128
    learning_rate: Annotated[float, _POSITIVE] = 2e-3
    beta_1: Annotated[float, _DECAY] = 0.5
    averaging_decay: Annotated[float, _DECAY] = 0.0
    validation_images: Annotated[int, _COUNT] = 100
    network: Literal["dense", "convolutional"] = "dense"
    size: Literal["shallow", "medium", "deep"] = "medium"
    latent_size: Annotated[int, _COUNT] = 100
    dropout: Annotated[float, _DECAY] = 0.3
    virtual_batch: Annotated[int | None, _COUNT] = None
    real_target: Annotated[float, _SHARE] = 1.0
    fake_target: Annotated[float, _SHARE] = 0.0
    discriminator: Literal["conditional", "auxiliary"] = "conditional"
    classifier: str | None = None
    classifier_weight: Annotated[float, _AMOUNT] = 1.0
    adversarial_weight: Annotated[float, _AMOUNT] = 1.0
    generator_loss: _GeneratorLoss = "non-saturating"
    checkpoint_epochs: Annotated[int, _COUNT] = 5
    loss_batches: Annotated[int, _COUNT] = 10


@dataclass(frozen=True)
class NetworkRecipe(Variation, ImageRecipe):
    """How the plain networks are trained that the classifiers are compared with.

    The training images vary as in class separation (see `Variation`). Of missing pixels the network
    sees what fills them (`fill_missing`). The most that a perturbation changes grows to what is
    given in the first half of the training; each epoch is judged on validation images so changed,
    too.

    Attributes:
        network: "lenet", LeNet-5; or "cnn", a modern network with about as many weights as the
            compact generator and an encoder together (`build_cnn`).
        contrast: if less than 1, the network stretches images first, as if that were left of
            their contrast.
        corruptions: "validation": a random half of the training images suffers one of
            `igc_tf.data.VALIDATION_CORRUPTIONS`, each image one of its own, before the noise; and
            each epoch is judged on validation images that all do, too. None for none.
        validation: what the epoch is chosen on: the part of the validation images that is there
            for choices, or all of them.
        validation_sigmas: each epoch is judged at each of these standard deviations of noise.
    """

    epochs: Annotated[int, _COUNT] = 8
    final_learning_rate: Annotated[float | None, _AMOUNT] = 1e-5
    network: Literal["lenet", "cnn"] = "lenet"
    contrast: Annotated[float, Range(0, 1, above=True)] = 1.0
    corruptions: Literal["validation"] | None = None
    validation: Literal["validation", "validation/choices"] = "validation/choices"
    validation_sigmas: Annotated[tuple[float, ...], _AMOUNT] = (0.0,)

    def __post_init__(self):
        super().__post_init__()
        if self.labels == "none":
            raise InputError("labels='none': expected labels, which a classifier learns")
        if not isinstance(self.perturbation, Perturbation):
            raise InputError(f"perturbation={self.perturbation!r}: expected a Perturbation")
        if self.perturbation.changes and self.labels != "classes":
            raise InputError(
                f"perturbation={self.perturbation!r} with labels={self.labels!r}: expected "
                "labels='classes'; adversarial training knows no others"
            )


@dataclass(frozen=True)
class SequenceRecipe(Recipe):
    """How the networks for pen trajectories are trained.

    Attributes:
        epochs: rounds of `batches_per_epoch` batches.
        network: "generator", class vector to trajectory; or "classifier", the forward network it
            is compared with.
        classes: train on the first this many letters.
        per_class: trajectories of each letter, drawn with the seed; None takes all.
        input_noise: standard deviation of the Gaussian noise on the generator's class vectors.
        units: of the LSTM.
        subsampling: steps of the original trajectories that make one step.
        batches_per_epoch: about how many; small sets are gone through several times.
    """

    learning_rate: Annotated[float, _POSITIVE] = 0.01
    final_learning_rate: Annotated[float | None, _AMOUNT] = 1e-4
    network: Literal["generator", "classifier"] = "generator"
    classes: Annotated[int, _COUNT] = 20
    per_class: Annotated[int | None, _COUNT] = None
    input_noise: Annotated[float, _AMOUNT] = 0.3
    units: Annotated[int, _COUNT] = 64
    subsampling: Annotated[int, _COUNT] = 4
    batches_per_epoch: Annotated[int, _COUNT] = 100

    def chosen(self, train):
        """Returns the trajectories that this recipe trains on.

        Args:
            train: `LabelledData` of trajectories.

        Raises:
            InputError: if there are not so many.
        """
        train = train.first_classes(self.classes)
        return train if self.per_class is None else train.few_per_class(self.per_class, self.seed)
