"""How strong the generator's gradients are, and how well the small GAN learns from them."""

from dataclasses import asdict, replace

import numpy as np
import tensorflow as tf

from evaluation.lesson.small_gan import BOUNDS, Training, made_by
from igc_tf.metrics import FeatureStatistics, frechet_distance
from igc_tf.training.losses import ADVERSARIAL_LOSSES

# the generators' gradients are means over so many latents
_LATENTS = 512
# how often a training is looked at
_PARTS = 10
# parts of the names of trainings
STRONG = ", strong discriminator"
SLOWER, FASTER = ", its rate / 10", ", generator's rate × 10"


def look_at(gan, images, seed=0):
    """Measures how sure the discriminator is, and what the generator would learn from it.

    Args:
        gan: a `ConditionalGAN` without conditions.
        images: real ones, float32 (N, H, W, channels).
        seed: of the latents.

    Returns:
        A dict: `fake_probability`, `real_probability`, the discriminator's means; `told_apart`, how
        many of the real and generated images together it tells right; and `gradients`, {name of a
        loss of the discriminator's kind: the length of its gradient on the generator's weights}.
    """
    generator = gan.trained
    latents = generator.prior.sample([_LATENTS, generator.latent_size], [seed, 2])
    condition = tf.ones([_LATENTS, 1])
    weights = generator.model.trainable_variables
    own = ADVERSARIAL_LOSSES[gan.generator_loss]
    names = [
        name
        for name, losses in ADVERSARIAL_LOSSES.items()
        if losses.discriminator is own.discriminator
    ]
    with tf.GradientTape(persistent=True) as tape:
        # as in a step of training
        fake = gan.generator([condition, latents], training=True)
        output = gan.discriminator([fake, condition])
        losses = {
            name: tf.reduce_mean(ADVERSARIAL_LOSSES[name].generator(output)) for name in names
        }
    gradients = {
        name: _finite(tf.linalg.global_norm(tape.gradient(loss, weights)))
        for name, loss in losses.items()
    }
    shown = tf.constant(images[:_LATENTS])
    real = gan.discriminator([shown, condition[: len(shown)]])
    says_real = [own.probability(part).numpy() for part in (real, output)]
    return {
        "real_probability": _finite(says_real[0].mean()),
        "fake_probability": _finite(says_real[1].mean()),
        "told_apart": float(np.concatenate([says_real[0] > 0.5, says_real[1] < 0.5]).mean()),
        "gradients": gradients,
    }


def _finite(value):
    """A number, or None where a training has diverged."""
    return float(value) if np.isfinite(value) else None


def gradients_at_strong_discriminators(images, head_starts, seed, **values):
    """Lets a discriminator learn against a generator that does not, and measures gradients.

    Args:
        images: real ones, float32 (N, H, W, channels).
        head_starts: batches after which they are measured, ascending, the first one 0.
        seed: of the `Training`.
        **values: others of its options.

    Returns:
        A list of dicts: `head_start` and what `look_at` returns, its gradients those of both kinds
        of discriminators, each trained by its own loss.
    """
    rows = []
    for head_start in head_starts:
        found = {}
        for loss in ("non-saturating", "least-squares"):
            training = Training(
                generator_loss=loss, head_start=head_start, batches=1, seed=seed, **values
            )
            seen = training.run(images, look=lambda gan, batches: look_at(gan, images))[1][0]
            found[loss] = seen
        row = {**found["non-saturating"], "head_start": head_start, "seed": seed}
        row["gradients"] = {**row["gradients"], **found["least-squares"]["gradients"]}
        rows.append(row)
    return rows


class Judge:
    """Judges what a small GAN makes.

    Args:
        images: real ones to compare with, float32 (N, H, W, channels).
        classifier: a Keras model, images -> probabilities of classes.
        features: computes features of images, as `NetworkFeatures` does.
        count: of images that are generated.
    """

    def __init__(self, images, classifier, features, count):
        self.classifier, self.features, self.count = classifier, features, count
        self._real = FeatureStatistics.of(features(images))
        self._spread = _spread(images)

    def __call__(self, images):
        """Returns figures of generated images: a dict, of None where they are not finite.

        `fid`, the Fréchet distance of features; `classes`, how many classes there seem to be: the
        exponential of the entropy of the classifier's answers; `diversity`, the root of the mean
        variance of the pixels, as a part of that of the real images.
        """
        if not np.isfinite(images).all():
            return dict.fromkeys(("fid", "classes", "diversity"))
        answers = self.classifier.predict(images, verbose=0).argmax(axis=1)
        shares = np.bincount(answers) / len(answers)
        shares = shares[shares > 0]
        return {
            "fid": float(frechet_distance(self._real, FeatureStatistics.of(self.features(images)))),
            "classes": float(np.exp(-(shares * np.log(shares)).sum())),
            "diversity": float(_spread(images) / self._spread),
        }


def _spread(images):
    return np.sqrt(images.var(axis=0).mean())


def judged_training(training, images, judge):
    """Trains the small GAN, and judges what it makes in the end.

    Args:
        training: a `Training`.
        images: to learn from.
        judge: a `Judge`.

    Returns:
        `(row, made)`: the training's options, the figures of its `Judge` and, at equal distances,
        what `look_at` saw of it, as `history`; and 64 of the images that it makes.
    """

    def look(gan, batches):
        seen = look_at(gan, images)
        loss = training.generator_loss
        return {**seen, "gradients": seen["gradients"][loss], "batches": batches}

    gan, history = training.run(images, _PARTS, look)
    made = made_by(gan, judge.count, training.seed)
    row = {**asdict(training), **judge(made), "history": history}
    made = np.nan_to_num(made, nan=BOUNDS[0])
    if training.noise in ("constant", "few"):
        # what it makes of latents that it has not seen
        row["fresh"] = judge(made_by(gan, judge.count, training.seed, "normal"))
    return row, made[:64]


def loss_variants(base, head_start, rates):
    """What is compared of the losses: {name: `Training`}.

    Each loss with each optimizer, with and without a discriminator that is too good from the
    start; and what may help the saturating loss then: the learning rates of both sides.

    Args:
        base: a `Training`.
        head_start: of the strong discriminator, batches.
        rates: {optimizer: learning rate}.
    """
    variants = {}
    for optimizer, rate in rates.items():
        with_it = replace(
            base, optimizer=optimizer, learning_rate=rate, discriminator_learning_rate=rate
        )
        for loss in ADVERSARIAL_LOSSES:
            weak = replace(with_it, generator_loss=loss)
            variants[f"{loss}, {optimizer}"] = weak
            variants[f"{loss}, {optimizer}{STRONG}"] = replace(weak, head_start=head_start)
        poor = replace(with_it, generator_loss="saturating", head_start=head_start)
        for cure, values in {
            SLOWER: {"discriminator_learning_rate": rate / 10},
            FASTER: {"learning_rate": 10 * rate},
        }.items():
            variants[f"saturating, {optimizer}{STRONG}{cure}"] = replace(poor, **values)
    return variants


def latent_variants(base, data_size, noises, sizes):
    """What is compared of the generator's input: {name: `Training`}.

    Args:
        base: a `Training`.
        data_size: elements of the data: one latent has as many, one twice as many.
        noises: of `NOISES`, "normal" among them.
        sizes: further ones of the latents.
    """
    variants = {f"noise: {noise}": replace(base, noise=noise) for noise in noises}
    for size in (*sizes, data_size, 2 * data_size):
        variants[f"latent size {size}"] = replace(base, latent_size=size)
    for noise, title in (("constant", "one latent"), ("few", "64 latents")):
        variants[f"constant in training: {title}"] = replace(base, noise=noise)
    return variants
