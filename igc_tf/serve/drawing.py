"""A search that is looked at while it goes on: what the page is shown of it."""

import base64
import threading
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from igc_tf.classifiers import InverseClassifier, load_classifier
from igc_tf.classifiers.calibration import reject_if_calibrated
from igc_tf.errors import InputError
from igc_tf.generators.store import generator_names, recorded_settings
from igc_tf.search import Batch, usual_settings

# looks at one search, at most
_LOOKS = 24
# how often a picture of a class may be called none of them
_FALSE_ALARM = 0.01


class Explained(NamedTuple):
    """What the best class says of a picture.

    Attributes:
        sentence: what is there, and what happened to it; also where the answer is refused.
        compared: float32 (...), the picture without what was undone in it.
        observed: float32 (...), what the class makes of that.
    """

    sentence: str
    compared: np.ndarray
    observed: np.ndarray


class Look(NamedTuple):
    """Where a search stands, of one picture and C classes.

    Attributes:
        step: how many steps were taken.
        is_last: whether it is the end, whose scores are the classifier's answer.
        scores: float32 (C,), the higher the better.
        differences: float32 (C,), of the reconstructions.
        is_searched: bool (C,), false for a class that was dropped: its difference and
            reconstruction are those of then.
        reconstructions: float32 (C, ...).
        probabilities: (C,), each label's summing to 1; None of a classifier that is not calibrated.
        is_doubtful: whether the answer is refused.
        explained: the `Explained` of a search with an observation; else None.
    """

    step: int
    is_last: bool
    scores: np.ndarray
    differences: np.ndarray
    is_searched: np.ndarray
    reconstructions: np.ndarray
    probabilities: np.ndarray | None
    is_doubtful: bool
    explained: Explained | None


def watch(classifier, data):
    """Searches by the settings' plan, and looks at it on the way.

    Args:
        classifier: one that searches each class by itself.
        data: one example (...), checked.

    Yields:
        The `Look`s: at the starts, after some of the steps, and at the end.
    """
    search, batch, seen = classifier.search, Batch(data[np.newaxis]), None
    steps = classifier.settings.steps
    every = max(1, -(-steps // (_LOOKS - 2)))
    if search.without_lenses is not None:
        # many times fewer candidates, each class among them
        first = search.without_lenses
        found = first.finish(first.init(batch))
        seen = _look(classifier, batch, found, 0, observation=first.observation)
        yield seen
    for state in search.follow(batch, range(0, steps, every)):
        seen = _look(classifier, batch, search.finish(state), int(state.step), seen)
        yield seen
    yield seen._replace(is_last=True)


def _look(classifier, batch, result, step, before=None, observation=None):
    """A `Look` at a `Result`; of classes that were dropped what was seen of them before.

    It is explained by another observation than the classifier's where that was searched.
    """
    found = classifier.findings(batch, result)
    is_searched = result.places.numpy()[0] >= 0
    differences, reconstructions = found.differences[0], found.reconstructions[0]
    if before is not None:
        differences = np.where(is_searched, differences, before.differences)
        beside = is_searched.reshape(-1, *[1] * (reconstructions.ndim - 1))
        reconstructions = np.where(beside, reconstructions, before.reconstructions)
    explained = None
    if found.observation is not None:
        compared, observed = map(found.of_best, (found.compared, found.observed))
        searched = found.observation if observation is None else observation
        answered = replace(found, predictions=found.best, observation=searched)
        explained = Explained(answered.explain(0), compared[0], observed[0])
    return Look(
        step,
        False,
        found.scores[0],
        differences,
        is_searched,
        reconstructions,
        None if found.probabilities is None else found.probabilities[0],
        bool(np.any(found.predictions[0] < 0)),
        explained,
    )


class Shelf:
    """The classifiers that a page may choose from: a first one, and those of what ships.

    They are loaded when they are asked for, and kept.

    Attributes:
        first: the names of the first one's generator and settings.

    Args:
        generator: the first one's: a name that ships, a directory or a file.
        settings: the first one's, by name; None for the best that there are.
        **facts: of the first generator, as for `load_generator`.

    Raises:
        InputError: if it cannot be loaded, or does not make pictures class by class.
    """

    def __init__(self, generator, settings=None, **facts):
        self._facts = facts
        self._lock = threading.Lock()
        self._first = str(generator)
        loaded = self._load(self._first, settings)
        names = _settings(self._first)
        self.first = self._first, settings if settings is not None else usual_settings(names)
        others = [name for name in generator_names() if name != self._first]
        self._choices = {self._first: names} | {name: _settings(name) for name in others}
        self._classifiers = {self.first: loaded}

    @property
    def choices(self):
        """[{"generator": name, "settings": [names], "usual": name}], the first one's first."""
        return [
            {"generator": name, "settings": settings, "usual": usual_settings(settings)}
            for name, settings in self._choices.items()
        ]

    def get(self, generator, settings):
        """Returns the classifier of two names that are among the choices.

        Raises:
            InputError: for other names.
        """
        if settings not in self._choices.get(generator, ()):
            raise InputError(f"no generator {generator!r} with settings {settings!r}")
        with self._lock:
            if (generator, settings) not in self._classifiers:
                self._classifiers[generator, settings] = self._load(generator, settings)
            return self._classifiers[generator, settings]

    def _load(self, generator, settings):
        facts = self._facts if generator == self._first else {}
        classifier = load_classifier(generator, settings, **facts)
        if isinstance(classifier, InverseClassifier):
            raise InputError(
                f"the generator {generator!r} has no latent: expected one that draws each class"
            )
        reject_if_calibrated(classifier, _FALSE_ALARM)
        # compiles all that the page waits for, and refuses what makes no pictures
        for _ in watch(classifier, blank(classifier.generator)):
            pass
        return classifier


def _settings(generator):
    """The names of the settings that a generator's card has, and the paper's."""
    return sorted({*recorded_settings(generator), "paper"})


def blank(generator):
    """Returns one example in which nothing is drawn.

    Raises:
        InputError: if the generator makes no pictures.
    """
    shape, low, high = generator.data_shape, *generator.bounds
    is_picture = len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3))
    if not is_picture or not np.isfinite([low, high]).all():
        raise InputError(
            f"the generator {generator.name!r} makes data of shape {shape} in [{low:g}, {high:g}]: "
            "expected pictures, grey or of three colours"
        )
    return np.full(shape, generator.background, np.float32)


def facts_for_page(classifier):
    """Returns what a page must know of a classifier, JSON-ready."""
    generator = classifier.generator
    layout = generator.layout
    low, high = generator.bounds
    height, width, *channels = generator.data_shape
    return {
        "names": layout.element_names,
        "labels": [
            {"name": label.name, "first": first, "count": len(label.values), "values": label.values}
            for label, first in zip(layout.labels, layout.offsets, strict=True)
        ],
        "height": height,
        "width": width,
        "channels": channels[0] if channels else 1,
        "arrange": generator.picture_frame.arrange,
        "steps": classifier.settings.steps,
        "background": (generator.background - low) / (high - low),
    }


def describe_look(classifier, look):
    """Returns a `Look` as a page is told of it, JSON-ready: pictures in `packed`."""
    generator = classifier.generator
    layout, explained = generator.layout, look.explained
    answers = (layout.offsets + layout.best_values(look.scores).numpy()).tolist()
    return {
        "step": look.step,
        "last": look.is_last,
        "answers": answers,
        "probability": None
        if look.probabilities is None
        else float(look.probabilities[answers].prod()),
        "doubtful": look.is_last and look.is_doubtful,
        "explanation": None if explained is None else explained.sentence,
        "scores": look.scores.tolist(),
        "differences": look.differences.tolist(),
        "searched": look.is_searched.tolist(),
        "images": packed(generator, look.reconstructions),
        "compared": None if explained is None else packed(generator, explained.compared),
        "observed": None if explained is None else packed(generator, explained.observed),
    }


def packed(generator, data):
    """Returns pictures as base64 of bytes, one for each value: 0 and 255 are the bounds."""
    low, high = generator.bounds
    values = np.clip((data - low) / (high - low), 0, 1)
    return base64.b64encode(np.rint(255 * values).astype(np.uint8).tobytes()).decode()
