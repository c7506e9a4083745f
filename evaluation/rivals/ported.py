"""What the same search written for other frameworks shares: the networks' layers, the settings.

The weights are those of the Keras models. A framework brings its own operations for the layers of
the compact generator and its encoder, and its own Adam loop. Nothing here loads TensorFlow: its
memory and its start are not another framework's.
"""

import math
from dataclasses import asdict, dataclass, fields

import numpy as np

from igc_tf.errors import InputError

# the kinds of layers that every framework computes
LAYERS = (
    "Activation",
    "Add",
    "Conv2D",
    "Dense",
    "Flatten",
    "LatentNormalization",
    "LeakyReLU",
    "Multiply",
    "Permute",
    "Rescaling",
    "Reshape",
)
# what the ported loop does as the settings say
_FOLLOWED = {
    "steps",
    "learning_rate",
    "final_learning_rate",
    "beta_1",
    "beta_2",
    "epsilon",
    "restriction_weight",
    "contenders",
    "start",
    "jit_compile",
}


@dataclass(frozen=True)
class LayerStep:
    """One layer of a network, in the order of computation.

    Attributes:
        kind: name of the layer's class in Keras.
        config: its configuration.
        weights: its weights, NumPy arrays in Keras' order.
        inputs: numbers of the tensors that it takes.
        output: number of the tensor that it makes.
    """

    kind: str
    config: dict
    weights: tuple
    inputs: tuple
    output: int


@dataclass(frozen=True)
class Network:
    """A functional model, without Keras in it.

    Attributes:
        inputs: numbers of the tensors that it is given, by name.
        steps: its layers, `LayerStep`s; the last makes what the network makes.
    """

    inputs: dict
    steps: list

    @classmethod
    def of(cls, model):
        """Reads the layers of a functional Keras model without nested models.

        Raises:
            InputError: for a layer of another kind, or an operation that is none.
        """
        numbers, inputs, steps = {}, {}, []
        for layer in model.operations:
            output = numbers[id(layer.output)] = len(numbers)
            kind = type(layer).__name__
            if kind == "InputLayer":
                inputs[layer.name] = output
                continue
            if kind not in LAYERS:
                raise InputError(f"{model.name!r} has a layer {kind}: expected only {LAYERS}")
            given = layer.input if isinstance(layer.input, list) else [layer.input]
            taken = tuple(numbers[id(tensor)] for tensor in given)
            weights = tuple(layer.get_weights())
            steps.append(LayerStep(kind, layer.get_config(), weights, taken, output))
        return cls(inputs, steps)

    def compiled(self, functions, array):
        """Returns the network as a function of tensors by name.

        Args:
            functions: {kind of a layer: (config, *weights) -> its function}, a framework's.
            array: makes a framework's tensor of a weight.
        """
        calls = [
            (functions[step.kind](step.config, *map(array, step.weights)), step.inputs, step.output)
            for step in self.steps
        ]

        def call(**given):
            tensors = {self.inputs[name]: tensor for name, tensor in given.items()}
            for function, taken, made in calls:
                tensors[made] = function(*(tensors[number] for number in taken))
            return tensors[self.steps[-1].output]

        return call


@dataclass(frozen=True)
class Problem:
    """What a search in another framework is given, without Keras or TensorFlow in it.

    Attributes:
        generator: the `Network` {"condition" (N, C), "latent" (N, Z)} -> data.
        encoder: the `Network` {"data" (B, ...), "condition" (1, C, C)} -> latents (B, C, Z) that
            the search starts from; None where it starts from the prior's mean.
        data_shape: (H, W, channels).
        condition_size: C.
        latent_size: Z.
        prior: {"mean", "standard_deviation"} of the latents.
        settings: of the search, as `SearchSettings.to_dict` tells them.
        deformation: the attributes of the `Deformation` that decides; None where the data
            difference does.
    """

    generator: Network
    encoder: Network | None
    data_shape: tuple
    condition_size: int
    latent_size: int
    prior: dict
    settings: dict
    deformation: dict | None

    @classmethod
    def of(cls, generator, settings):
        """Reads a generator and the settings of a search.

        Args:
            generator: a `Generator` of one label, a class, with a latent.
            settings: a `SearchSettings`.

        Raises:
            InputError: for layers or settings that are not written for other frameworks.
        """
        reason = why_not_ported(settings)
        if reason is not None:
            raise InputError(reason)
        decides = settings.decision_difference()
        return cls(
            Network.of(generator.model),
            Network.of(generator.encoder) if settings.start == "encoder" else None,
            generator.data_shape,
            generator.condition_size,
            generator.latent_size,
            asdict(generator.prior),
            settings.to_dict(),
            None if decides == "difference" else asdict(decides),
        )


def why_not_ported(settings):
    """Returns why a search with these settings is not written for other frameworks, or None."""
    for field in fields(settings):
        value = getattr(settings, field.name)
        if field.name in _FOLLOWED or value == field.default:
            continue
        if field.name == "decision" and value == "deformation":
            continue
        if field.name == "plan" and _kept_at_once(value) is not None:
            continue
        return f"{field.name}={value!r} is not written for it"
    return None


def _kept_at_once(plan):
    """How many candidates a plan keeps of the starts, for all steps; None for any other plan."""
    is_such = len(plan) == 2 and plan[0][0] == 0 and plan[1][1] is None
    return plan[0][1] if is_such else None


class PortedSearch:
    """A search for every class, as `InvertedGeneratorClassifier` does it.

    A subclass says in `search` how its framework descends.

    Args:
        problem: a `Problem`.

    Attributes:
        problem: as given.
        rates: Adam's step sizes before the second moment divides them, one for each step.
        kept: how many classes, those whose starts have the least loss, are searched; None for all.
        contenders: among how many of those a decision by another difference is made; None for all.
        at_once: how many images are searched at once; as many as the library with ten classes.
    """

    at_once = 100

    def __init__(self, problem):
        settings = problem.settings
        self.problem = problem
        self.rates = [self._rate(step) for step in range(settings["steps"])]
        self.kept = None if settings["plan"] is None else _kept_at_once(settings["plan"])
        self.contenders = settings["contenders"]
        searched = problem.condition_size if self.kept is None else self.kept
        if problem.deformation is None or (self.contenders or searched) >= searched:
            self.contenders = None

    def _rate(self, step):
        settings = self.problem.settings
        first, last = settings["learning_rate"], settings["final_learning_rate"]
        rate = first if last is None else first + (last - first) * step / settings["steps"]
        t = step + 1
        return rate * math.sqrt(1 - settings["beta_2"] ** t) / (1 - settings["beta_1"] ** t)

    def __call__(self, images, starts=None):
        """Searches.

        Args:
            images: float32 (N, H, W, channels).
            starts: latents, float32 (N, C, Z); None for what the settings say.

        Returns:
            `(scores, differences)`, each (N, C): the class of the highest score is the answer; the
            data difference of a class that was dropped is not-a-number.
        """
        problem = self.problem
        at_once = min(len(images), self.at_once)
        if starts is None and problem.encoder is None:
            shape = (1, problem.condition_size, problem.latent_size)
            starts = np.full(shape, problem.prior["mean"], np.float32)
        found = []
        for begin in range(0, len(images), at_once):
            # always the same size, for which the loop is compiled
            chosen = np.arange(begin, begin + at_once) % len(images)
            chosen_starts = starts
            if starts is not None:
                chosen_starts = np.resize(starts, (len(images), *starts.shape[1:]))[chosen]
            searched = self.search(images[chosen], chosen_starts)
            found.append([np.asarray(part)[: len(images) - begin] for part in searched])
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))

    def search(self, images, starts):
        """Searches a few images at once.

        Args:
            images: float32 (N, H, W, channels).
            starts: latents, float32 (N, C, Z); None for those of the encoder.

        Returns:
            `(scores, differences)` as `__call__`.
        """
        raise NotImplementedError


def deformation_filters(smoothing, brightness):
    """What `Deformation` compares: smoothed brightness and its derivatives down and across.

    Args:
        smoothing, brightness: its attributes.

    Returns:
        float32 (K, K, 3), to be correlated with.
    """
    sigma = smoothing
    radius = int(4 * sigma + 0.5)
    x = np.arange(-radius, radius + 1)
    gaussian = np.exp(-(x**2) / (2 * sigma**2))
    gaussian /= gaussian.sum()
    slope = x * gaussian / sigma**2
    down, across = np.outer(slope, gaussian), np.outer(gaussian, slope)
    smooth = brightness * np.outer(gaussian, gaussian)
    return np.stack([smooth, down, across], axis=-1).astype(np.float32)


def window_means(length, window):
    """A matrix (length, length) whose product with a vector is its means in windows of a width.

    At the ends a window holds fewer elements.
    """
    places = np.arange(length)
    near = np.abs(places[:, None] - places[None]) <= window // 2
    return (near / near.sum(axis=1, keepdims=True)).astype(np.float32)


def mirrored(length, margin):
    """Which elements make a vector that is continued by its mirror image at both ends."""
    return np.pad(np.arange(length), margin, mode="symmetric")
