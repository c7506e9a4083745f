"""How fast the batched engine is beside the ways it replaces."""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import tensorflow as tf

from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.pretrained import load_generator, weights_digest
from igc_tf.runs import RunDirectory, describe_environment, json_ready
from igc_tf.search import SearchSettings


@dataclass(frozen=True)
class SearchSpeedOptions:
    """Time the same search three ways, in turn, in one run.

    Attributes:
        generator: a name that ships, or a .keras file.
        images: for the batched engine; one image at a time takes a tenth of them, and eagerly a
            fiftieth.
        batch_size: images the engine searches at once.
        rounds: how often each way is timed; the medians are compared.
        steps: of each search.
        output: directory for result.json.
    """

    generator: str = "mnist-cagan-compact"
    images: int = 200
    batch_size: int = 100
    rounds: int = 5
    steps: int = 100
    output: Path = Path("runs/search-speed")

    def __post_init__(self):
        for name, least in (("images", 10), ("batch_size", 1), ("rounds", 1), ("steps", 1)):
            if getattr(self, name) < least:
                raise InputError(f"--{name} {getattr(self, name)}: expected at least {least}")


def search_speed(options, report=None):
    """Times the batched engine, a search of one image at a time, and the same run eagerly.

    - "batched": the engine, `batch_size` images × all classes at once.
    - "one image, tf.function": a compiled gradient step on one image's latents, called from a
      Python loop with Keras' Adam, as the paper's program did.
    - "one image, eager": the same step without `tf.function`.

    Args:
        options: a `SearchSpeedOptions`.
        report: told each line of progress, e.g. `print`; None for silence.

    Returns:
        The result, also written as `result.json`: per way the images per second of each round
        and their median, the medians' ratios to the batched engine's, and the largest
        disagreement of the first image's data differences.
    """
    report = report or (lambda line: None)
    generator = load_generator(options.generator)
    settings = SearchSettings(steps=options.steps)
    classifier = InvertedGeneratorClassifier(generator, settings)
    run = RunDirectory(options.output)
    digits = bundled_digits().sample(options.images, seed=0)
    images = digits.images
    few = images[: max(1, options.images // 10)]
    fewest = few[: max(1, len(few) // 5)]
    compiled = _one_image_search(generator, classifier, compiled=True)
    eager = _one_image_search(generator, classifier, compiled=False)
    ways = {
        "batched": (lambda x: -classifier.predict(x, options.batch_size, verbose=0), images),
        "one image, tf.function": (compiled, few),
        "one image, eager": (eager, fewest),
    }
    rates = {name: [] for name in ways}
    # also compiles each for the shapes that are timed
    differences = {name: way(sample)[:1] for name, (way, sample) in ways.items()}
    for _ in range(options.rounds):
        for name, (way, sample) in ways.items():
            begin = time.perf_counter()
            way(sample)
            rates[name].append(len(sample) / (time.perf_counter() - begin))
            report(f"{name:24} {rates[name][-1]:8.2f} images a second")
    medians = {name: median(values) for name, values in rates.items()}
    result = {
        "program": "python -m evaluation.search_speed",
        "options": json_ready(options),
        "generator_sha256": weights_digest(generator),
        "data": {"source": digits.source, "count": len(digits)},
        "environment": describe_environment(),
        "images_per_second": rates,
        "median": medians,
        "batched_is_faster_by": {name: medians["batched"] / rate for name, rate in medians.items()},
        "largest_disagreement": {
            name: float(abs(value - differences["batched"]).max())
            for name, value in differences.items()
        },
    }
    run.write_json("result.json", result)
    return result


def _one_image_search(generator, classifier, compiled):
    """A function from images to data differences that searches one image after the other."""
    import keras

    settings = classifier.settings
    classes, latent_size = classifier.classes, classifier.signature.latent_size
    condition = tf.eye(classes)
    latent = tf.Variable(tf.zeros([classes, latent_size]))
    target = tf.Variable(tf.zeros([classes, *classifier.signature.data_shape]))
    optimizer = keras.optimizers.Adam(
        settings.learning_rate, settings.beta_1, settings.beta_2, settings.epsilon
    )
    optimizer.build([latent])
    restriction = settings.restriction()
    elements = list(range(1, len(target.shape)))

    def difference():
        data = generator([condition, latent], training=False)
        return tf.reduce_mean(tf.abs(data - target), axis=elements)

    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(difference() + restriction(latent))
        optimizer.apply([tape.gradient(loss, latent)], [latent])

    if compiled:
        step, difference = tf.function(step), tf.function(difference)

    def search(images):
        found = []
        for image in images:
            target.assign(tf.repeat(image[None], classes, axis=0))
            for variable in (latent, *optimizer.variables[:1], *optimizer.variables[2:]):
                variable.assign(tf.zeros_like(variable))
            for _ in range(settings.steps):
                step()
            found.append(difference())
        return tf.stack(found).numpy()

    return search
