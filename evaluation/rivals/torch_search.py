"""The search written for PyTorch 2, compiled by `torch.compile`."""

import numpy as np
import torch
import torch.nn.functional as F

from evaluation.rivals.ported import (
    PortedSearch,
    compute,
    deformation_filters,
    mirrored,
    window_means,
)


class TorchSearch(PortedSearch):
    """A `PortedSearch` for PyTorch.

    Args:
        problem: a `Problem`.
        compiled: with `torch.compile`; else eagerly.
    """

    def __init__(self, problem, compiled=True):
        super().__init__(problem)
        self._functions = [
            (_FUNCTIONS[step.kind](step.config, *map(torch.tensor, step.weights)), *ends)
            for step in problem.steps
            for ends in [(step.inputs, step.output)]
        ]
        self._deformation = None
        if problem.deformation is not None:
            self._deformation = _Deformation(problem.data_shape, **problem.deformation)
        compiler = torch.compile(dynamic=False) if compiled else lambda function: function
        self._step, self._finish = compiler(self._step), compiler(self._finish)

    def reconstruct(self, images, starts):
        """See `PortedSearch.reconstruct`; tensors."""
        with torch.no_grad():
            data = torch.from_numpy(np.ascontiguousarray(images))
            latent = torch.from_numpy(starts.reshape(-1, starts.shape[-1]).copy())
            condition = torch.eye(starts.shape[1]).repeat(len(images), 1)
            first, second = torch.zeros_like(latent), torch.zeros_like(latent)
            for rate in self.rates:
                latent, first, second = self._step(
                    latent, first, second, torch.tensor(rate), condition, data
                )
            return self._finish(latent, condition, data)

    def _generated(self, latent, condition, data):
        generated = compute(self._functions, self.problem.inputs, condition, latent)
        return generated.reshape(len(data), -1, *generated.shape[1:])

    def _loss(self, latent, condition, data):
        difference = _difference(data, self._generated(latent, condition, data))
        prior = self.problem.prior
        restriction = ((latent - prior["mean"]) / prior["standard_deviation"]).abs().mean(dim=-1)
        return difference.sum() + self.problem.settings["restriction_weight"] * restriction.sum()

    def _step(self, latent, first, second, rate, condition, data):
        """One step of Adam, on the latents of all images and classes."""
        settings = self.problem.settings
        gradient = torch.func.grad(self._loss)(latent, condition, data)
        first = first + (gradient - first) * (1 - settings["beta_1"])
        second = second + (gradient.square() - second) * (1 - settings["beta_2"])
        return latent - rate * first / (second.sqrt() + settings["epsilon"]), first, second

    def _finish(self, latent, condition, data):
        generated = self._generated(latent, condition, data)
        difference = _difference(data, generated)
        if self._deformation is None:
            return generated, difference, difference
        return generated, difference, self._deformation(data, generated)


def _difference(data, generated):
    """The mean absolute difference (N, C)."""
    return (data[:, None] - generated).abs().mean(dim=(2, 3, 4))


class _Deformation:
    """`igc_tf.search.Deformation` of data and generated."""

    def __init__(self, data_shape, displacement, context, smoothing, brightness):
        self._shifts = range(2 * displacement + 1)
        self._margin = displacement
        filters = np.tile(deformation_filters(smoothing, brightness), (1, 1, data_shape[-1]))
        self._filters = torch.tensor(filters).permute(2, 0, 1)[:, None]
        self._down, self._across = (
            torch.tensor(window_means(length, context)) for length in data_shape[:2]
        )

    def __call__(self, data, generated):
        """The difference (N, C)."""
        images, classes, height, width = generated.shape[:4]
        wanted = self._features(data, 0).repeat_interleave(classes, dim=0)
        offered = self._features(generated.flatten(0, 1), self._margin)
        least = None
        for row in self._shifts:
            for column in self._shifts:
                shifted = offered[:, :, row : row + height, column : column + width]
                distance = (wanted - shifted).square().sum(dim=1)
                distance = self._down @ distance @ self._across.T
                least = distance if least is None else torch.minimum(least, distance)
        return least.mean(dim=(1, 2)).reshape(images, classes)

    def _features(self, images, margin):
        """Smoothed brightness and derivatives (N, 3 · channels, H + 2 margin, W + 2 margin)."""
        border = margin + self._filters.shape[-1] // 2
        rows, columns = (mirrored(length, border) for length in images.shape[1:3])
        padded = images[:, rows][:, :, columns].permute(0, 3, 1, 2)
        return F.conv2d(padded, self._filters, groups=images.shape[-1])


def _dense(config, kernel, bias=None):
    kernel = kernel.T.contiguous()
    activation = _ACTIVATIONS[config["activation"]]
    return lambda x: activation(F.linear(x, kernel, bias))


def _convolution(config, kernel, bias=None):
    kernel = kernel.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    activation = _ACTIVATIONS[config["activation"]]

    def function(x):
        # channels stay last in memory
        x = F.conv2d(x.permute(0, 3, 1, 2), kernel, bias, config["strides"], config["padding"])
        return activation(x.permute(0, 2, 3, 1))

    return function


def _latent_normalization(config):
    epsilon = config["epsilon"]
    return lambda z: z * torch.rsqrt(z.square().mean(dim=-1, keepdim=True) + epsilon)


_ACTIVATIONS = {"linear": lambda x: x, "tanh": torch.tanh, "relu": torch.relu}
_FUNCTIONS = {
    "Activation": lambda config: _ACTIVATIONS[config["activation"]],
    "Add": lambda config: lambda x, y: x + y,
    "Conv2D": _convolution,
    "Dense": _dense,
    "LatentNormalization": _latent_normalization,
    "LeakyReLU": lambda config: lambda x: F.leaky_relu(x, config["negative_slope"]),
    "Multiply": lambda config: lambda x, y: x * y,
    "Permute": lambda config: lambda x: x.permute(0, *config["dims"]),
    "Rescaling": lambda config: lambda x: x * config["scale"] + config["offset"],
    "Reshape": lambda config: lambda x: x.reshape(len(x), *config["target_shape"]),
}
