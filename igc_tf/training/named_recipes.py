"""Every recipe by its name: how what ships was trained, and what it is compared with."""

from dataclasses import replace

from igc_tf.search.settings import SearchSettings
from igc_tf.training.adversarial import Perturbation
from igc_tf.training.class_separation import ClassSeparation
from igc_tf.training.recipes import (
    CAGANRecipe,
    ConditionalGANRecipe,
    DCGANRecipe,
    NetworkRecipe,
    SequenceRecipe,
)


def _fair(**options):
    """A plain network that sees in training what the generator's class separation shows."""
    return NetworkRecipe(
        distortion=True,
        sigma=0.4,
        validation_sigmas=(0.0, 0.2, 0.4),
        **options,
    )


# generator and encoder together, by what one pass of the encoder finds
_JOINT = CAGANRecipe(
    size="compact",
    encoder="compact",
    epochs=20,
    learning_rate=1e-3,
    final_learning_rate=1e-5,
    beta_1=0.5,
    beta_2=0.99,
    averaging_decay=0.998,
    separation=ClassSeparation(images=16, reconstruction_weight=5.0, distortion=True, sigma=0.4),
    joint=ClassSeparation(
        settings=SearchSettings(steps=0, start="encoder"),
        reconstruction_weight=5.0,
        distortion=True,
        sigma=0.4,
    ),
    validation_images=2500,
    validation_sigmas=(0.0, 0.4),
)

# 20,000 batches of 128, as the document trains its dense CGANs; it does not say how long it trains
# the others, but for the vanilla GAN: 200,000
_DENSE = DCGANRecipe(epochs=47)
# the document gives 0.002 for all; with that convolutional discriminators win at first, by far
_CONVOLUTIONAL = replace(
    _DENSE, network="convolutional", learning_rate=2e-4, dropout=0.25, validation_images=20
)
_DCGAN = replace(_CONVOLUTIONAL, labels="none")
_SMOOTHED = {"real_target": 0.9}
_VIRTUAL = {"virtual_batch": 128}

RECIPES = {
    "cagan-compact": CAGANRecipe(
        size="compact",
        epochs=8,
        learning_rate=2e-3,
        final_learning_rate=1e-5,
        beta_1=0.5,
        beta_2=0.99,
        averaging_decay=0.998,
        separation=ClassSeparation(
            decision="deformation", reconstruction_weight=5.0, distortion=True, sigma=0.4
        ),
        validation_images=1000,
        validation_sigmas=(0.0, 0.4),
    ),
    "cagan-joint": _JOINT,
    # goes on from what that has trained
    "cagan-observed": replace(
        _JOINT,
        epochs=12,
        learning_rate=5e-4,
        joint=replace(_JOINT.joint, reach=1.6, observed=0.4, lit=0.2, missing=0.4),
    ),
    # likewise
    "cagan-adversarial": replace(
        _JOINT,
        epochs=6,
        learning_rate=5e-4,
        joint=replace(
            _JOINT.joint,
            settings=replace(_JOINT.joint.settings, observation="contrast"),
            perturbation=Perturbation(linf=0.3, l2=1.5, l0=12),
        ),
    ),
    # the author's published settings
    "cagan-paper": CAGANRecipe(epochs=100, batch_size=32, learning_rate=1e-5),
    "cgan-compact": ConditionalGANRecipe(
        epochs=12, batch_size=128, beta_1=0.5, averaging_decay=0.998
    ),
    # the document's published settings
    "cgan-document": ConditionalGANRecipe(
        size="document",
        epochs=61,
        batch_size=128,
        optimizer="sgd",
        learning_rate=0.01,
        averaging_decay=0.0,
    ),
    # as the released one was trained
    "lenet": NetworkRecipe(validation="validation"),
    "lenet-fair": _fair(epochs=30, learning_rate=2e-3),
    "lenet-informed": _fair(corruptions="validation", epochs=60, learning_rate=2e-3),
    "lenet-gaps": _fair(missing=0.5, epochs=60, learning_rate=2e-3),
    "lenet-adversarial": NetworkRecipe(
        epochs=10,
        batch_size=128,
        learning_rate=2e-3,
        perturbation=Perturbation(linf=0.3, steps=10, drawn=False),
    ),
    # seen at the same contrast as by the generator's classifier, against the same changes as in
    # the last stage of mnist-cagan-adversarial
    "lenet-adversarial-fair": _fair(
        contrast=0.4,
        epochs=10,
        batch_size=128,
        learning_rate=2e-3,
        perturbation=Perturbation(linf=0.3, l2=1.5, l0=18, shares=(1, 1, 2)),
    ),
    "cnn-fair": _fair(network="cnn", epochs=8, batch_size=128, learning_rate=2e-3),
    "cnn-informed": _fair(
        network="cnn", corruptions="validation", epochs=16, batch_size=128, learning_rate=2e-3
    ),
    "trajectory-generator": SequenceRecipe(),
    "trajectory-classifier": SequenceRecipe(network="classifier"),
    # those of the DCGAN and CGAN coursework; what a name doesn't say is as in the medium one
    "vanilla-gan": replace(
        _DENSE, labels="none", size="shallow", dropout=0.0, epochs=467, checkpoint_epochs=20
    ),
    "dcgan-shallow": replace(_DCGAN, size="shallow"),
    "dcgan-medium": _DCGAN,
    "dcgan-deep": replace(_DCGAN, size="deep"),
    "dcgan-medium-vbn": replace(_DCGAN, **_VIRTUAL),
    "dcgan-medium-dropout-0.1": replace(_DCGAN, dropout=0.1),
    "dcgan-medium-dropout-0.5": replace(_DCGAN, dropout=0.5),
    "dcgan-medium-rate-0.002": replace(_DCGAN, learning_rate=2e-3),
    "cgan-shallow": replace(_DENSE, size="shallow"),
    "cgan-medium": _DENSE,
    "cgan-deep": replace(_DENSE, size="deep"),
    "cgan-convolutional": _CONVOLUTIONAL,
    "cgan-medium-ls": replace(_DENSE, **_SMOOTHED),
    "cgan-medium-ls-both": replace(_DENSE, **_SMOOTHED, fake_target=0.1),
    "cgan-convolutional-ls": replace(_CONVOLUTIONAL, **_SMOOTHED),
    "cgan-medium-dropout-0.1": replace(_DENSE, dropout=0.1),
    "cgan-medium-dropout-0.5": replace(_DENSE, dropout=0.5),
    "cgan-medium-vbn": replace(_DENSE, **_VIRTUAL),
    "cgan-medium-vbn-ls": replace(_DENSE, **_VIRTUAL, **_SMOOTHED),
    "cgan-medium-classifier": replace(_DENSE, classifier="mnist-lenet"),
    "acgan-medium": replace(_DENSE, discriminator="auxiliary"),
    "acgan-convolutional": replace(_CONVOLUTIONAL, discriminator="auxiliary"),
}
