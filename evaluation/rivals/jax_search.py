"""The search written for JAX, the whole loop compiled by `jax.jit`."""

import jax
import jax.numpy as jnp
import numpy as np

from evaluation.rivals.ported import (
    PortedSearch,
    deformation_filters,
    mirrored,
    window_means,
)


class JaxSearch(PortedSearch):
    """A `PortedSearch` for JAX.

    Args:
        problem: a `Problem`.
    """

    def __init__(self, problem):
        super().__init__(problem)
        self._generate = problem.generator.compiled(_FUNCTIONS, jnp.asarray)
        self._encode = None
        if problem.encoder is not None:
            self._encode = problem.encoder.compiled(_FUNCTIONS, jnp.asarray)
        self._deformation = None
        if problem.deformation is not None:
            self._deformation = _Deformation(problem.data_shape, **problem.deformation)
        self._run = jax.jit(self._run)

    def search(self, images, starts):
        """See `PortedSearch.search`; arrays."""
        return self._run(images, starts)

    def _run(self, data, starts):
        settings = self.problem.settings
        latent, places, loss = self._begin(data, starts)
        rates = jnp.asarray(self.rates, jnp.float32)
        gradient_of = jax.grad(lambda z: self._losses(z, places, data).sum())

        def step(number, state):
            latent, first, second = state
            gradient = gradient_of(latent)
            first = first + (gradient - first) * (1 - settings["beta_1"])
            second = second + (jnp.square(gradient) - second) * (1 - settings["beta_2"])
            moved = rates[number] * first / (jnp.sqrt(second) + settings["epsilon"])
            return latent - moved, first, second

        if self.rates:
            state = latent, jnp.zeros_like(latent), jnp.zeros_like(latent)
            latent, _, _ = jax.lax.fori_loop(0, settings["steps"], step, state)
        return self._finish(latent, places, loss, data)

    def _begin(self, data, starts):
        """`(latent (B, k, Z), places, loss)`: where the classes that are searched start.

        Which they are, (B, k), and the loss of all classes' starts, (B, C); None for all classes.
        """
        classes = self.problem.condition_size
        if starts is None:
            starts = self._encode(data=data, condition=jnp.eye(classes)[None])
        if self.kept is None:
            return starts, None, None
        loss = self._losses(starts, None, data)
        places = jax.lax.top_k(-loss, self.kept)[1]
        return _taken(starts, places), places, loss

    def _generated(self, latent, places, data):
        """(B, k, H, W, channels)."""
        condition = jnp.eye(self.problem.condition_size)
        if places is None:
            condition = jnp.tile(condition, (len(data), 1))
        else:
            condition = condition[places.reshape(-1)]
        flat = latent.reshape(-1, latent.shape[-1])
        generated = self._generate(condition=condition, latent=flat)
        return generated.reshape(*latent.shape[:2], *generated.shape[1:])

    def _restriction(self, latent):
        prior = self.problem.prior
        z = (latent - prior["mean"]) / prior["standard_deviation"]
        return self.problem.settings["restriction_weight"] * _absolute(z).mean(axis=-1)

    def _losses(self, latent, places, data):
        """The loss of each class (B, k)."""
        difference = _difference(data, self._generated(latent, places, data))
        return difference + self._restriction(latent)

    def _finish(self, latent, places, loss, data):
        """`(scores, differences)`, (B, C)."""
        generated = self._generated(latent, places, data)
        difference = _difference(data, generated)
        score = self._score(latent, generated, difference, data)
        if places is None:
            return score, difference
        scores = _placed(places, score, jnp.full_like(loss, -jnp.inf))
        differences = _placed(places, difference, jnp.full_like(loss, jnp.nan))
        # those that were dropped stand below the others, if need be shifted together
        was_kept = scores > -jnp.inf
        least = score.min(axis=1, keepdims=True)
        ceiling = least - 1e-6 * (1 + jnp.abs(least))
        highest = jnp.where(was_kept, -jnp.inf, -loss).max(axis=1, keepdims=True)
        dropped = -loss - jnp.maximum(highest - ceiling, 0)
        return jnp.where(was_kept, scores, dropped), differences

    def _score(self, latent, generated, difference, data):
        """What the classes that were searched are judged by, (B, k)."""
        if self._deformation is None:
            return -difference
        if self.contenders is None:
            return -self._deformation(data, generated)
        loss = difference + self._restriction(latent)
        values, places = jax.lax.top_k(-loss, self.contenders)
        score = -self._deformation(data, _taken(generated, places))
        highest = -values.min(axis=1, keepdims=True)
        return _placed(places, score, score.min(axis=1, keepdims=True) + highest - loss)


def _taken(array, places):
    """(B, k, ...) of an array (B, K, ...), at the places (B, k)."""
    return array[jnp.arange(len(array))[:, None], places]


def _placed(places, values, others):
    """(B, K) with values (B, k) at the places (B, k), and others elsewhere."""
    return others.at[jnp.arange(len(others))[:, None], places].set(values)


def _absolute(x):
    """|x|, whose gradient at 0, where every search starts, is 0 as elsewhere, not JAX's 1."""
    return x * jax.lax.stop_gradient(jnp.sign(x))


def _difference(data, generated):
    """The mean absolute difference (N, C)."""
    return _absolute(data[:, None] - generated).mean(axis=(2, 3, 4))


class _Deformation:
    """`igc_tf.search.Deformation` of data and generated."""

    def __init__(self, data_shape, displacement, context, smoothing, brightness):
        self._shifts = range(2 * displacement + 1)
        self._margin = displacement
        filters = np.tile(deformation_filters(smoothing, brightness), (1, 1, data_shape[-1]))
        self._filters = jnp.asarray(filters)[:, :, None]
        self._down, self._across = (
            jnp.asarray(window_means(length, context)) for length in data_shape[:2]
        )

    def __call__(self, data, generated):
        """The difference (N, C)."""
        images, classes, height, width = generated.shape[:4]
        wanted = jnp.repeat(self._features(data, 0), classes, axis=0)
        offered = self._features(generated.reshape(-1, *generated.shape[2:]), self._margin)
        least = jnp.full((images * classes, height, width), jnp.inf)
        for row in self._shifts:
            for column in self._shifts:
                shifted = offered[:, row : row + height, column : column + width]
                distance = jnp.square(wanted - shifted).sum(axis=-1)
                distance = self._down @ distance @ self._across.T
                least = jnp.minimum(least, distance)
        return least.mean(axis=(1, 2)).reshape(images, classes)

    def _features(self, images, margin):
        """Smoothed brightness and derivatives (N, H + 2 margin, W + 2 margin, 3 · channels)."""
        border = margin + self._filters.shape[0] // 2
        rows, columns = (mirrored(length, border) for length in images.shape[1:3])
        padded = images[:, rows][:, :, columns]
        return _convolve(padded, self._filters, (1, 1), "VALID", groups=images.shape[-1])


def _convolve(x, kernel, strides, padding, groups=1):
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        strides,
        padding.upper(),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
    )


def _dense(config, kernel, bias=None):
    activation = _ACTIVATIONS[config["activation"]]
    return lambda x: activation(x @ kernel if bias is None else x @ kernel + bias)


def _convolution(config, kernel, bias=None):
    activation = _ACTIVATIONS[config["activation"]]

    def function(x):
        x = _convolve(x, kernel, config["strides"], config["padding"])
        return activation(x if bias is None else x + bias)

    return function


def _latent_normalization(config):
    epsilon = config["epsilon"]
    return lambda z: z * jax.lax.rsqrt(jnp.square(z).mean(axis=-1, keepdims=True) + epsilon)


_ACTIVATIONS = {"linear": lambda x: x, "tanh": jnp.tanh, "relu": jax.nn.relu}
_FUNCTIONS = {
    "Activation": lambda config: _ACTIVATIONS[config["activation"]],
    "Add": lambda config: lambda x, y: x + y,
    "Conv2D": _convolution,
    "Dense": _dense,
    "Flatten": lambda config: lambda x: x.reshape(len(x), -1),
    "LatentNormalization": _latent_normalization,
    "LeakyReLU": lambda config: lambda x: jnp.where(x > 0, x, config["negative_slope"] * x),
    "Multiply": lambda config: lambda x, y: x * y,
    "Permute": lambda config: lambda x: x.transpose(0, *config["dims"]),
    "Rescaling": lambda config: lambda x: x * config["scale"] + config["offset"],
    "Reshape": lambda config: lambda x: x.reshape(len(x), *config["target_shape"]),
}
