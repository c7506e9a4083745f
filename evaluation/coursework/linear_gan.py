"""Does a linear GAN find the principal components? The coursework says that it would."""

from dataclasses import dataclass
from typing import Annotated

import keras
import numpy as np
import tensorflow as tf
from scipy.linalg import subspace_angles

from igc_tf.ranges import SEED, Range, check_ranges
from igc_tf.training.losses import ADVERSARIAL_LOSSES

# variances of the data along their principal axes
SPECTRUM = (4.0, 2.0, 0.8, 0.5, 0.3, 0.2, 0.1, 0.05)


def _linear(vector, matrix, x):
    del matrix
    return tf.linalg.matvec(x, vector[:-1]) + vector[-1]


def _quadratic(vector, matrix, x):
    symmetric = (matrix + tf.transpose(matrix)) / 2
    return tf.einsum("bi,ij,bj->b", x, symmetric, x) + _linear(vector, matrix, x)


# D(x), of v and b in one vector, and A
DISCRIMINATORS = {"linear": _linear, "quadratic": _quadratic}


@dataclass(frozen=True)
class LinearGAN:
    """A generator W z of normal data of mean 0, against a discriminator of a simple form.

    The data have the variances `SPECTRUM` along axes that are turned at random; z has as many
    elements as there are components to be found.

    Attributes:
        discriminator: "linear", v · x + b; or "quadratic", x' A x + v · x + b.
        loss: a name of `ADVERSARIAL_LOSSES`; or "wasserstein", the difference of D's means, with
            the eigenvalues of A within [-1, 1] and v no longer than 1 (Arjovsky et al. 2017). With
            the quadratic discriminator its best W spans the principal components: the most that
            tr(A (Σ - W W')) can be is the sum of the absolute eigenvalues of Σ - W W', which is
            least where W W' is Σ's part along its largest axes.
        components: elements of z.
        steps: of both sides.
        batch_size: examples of each kind in a step.
        learning_rate: of both sides' Adam, falling to 0 along a line.
        seed: of the data, the start and the draws.

    Raises:
        InputError: for a value outside its range.
    """

    discriminator: str = "quadratic"
    loss: str = "wasserstein"
    components: Annotated[int, Range(1, len(SPECTRUM) - 1)] = 2
    steps: Annotated[int, Range(1)] = 6000
    batch_size: Annotated[int, Range(1)] = 256
    learning_rate: Annotated[float, Range(0, above=True)] = 0.003
    discriminator_learning_rate: Annotated[float, Range(0, above=True)] = 0.05
    seed: Annotated[int, SEED] = 0

    def __post_init__(self):
        check_ranges(self)

    def train(self):
        """Trains, and compares what the generator spans with the principal components.

        Returns:
            A dict: `angle`, the largest principal angle between both subspaces, and `chance`, the
            mean of that of subspaces of random direction, degrees; `variances`, of the generated
            data along their own axes. Angle and variances are None if it diverged.
        """
        rng = np.random.default_rng(self.seed)
        size = len(SPECTRUM)
        axes = np.linalg.qr(rng.normal(size=[size, size]))[0]
        weights = self._trained(tf.constant(axes * np.sqrt(SPECTRUM), tf.float32), rng)
        principal = axes[:, : self.components]
        random = rng.normal(size=[500, *principal.shape])
        chance = float(np.mean([_largest_angle(principal, other) for other in random]))
        if not np.isfinite(weights).all():
            return {"angle": None, "chance": chance, "variances": None}
        variances = np.linalg.svd(weights, compute_uv=False) ** 2
        return {
            "angle": _largest_angle(principal, weights),
            "chance": chance,
            "variances": variances.tolist(),
        }

    def _trained(self, mixing, rng):
        """The generator's weights (D, K), after training on mixing · normal numbers."""
        size = len(SPECTRUM)
        starts = [
            rng.normal(size=[size, self.components]),
            0.1 * rng.normal(size=[size + 1]),
            0.1 * rng.normal(size=[size, size]),
        ]
        generator, vector, matrix = (tf.Variable(start, dtype=tf.float32) for start in starts)
        generating, discriminating = (
            keras.optimizers.Adam(
                keras.optimizers.schedules.PolynomialDecay(rate, self.steps, 0.0), beta_1=0.5
            )
            for rate in (self.learning_rate, self.discriminator_learning_rate)
        )
        generating.build([generator])
        discriminating.build([vector, matrix])

        def output(number, is_real):
            seed = tf.stack([self.seed, 2 * number + is_real])
            weights = mixing if is_real else generator
            normal = tf.random.stateless_normal([self.batch_size, weights.shape[1]], seed)
            form = DISCRIMINATORS[self.discriminator]
            return form(vector, matrix, tf.matmul(normal, weights, transpose_b=True))

        @tf.function
        def train():
            for number in tf.range(self.steps):
                with tf.GradientTape() as tape:
                    real, fake = output(number, 1), output(number, 0)
                    loss = tf.reduce_mean(self._discriminator_loss(real, fake))
                gradients = tape.gradient(loss, [vector, matrix], unconnected_gradients="zero")
                discriminating.apply(gradients, [vector, matrix])
                if self.loss == "wasserstein":
                    matrix.assign(_within_unit_norm(matrix))
                    vector.assign(vector / tf.maximum(tf.norm(vector), 1.0))
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(self._generator_loss(output(number, 0)))
                generating.apply([tape.gradient(loss, generator)], [generator])

        train()
        return generator.numpy()

    def _discriminator_loss(self, real, fake):
        if self.loss == "wasserstein":
            return fake - real
        return ADVERSARIAL_LOSSES[self.loss].discriminator(real, fake)

    def _generator_loss(self, fake):
        return (
            -fake if self.loss == "wasserstein" else ADVERSARIAL_LOSSES[self.loss].generator(fake)
        )


def _within_unit_norm(matrix):
    """The nearest symmetric matrix whose eigenvalues lie in [-1, 1]."""
    values, vectors = tf.linalg.eigh((matrix + tf.transpose(matrix)) / 2)
    return tf.matmul(vectors * tf.clip_by_value(values, -1.0, 1.0), vectors, transpose_b=True)


def _largest_angle(first, second):
    return float(np.degrees(subspace_angles(first, second)).max())
