"""How well a generator reproduces data: the first question about every new one."""

from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from igc_tf.classifiers.foreign import distances, from_even
from igc_tf.classifiers.load import load_classifier
from igc_tf.data.labelled import LabelledData
from igc_tf.errors import InputError
from igc_tf.plots import plot_class_samples
from igc_tf.ranges import check_kind, checked_whole

OWN_SAMPLES = "its own samples"
# what it reproduces this many times worse, it does not cover
_MUCH_WORSE = 2.0


@dataclass(frozen=True)
class Reproduction:
    """How well one set of data is reproduced.

    Attributes:
        name: of the set.
        count: N.
        difference: mean over the examples of the least mean absolute difference that any class
            reached.
        even: mean absolute difference of an evenly coloured picture, in comparison.
        right: mean of the right class's mean absolute difference, where it was not dropped on the
            way; None without labels.
        accuracy: how often the right class is answered; None without labels.
        data, reconstructions: some of the examples, and the best class's reconstruction of each.
    """

    name: str
    count: int
    difference: float
    even: float
    right: float | None
    accuracy: float | None
    data: np.ndarray = field(repr=False)
    reconstructions: np.ndarray = field(repr=False)

    def to_dict(self):
        """JSON-ready: all but the examples."""
        names = ("name", "count", "difference", "even", "right", "accuracy")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found.

    Attributes:
        generator: its name.
        bounds: of its data.
        sets: a `Reproduction` for each set of data, its own samples first.
        findings: what that means, one sentence each.
    """

    generator: str
    bounds: tuple[float, float]
    sets: tuple[Reproduction, ...]
    findings: tuple[str, ...]

    def __str__(self):
        lines = [
            f"{'':24} {'examples':>8}  {'difference':>10}  {'right class':>11}  "
            f"{'even picture':>12}  {'right answers':>13}"
        ]
        for row in self.sets:
            right = "-" if row.right is None else f"{row.right:.4f}"
            accuracy = "-" if row.accuracy is None else f"{100 * row.accuracy:.1f} %"
            lines.append(
                f"{row.name:24} {row.count:8d}  {row.difference:10.4f}  {right:>11}  "
                f"{row.even:12.4f}  {accuracy:>13}"
            )
        return "\n".join([*lines, "", *self.findings])

    def plot(self):
        """Draws some examples of each set above what the generator makes of them: a figure.

        Raises:
            InputError: if the data are no images.
        """
        columns = min(len(row.data) for row in self.sets)
        rows = {
            row.name: np.concatenate([row.data[:columns], row.reconstructions[:columns]])
            for row in self.sets
        }
        title = f"data, and beneath them what {self.generator} makes of them"
        return plot_class_samples(rows, self.bounds, title, columns)


def diagnose(generator, data=None, settings=None, count=50, shown=10, seed=0):
    """Says how well a generator reproduces its own samples and given data.

    Args:
        generator: as for `load_classifier`.
        data: {name: `LabelledData`, or an array (N, ...)}, such as training and new images.
        settings: of the search; as for `load_classifier`.
        count: how many samples are made, and at most how many of each set are taken.
        shown: how many of each are kept to be drawn, at least 1.
        seed: of the samples.

    Returns:
        A `Diagnosis`.

    Raises:
        InputError: for no data, data that the generator cannot have made, labels that it does not
            have, or has in another order, or a `count` or `shown` below 1.
    """
    check_kind("data", data, dict | None, "{name: `LabelledData`, or an array}, or None")
    count, shown = checked_whole("count", count), checked_whole("shown", shown)
    classifier = load_classifier(generator, settings)
    generator = classifier.generator
    draw = np.random.default_rng(seed)
    columns = np.stack([draw.integers(0, size, count) for size in generator.layout.sizes], axis=1)
    labels = generator.layout.labels_of(columns)
    low, high = generator.bounds
    sets = {OWN_SAMPLES: (np.clip(generator.sample(labels, seed), low, high), labels)}
    for name, part in (data or {}).items():
        truth = None
        if isinstance(part, LabelledData):
            generator.layout.check_order(part.layout, f"the generator {generator.name}", name)
            part, truth = part.data, part.labels
        sets[name] = (part[:count], None if truth is None else truth[:count])
    sets = {name: _checked(generator, name, *of_set) for name, of_set in sets.items()}
    rows = [_reconstruction(classifier, name, *of_set, shown) for name, of_set in sets.items()]
    advice = {name: _advice(generator, part) for name, part in (data or {}).items()}
    findings = _findings(rows, advice)
    return Diagnosis(generator.name, generator.bounds, tuple(rows), tuple(findings))


def _checked(generator, name, data, labels):
    """A set's data, and those of its labels that can be answered; else None."""
    data = generator.check(data, name)
    if not len(data):
        raise InputError(f"{name}: expected at least one example")
    if labels is None or generator.layout.size == 1:
        return data, None
    return data, generator.layout.check(labels, len(data))


def _reconstruction(classifier, name, data, labels, shown):
    scores, differences, evens, of_right, kept = [], [], [], [], []
    has_right = (
        labels is not None
        and classifier.generator.layout.num_labels == 1
        and classifier.search.space.label is not None
    )
    for batch, result in classifier.results(data):
        begin, part = sum(map(len, scores)), batch.data
        distance = distances(part, result).numpy()
        scores.append(classifier.scores(result))
        differences.append(distance.min(axis=1))
        nearest = np.arange(len(part)), distance.argmin(axis=1)
        kept.append(result.observed[nearest])
        # what is compared, where the search has undone something in the data
        evens.append(from_even(part if result.compared is None else result.compared[nearest]))
        if has_right:
            # not-a-number where the right class was dropped on the way
            of_class = result.per_element(tf.constant(distance)).numpy()
            of_right.append(of_class[np.arange(len(part)), labels[begin : begin + len(part)]])
    predictions = np.concatenate(scores)
    right = accuracy = None
    if labels is not None:
        is_right = classifier.labels_of_scores(predictions) == labels
        accuracy = float(is_right.reshape(len(data), -1).all(axis=1).mean())
        followed = np.concatenate(of_right or [[]])
        followed = followed[np.isfinite(followed)]
        right = float(followed.mean()) if len(followed) else None
    return Reproduction(
        name=name,
        count=len(data),
        difference=float(np.concatenate(differences).mean()),
        even=float(np.concatenate(evens).mean()),
        right=right,
        accuracy=accuracy,
        data=data[:shown],
        reconstructions=np.concatenate(kept)[:shown],
    )


def _advice(generator, part):
    """What to do where a set is not reproduced at all; "" where its training data tell."""
    was_trained_on = (
        isinstance(part, LabelledData)
        and part.name == generator.recipe.get("dataset")
        and part.bounds == generator.bounds
    )
    if not was_trained_on:
        return " Are the data scaled and arranged as those it was trained on?"
    return " The generator needs longer training." if part.split == "train" else ""


def _findings(rows, advice):
    """What the differences mean, one sentence each.

    Args:
        rows: each set's `Reproduction`, that of its own samples first.
        advice: of the other sets, {name: `_advice`}.
    """
    own, *others = rows
    if own.difference > own.even / 2:
        yield (
            "The search does not find back what the generator itself made: it is too short, its "
            "learning rate is wrong, or the generator is so rough that no descent gets there."
        )
    for row in others:
        if row.difference > row.even:
            yield f"{row.name}: no better than an evenly coloured picture.{advice[row.name]}"
        elif row.difference > max(_MUCH_WORSE * own.difference, row.even / 4):
            yield (
                f"{row.name}: {row.difference / own.difference:.1f} times as far as its own "
                "samples. The generator does not cover these data; longer training, or class "
                "separation, helps."
            )
    if len(others) == 2:
        seen, new = others
        if new.difference > max(_MUCH_WORSE * seen.difference, new.even / 4):
            yield f"{new.name} much worse than {seen.name}: the generator has overfitted."
