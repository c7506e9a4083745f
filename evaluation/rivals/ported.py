"""What the same search written for other frameworks shares: the generator's layers, the settings.

The weights are those of the Keras model. A framework brings its own operations for the layers of
the compact generator, and its own Adam loop. Nothing here loads TensorFlow: its memory and its
start are not another framework's.
"""

import math
from dataclasses import asdict, dataclass, fields

import numpy as np

from igc_tf.errors import InputError

# searched at once, as the library does with ten classes
_IMAGES_AT_ONCE = 100
# the kinds of layers that every framework computes
LAYERS = (
    "Activation",
    "Add",
    "Conv2D",
    "Dense",
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
class Problem:
    """What a search in another framework is given, without Keras or TensorFlow in it.

    Attributes:
        inputs: numbers of the tensors {"condition", "latent"}.
        steps: the generator's layers, `LayerStep`s; the last makes the data.
        data_shape: (H, W, channels).
        condition_size: C.
        latent_size: Z.
        prior: {"mean", "standard_deviation"} of the latents.
        settings: of the search, as `SearchSettings.to_dict` tells them.
        deformation: the attributes of the `Deformation` that decides; None where the data
            difference does.
    """

    inputs: dict
    steps: list
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
        inputs, steps = layer_steps(generator.model)
        decides = settings.decision_difference()
        return cls(
            inputs,
            steps,
            generator.data_shape,
            generator.condition_size,
            generator.latent_size,
            asdict(generator.prior),
            settings.to_dict(),
            None if decides == "difference" else asdict(decides),
        )


def layer_steps(model):
    """Reads a generator's layers.

    Args:
        model: a functional Keras model `[condition, latent] -> data` without nested models.

    Returns:
        `(inputs, steps)`: the numbers of the tensors {"condition", "latent"}, and the `LayerStep`s;
        the last makes the data.

    Raises:
        InputError: for a layer of another kind.
    """
    numbers, inputs, steps = {}, {}, []
    for layer in model.layers:
        numbers[id(layer.output)] = len(numbers)
        kind = type(layer).__name__
        if kind == "InputLayer":
            inputs[layer.name] = numbers[id(layer.output)]
            continue
        if kind not in LAYERS:
            raise InputError(
                f"the generator {model.name!r} has a layer {kind}: expected only {LAYERS}"
            )
        given = layer.input if isinstance(layer.input, list) else [layer.input]
        taken = tuple(numbers[id(tensor)] for tensor in given)
        weights = tuple(layer.get_weights())
        steps.append(LayerStep(kind, layer.get_config(), weights, taken, numbers[id(layer.output)]))
    return inputs, steps


def compute(functions, inputs, condition, latent):
    """Computes a network.

    Args:
        functions: `[(function, numbers of its tensors, number of what it makes)]`, of its layers.
        inputs: numbers of the tensors {"condition", "latent"}.
        condition: (B, C).
        latent: (B, Z).

    Returns:
        What the last layer makes.
    """
    tensors = {inputs["condition"]: condition, inputs["latent"]: latent}
    for function, taken, made in functions:
        tensors[made] = function(*(tensors[number] for number in taken))
    return tensors[functions[-1][2]]


def why_not_ported(settings):
    """Returns why a search with these settings is not written for other frameworks, or None."""
    for field in fields(settings):
        value = getattr(settings, field.name)
        if field.name in _FOLLOWED or value == field.default:
            continue
        if field.name == "decision" and value == "deformation":
            continue
        return f"{field.name}={value!r} is not written for it"
    return None


class PortedSearch:
    """A search for every class, as `InvertedGeneratorClassifier` does it.

    A subclass says in `reconstruct` how its framework descends.

    Args:
        problem: a `Problem`.

    Attributes:
        problem: as given.
        rates: Adam's step sizes before the second moment divides them, one for each step.
    """

    def __init__(self, problem):
        self.problem = problem
        self.rates = [self._rate(step) for step in range(problem.settings["steps"])]

    def _rate(self, step):
        settings = self.problem.settings
        first, last = settings["learning_rate"], settings["final_learning_rate"]
        rate = first if last is None else first + (last - first) * step / settings["steps"]
        t = step + 1
        return rate * math.sqrt(1 - settings["beta_2"] ** t) / (1 - settings["beta_1"] ** t)

    def __call__(self, images):
        """Searches from the prior's mean.

        Args:
            images: float32 (N, H, W, channels).

        Returns:
            `(scores, differences)`, each (N, C): the class of the highest score is the answer.
        """
        problem = self.problem
        at_once = min(len(images), _IMAGES_AT_ONCE)
        shape = (at_once, problem.condition_size, problem.latent_size)
        starts = np.full(shape, problem.prior["mean"], np.float32)
        scores, differences = [], []
        for begin in range(0, len(images), at_once):
            # always the same size, for which the loop is compiled
            chosen = np.resize(images[begin : begin + at_once], (at_once, *images.shape[1:]))
            _, difference, decided = self.reconstruct(chosen, starts)
            kept = min(at_once, len(images) - begin)
            scores.append(-np.asarray(decided)[:kept])
            differences.append(np.asarray(difference)[:kept])
        return np.concatenate(scores), np.concatenate(differences)

    def reconstruct(self, images, starts):
        """Searches from starts, of which 0 steps are judged as they are.

        Args:
            images: float32 (N, H, W, channels).
            starts: latents, float32 (N, C, Z).

        Returns:
            `(generated, differences, decided)`: (N, C, H, W, channels), and what each class is off
            by, (N, C), by the data difference and by what decides.
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
