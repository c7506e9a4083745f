"""The search written for JAX, the whole loop compiled by `jax.jit`."""

import jax
import jax.numpy as jnp
import numpy as np

from evaluation.rivals.ported import (
    PortedSearch,
    compute,
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
        self._functions = [
            (_FUNCTIONS[step.kind](step.config, *map(jnp.asarray, step.weights)), *ends)
            for step in problem.steps
            for ends in [(step.inputs, step.output)]
        ]
        self._deformation = None
        if problem.deformation is not None:
            self._deformation = _Deformation(problem.data_shape, **problem.deformation)
        self._run = jax.jit(self._run)

    def reconstruct(self, images, starts):
        """See `PortedSearch.reconstruct`; arrays."""
        return self._run(jnp.asarray(images), jnp.asarray(starts))

    def _run(self, data, starts):
        settings = self.problem.settings
        latent = starts.reshape(-1, starts.shape[-1])
        condition = jnp.tile(jnp.eye(starts.shape[1]), (len(data), 1))
        rates = jnp.asarray(self.rates, jnp.float32)
        gradient_of = jax.grad(self._loss)

        def step(number, state):
            latent, first, second = state
            gradient = gradient_of(latent, condition, data)
            first = first + (gradient - first) * (1 - settings["beta_1"])
            second = second + (jnp.square(gradient) - second) * (1 - settings["beta_2"])
            moved = rates[number] * first / (jnp.sqrt(second) + settings["epsilon"])
            return latent - moved, first, second

        if self.rates:
            state = latent, jnp.zeros_like(latent), jnp.zeros_like(latent)
            latent, _, _ = jax.lax.fori_loop(0, settings["steps"], step, state)
        generated = self._generated(latent, condition, data)
        difference = _difference(data, generated)
        if self._deformation is None:
            return generated, difference, difference
        return generated, difference, self._deformation(data, generated)

    def _generated(self, latent, condition, data):
        generated = compute(self._functions, self.problem.inputs, condition, latent)
        return generated.reshape(len(data), -1, *generated.shape[1:])

    def _loss(self, latent, condition, data):
        difference = _difference(data, self._generated(latent, condition, data))
        prior = self.problem.prior
        restriction = jnp.abs((latent - prior["mean"]) / prior["standard_deviation"]).mean(axis=-1)
        return difference.sum() + self.problem.settings["restriction_weight"] * restriction.sum()


def _difference(data, generated):
    """The mean absolute difference (N, C)."""
    return jnp.abs(data[:, None] - generated).mean(axis=(2, 3, 4))


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
    "LatentNormalization": _latent_normalization,
    "LeakyReLU": lambda config: lambda x: jnp.where(x > 0, x, config["negative_slope"] * x),
    "Multiply": lambda config: lambda x, y: x * y,
    "Permute": lambda config: lambda x: x.transpose(0, *config["dims"]),
    "Rescaling": lambda config: lambda x: x * config["scale"] + config["offset"],
    "Reshape": lambda config: lambda x: x.reshape(len(x), *config["target_shape"]),
}
