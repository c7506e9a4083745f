"""The search written for PyTorch 2, compiled by `torch.compile`."""

import numpy as np
import torch
import torch.nn.functional as F

from evaluation.rivals.ported import (
    PortedSearch,
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
        self._generate = problem.generator.compiled(_FUNCTIONS, torch.tensor)
        self._encode = None
        if problem.encoder is not None:
            self._encode = problem.encoder.compiled(_FUNCTIONS, torch.tensor)
        self._deformation = None
        if problem.deformation is not None:
            self._deformation = _Deformation(problem.data_shape, **problem.deformation)
        compiler = torch.compile(dynamic=False) if compiled else lambda function: function
        self._pass = compiler(self._pass)
        self._begin, self._step = compiler(self._begin), compiler(self._step)
        self._finish = compiler(self._finish)

    def search(self, images, starts):
        """See `PortedSearch.search`; tensors."""
        with torch.no_grad():
            data = torch.from_numpy(np.ascontiguousarray(images))
            starts = None if starts is None else torch.from_numpy(np.ascontiguousarray(starts))
            if not self.rates:
                return self._pass(data, starts)
            latent, places, loss = self._begin(data, starts)
            first, second = torch.zeros_like(latent), torch.zeros_like(latent)
            for rate in self.rates:
                latent, first, second = self._step(
                    latent, first, second, torch.tensor(rate), places, data
                )
            return self._finish(latent, places, loss, data)

    def _pass(self, data, starts):
        """A search without steps, in one piece."""
        return self._finish(*self._begin(data, starts), data)

    def _begin(self, data, starts):
        """`(latent (B, k, Z), places, loss)`: where the classes that are searched start.

        Which they are, (B, k), and the loss of all classes' starts, (B, C); None for all classes.
        """
        classes = self.problem.condition_size
        if starts is None:
            starts = self._encode(data=data, condition=torch.eye(classes)[None])
        if self.kept is None:
            return starts, None, None
        loss = self._losses(starts, None, data)
        places = loss.topk(self.kept, largest=False).indices
        return _taken(starts, places), places, loss

    def _generated(self, latent, places, data):
        """(B, k, H, W, channels)."""
        condition = torch.eye(self.problem.condition_size)
        if places is None:
            condition = condition.repeat(len(data), 1)
        else:
            condition = condition[places].flatten(0, 1)
        generated = self._generate(condition=condition, latent=latent.flatten(0, 1))
        return generated.reshape(*latent.shape[:2], *generated.shape[1:])

    def _restriction(self, latent):
        prior = self.problem.prior
        z = (latent - prior["mean"]) / prior["standard_deviation"]
        return self.problem.settings["restriction_weight"] * z.abs().mean(dim=-1)

    def _losses(self, latent, places, data):
        """The loss of each class (B, k)."""
        difference = _difference(data, self._generated(latent, places, data))
        return difference + self._restriction(latent)

    def _step(self, latent, first, second, rate, places, data):
        """One step of Adam, on the latents of all images and classes."""
        settings = self.problem.settings
        gradient = torch.func.grad(lambda z: self._losses(z, places, data).sum())(latent)
        first = first + (gradient - first) * (1 - settings["beta_1"])
        second = second + (gradient.square() - second) * (1 - settings["beta_2"])
        return latent - rate * first / (second.sqrt() + settings["epsilon"]), first, second

    def _finish(self, latent, places, loss, data):
        """`(scores, differences)`, (B, C)."""
        generated = self._generated(latent, places, data)
        difference = _difference(data, generated)
        score = self._score(latent, generated, difference, data)
        if places is None:
            return score, difference
        scores = torch.full_like(loss, -torch.inf).scatter(1, places, score)
        differences = torch.full_like(loss, torch.nan).scatter(1, places, difference)
        # those that were dropped stand below the others, if need be shifted together
        was_kept = scores > -torch.inf
        least = score.amin(dim=1, keepdim=True)
        ceiling = least - 1e-6 * (1 + least.abs())
        highest = (-loss).masked_fill(was_kept, -torch.inf).amax(dim=1, keepdim=True)
        dropped = -loss - (highest - ceiling).clamp(min=0)
        return torch.where(was_kept, scores, dropped), differences

    def _score(self, latent, generated, difference, data):
        """What the classes that were searched are judged by, (B, k)."""
        if self._deformation is None:
            return -difference
        if self.contenders is None:
            return -self._deformation(data, generated)
        loss = difference + self._restriction(latent)
        least = loss.topk(self.contenders, largest=False)
        score = -self._deformation(data, _taken(generated, least.indices))
        others = score.amin(dim=1, keepdim=True) + least.values.amax(dim=1, keepdim=True) - loss
        return others.scatter(1, least.indices, score)


def _taken(tensor, places):
    """(B, k, ...) of a tensor (B, K, ...), at the places (B, k)."""
    return tensor[torch.arange(len(tensor))[:, None], places]


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
    sizes, strides = kernel.shape[:2], config["strides"]
    kernel = kernel.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    activation = _ACTIVATIONS[config["activation"]]

    def function(x):
        # channels stay last in memory
        x = x.permute(0, 3, 1, 2)
        if config["padding"] == "same":
            margins = [_margins(*sides) for sides in zip(x.shape[2:], sizes, strides, strict=True)]
            x = F.pad(x, [*margins[1], *margins[0]])
        return activation(F.conv2d(x, kernel, bias, strides).permute(0, 2, 3, 1))

    return function


def _margins(length, size, stride):
    """What Keras adds at both ends of an axis with padding "same"; the end has the odd one."""
    margin = max((-(-length // stride) - 1) * stride + size - length, 0)
    return margin // 2, margin - margin // 2


def _latent_normalization(config):
    epsilon = config["epsilon"]
    return lambda z: z * torch.rsqrt(z.square().mean(dim=-1, keepdim=True) + epsilon)


_ACTIVATIONS = {"linear": lambda x: x, "tanh": torch.tanh, "relu": torch.relu}
_FUNCTIONS = {
    "Activation": lambda config: _ACTIVATIONS[config["activation"]],
    "Add": lambda config: lambda x, y: x + y,
    "Conv2D": _convolution,
    "Dense": _dense,
    "Flatten": lambda config: lambda x: x.flatten(1),
    "LatentNormalization": _latent_normalization,
    "LeakyReLU": lambda config: lambda x: F.leaky_relu(x, config["negative_slope"]),
    "Multiply": lambda config: lambda x, y: x * y,
    "Permute": lambda config: lambda x: x.permute(0, *config["dims"]),
    "Rescaling": lambda config: lambda x: x * config["scale"] + config["offset"],
    "Reshape": lambda config: lambda x: x.reshape(len(x), *config["target_shape"]),
}
