"""How good each variant's images are, and how its training went: the document's table and more."""

import functools

import keras
import numpy as np
from scipy.signal import detrend

from evaluation.coursework.variants import MNIST, PUBLISHED, PUBLISHED_MNIST
from evaluation.figures import plot_curves
from evaluation.statistics import intraclass_correlation
from igc_tf.classifiers.network import FEATURE_LAYER, load_network
from igc_tf.generators.keras_files import each_layer
from igc_tf.metrics import (
    FeatureStatistics,
    NetworkFeatures,
    class_shares,
    frechet_distance,
    inception_score,
    kernel_distance,
    proportion,
)
from igc_tf.plots import plot_class_samples

# what a batch does to its images is measured at the document's size, and at a larger one, where it
# expects more of virtual batch normalisation; over so many batches, with so many latents the same
_BATCH_SIZES = (128, 512)
_BATCHES = 20
_SAME = 8
_SAMPLES = 10
_INCEPTION = "inception_"
_LOSSES = ("discriminator_loss", "generator_loss")


class Judge:
    """A trained classifier that scores images, and the real images that they are compared with.

    Args:
        name: of the LeNet that ships, or its directory.
        real: `LabelledData`, the real images.
        splits: of the inception score.
        inception: `InceptionFeatures`, for distances by those too; None for none.

    Attributes:
        name, real: as given.
        networks: {name: Keras model}, what decides its scores.
    """

    def __init__(self, name, real, splits=10, inception=None):
        lenet = load_network(name)
        self.name, self.real, self._splits = name, real, splits
        self._probabilities = NetworkFeatures(lenet, real.bounds, name)
        features = NetworkFeatures(lenet, real.bounds, name, FEATURE_LAYER)
        self._features = {"": features}
        self.networks = {name: lenet}
        if inception is not None:
            self._features[_INCEPTION] = inception
            self.networks[inception.source] = inception.network
        self._compared = {
            prefix: features(real.images) for prefix, features in self._features.items()
        }

    def scores(self, images, labels=None):
        """Scores images.

        Args:
            images: (N, ...), N at least the splits.
            labels: what they should show (N,), or None where nobody asked for anything.

        Returns:
            A JSON-ready dict: `count`; with labels `correct`, `accuracy` and its 95 % `interval`;
            `inception_score` and its `inception_score_deviation` over the splits; `shares` of the
            classes and their `entropy`; and the distances of `distances`.
        """
        said = self._probabilities(images)
        found = {"count": len(images)}
        if labels is not None:
            correct = int((said.argmax(axis=1) == labels).sum())
            found |= proportion(correct, len(images))
        score, shares = inception_score(said, self._splits), class_shares(said)
        return found | {
            "inception_score": score.mean,
            "inception_score_deviation": score.standard_deviation,
            "shares": shares.shares.tolist(),
            "entropy": shares.entropy,
            **self.distances(images),
        }

    def distances(self, images):
        """Returns `frechet` and `kernel` distance of images from the real ones.

        By the judge's features; and `inception_frechet` and `inception_kernel` by Inception's.
        """
        found = {}
        for prefix, features in self._features.items():
            real, made = self._compared[prefix], features(images)
            statistics = map(FeatureStatistics.of, (real, made))
            found[f"{prefix}frechet"] = frechet_distance(*statistics)
            found[f"{prefix}kernel"] = kernel_distance(real, made)
        return found


def in_turn(generator, count, seed):
    """Returns images that a generator makes, of its classes in turn, and their labels.

    Args:
        generator: a `Generator`.
        count: how many.
        seed: of the latents.
    """
    labels = np.arange(count) % generator.layout.size
    return generator.sample(labels, seed), labels


def score_variants(run, variants, judge, others, count):
    """Adds a row for each trained variant, and for MNIST itself as the last.

    Args:
        run: an `Experiment`.
        variants: {(name, seed): a function without arguments that returns the `Trained`}.
        judge: a `Judge`.
        others: real images other than the judge's: how far real ones are from real ones.
        count: images to generate.
    """
    for (name, seed), train in variants.items():
        if run.row(variant=name, seed=seed) is not None:
            continue
        trained = train()
        generator = trained.generator()
        images, labels = in_turn(generator, count, seed=0)
        published = PUBLISHED.get(name)
        row = {
            "variant": name,
            "seed": seed,
            **trained.length(),
            **trained.source(),
            **judge.scores(images, labels if trained.has_classes else None),
            "losses": loss_figures(trained.losses),
            "batch_effects": {str(size): batch_effects(generator, size) for size in _BATCH_SIZES},
            "published": None if published is None else published._asdict(),
        }
        run.add(row, functools.partial(_draw, run, trained, generator, images, labels))
        run.say(f"{name}, seed {seed}: {describe(row)}")
    if run.row(variant=MNIST) is None:
        row = {
            "variant": MNIST,
            "seed": None,
            **judge.scores(judge.real.images, judge.real.labels),
            **judge.distances(others.images),
            "published": PUBLISHED_MNIST._asdict(),
        }
        run.add(row)
        run.say(f"MNIST itself: {describe(row)}")


def describe(row):
    """A row of `Judge.scores` in a few words."""
    accuracy = f"{100 * row['accuracy']:.1f} %, " if "accuracy" in row else ""
    return (
        f"{accuracy}inception score {row['inception_score']:.2f} ± "
        f"{row['inception_score_deviation']:.2f}, Fréchet distance {row['frechet']:.1f}, "
        f"KID {row['kernel']:.3f}, entropy {row['entropy']:.2f}"
    )


def loss_figures(curve):
    """What the losses do in the second half of a training.

    Args:
        curve: `Trained.losses`.

    Returns:
        `{name: {"mean", "oscillation"}}`: of each loss its mean, and the standard deviation of its
        means of a few batches around the straight line through them.
    """
    half = len(curve["batch"]) // 2
    return {
        name: {
            "mean": float(np.mean(curve[name][half:])),
            "oscillation": float(np.std(detrend(curve[name][half:]))),
        }
        for name in _LOSSES
    }


def batch_effects(generator, size, batches=_BATCHES, seed=0):
    """What it does to images that they are made in one batch, as in training.

    Normalised by the statistics of its batch, an image depends on the others of it; by the fixed
    statistics of inference, or those of a reference batch, it does not.

    Args:
        generator: a `Generator`; it stays as it is.
        size: images in a batch, as many of each class, more than 8.
        batches: how many.
        seed: of the latents.

    Returns:
        `{"likeness", "dependence"}`: how alike the images of a batch are, their
        `intraclass_correlation`, which with a single class is 0 in expectation where it does not
        matter in which batch an image is, and with several a little less, as each batch has the
        same class at the same place (of MNIST's own images -0.0018 in batches of 128, -0.0005 in
        those of 512); and which share of the images' variance it is that the same latents make
        other images among others, from 0.
    """
    # that of a training does not train itself, and would normalise by its fixed statistics
    model = keras.models.clone_model(generator.model)
    model.set_weights(generator.model.get_weights())
    for layer in each_layer(model):
        layer.trainable = True
    condition = generator.layout.one_hot(np.arange(size) % generator.layout.size)
    same = generator.prior.sample([_SAME, generator.latent_size], [seed, batches])
    made = []
    for number in range(batches):
        others = generator.prior.sample([size - _SAME, generator.latent_size], [seed, number])
        # the moving statistics are left alone
        images, _ = model.stateless_call(
            [variable.value for variable in model.trainable_variables],
            [variable.value for variable in model.non_trainable_variables],
            [condition, np.concatenate([same, others])],
            training=True,
        )
        made.append(np.asarray(images))
    made = np.stack(made)
    return {
        "likeness": intraclass_correlation(made[:, _SAME:]),
        "dependence": 1 - intraclass_correlation(np.swapaxes(made[:, :_SAME], 0, 1)),
    }


def _draw(run, trained, generator, images, labels):
    """The losses and some images of a training; of a variant's first seed only."""
    if trained.seed:
        return
    curve = trained.losses
    losses = {name.replace("_", " "): (curve["batch"], curve[name]) for name in _LOSSES}
    # now and then a loss is a thousand times what it is else
    figure = plot_curves({"loss": losses}, "batch", trained.name, logarithmic=("loss",))
    run.write_figure(f"losses-{trained.name}.png", figure)
    if trained.has_classes:
        names = enumerate(generator.layout.class_names)
        samples = {name: images[labels == number][:_SAMPLES] for number, name in names}
    else:
        samples = {"": images[: _SAMPLES**2]}
    figure = plot_class_samples(samples, generator.bounds, trained.name, _SAMPLES)
    run.write_figure(f"samples-{trained.name}.png", figure)
