"""`python -m evaluation.own_pictures`: pictures of one's own, from nothing to a classifier.

A set is made and written as people have theirs; `igc-tf train` is done with it; new pictures, that
it never saw, are read, and by plain networks that learnt from the same pictures, varied alike.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from evaluation.own_pictures.sets import SETS
from igc_tf.classifiers import evaluate_network, load_classifier
from igc_tf.classifiers.network import load_network
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import LabelledData
from igc_tf.data.folder import find_pictures
from igc_tf.data.own_images import find_own_pictures, load_own_images
from igc_tf.data.picture import PictureFrame
from igc_tf.errors import InputError
from igc_tf.metrics import format_proportion
from igc_tf.plots import plot_readings
from igc_tf.ranges import SEED, Range, check_ranges
from igc_tf.runs import Experiment, new_directory
from igc_tf.training import NetworkRecipe, train_network
from igc_tf.training.own_pictures import nearest_mean, train_own_pictures
from igc_tf.training.own_recipe import suited_recipe, variety

_SHOWN = 16


@dataclass(frozen=True)
class OwnPicturesOptions:
    """Trains on a set of pictures with one command, and reads new ones.

    Attributes:
        set: shapes, circles, squares and triangles of any colour, size and place on any ground;
            letters, ten of them from fonts, scanned; digits8, scikit-learn's; signs, a hundred
            letters, digits and signs; or fashion_mnist, of TensorFlow Datasets, if it is there.
            New letters and signs are of other families of fonts.
        size: HEIGHT WIDTH of the frame; what `igc-tf train` chooses if not given.
        count: of the pictures to learn from; the set's own number if not given.
        new: of the new ones, likewise; digits8 has 1,797 for both. Of a set that is not made here
            neither can be given.
        steps: of the training, about; what `igc-tf train` chooses if not given.
        networks: plain networks to compare with, lenet and cnn.
        seed: of pictures and trainings.
        output: directory for result.json, the examples, and all that is trained.
    """

    set: Literal["shapes", "letters", "digits8", "signs", "fashion_mnist"] = "shapes"
    size: tuple[int, int] | None = None
    count: Annotated[int | None, Range(1)] = None
    new: Annotated[int | None, Range(1)] = None
    steps: Annotated[int | None, Range(1)] = None
    networks: tuple[Literal["lenet", "cnn"], ...] = ("lenet", "cnn")
    seed: Annotated[int, SEED] = 0
    output: Path = Path("runs/own-pictures")

    def __post_init__(self):
        check_ranges(self)
        if self.set not in SETS and (self.count, self.new) != (None, None):
            raise InputError(
                f"count={self.count!r}, new={self.new!r} with set={self.set!r}: expected neither, "
                "that set is taken as it is"
            )
        most = SETS[self.set].most if self.set in SETS else None
        if most is not None and sum(self.numbers) > most:
            raise InputError(
                "count={}, new={} with set={!r}: expected at most {} together, or new pictures "
                "would be learnt from".format(*self.numbers, self.set, most)
            )

    @property
    def numbers(self):
        """Of the pictures to learn from, and of new ones, of a set that is made here."""
        own_set = SETS[self.set]
        return tuple(
            usual if asked is None else asked
            for asked, usual in ((self.count, own_set.count), (self.new, own_set.new))
        )


def learn_own_pictures(options, verbose=1):
    """Makes the pictures, trains, and reads what is new.

    An interrupted run goes on where it was: each training resumes, each reader is a row.

    Args:
        options: an `OwnPicturesOptions`.
        verbose: 0 for silence.

    Returns:
        What `result.json` holds: a row for each reader with `reader`, its accuracy on the new
        pictures (`accuracy`, `correct`, `count`, `interval`), and of what was trained `seconds`,
        by the clock, and `processor_seconds`, of all cores together, both from before the networks
        are built to the end of their own report; None if it was resumed, as nobody knows what they
        were before. The library's row has the steps of the training, how it
        chose them (`reasons`), and the accuracy of its own report.
    """
    own, new = _found(options)
    images = load_own_images(own, options.size, verbose=verbose)
    recipe, reasons = suited_recipe(images, steps=options.steps, seed=options.seed)
    new = _framed(new, images)
    facts = {
        "content": images.digest,
        "shape": list(images.shape),
        "classes": images.train.num_classes,
        "pictures": {part: len(getattr(images, part)) for part in ("train", "validation", "test")},
    }
    run = Experiment("python -m evaluation.own_pictures", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    directory = options.output / "library"
    if run.row(reader="library, best") is None:
        begin = _begin(directory)
        result = train_own_pictures(images, recipe, directory, reasons, verbose)
        row = _took(begin)
        row |= _read_by_library(directory, "best", new)
        row |= {"reasons": result["reasons"], "report": _proportion(result)}
        run.add(row, lambda: _draw(run, directory, new))
        run.say(_line(run.rows[-1]))
    if run.row(reader="library, fast") is None:
        run.add(_read_by_library(directory, "fast", new))
        run.say(_line(run.rows[-1]))
    for name in options.networks:
        if run.row(reader=name) is None:
            run.add(_trained_network(options, name, recipe, images, new, verbose))
            run.say(_line(run.rows[-1]))
    if run.row(reader="nearest class mean") is None:
        run.add({"reader": "nearest class mean", **nearest_mean(images.train, new)})
    return run.finish()


def _found(options):
    """The pictures that one has, and new ones: of a set by name its own test images."""
    if options.set in SETS:
        return [find_pictures(_written(options, is_new)) for is_new in (False, True)]
    own = find_own_pictures(options.set)
    return own, replace(own, pictures=tuple(one for one in own.pictures if one.split == "test"))


def _written(options, is_new):
    """Where the pictures lie; they are drawn if they do not yet."""
    count, part = options.numbers[is_new], ("own", "new")[is_new]
    # each set, number and seed by itself: other pictures are not taken for these
    folder = options.output / "pictures" / f"{options.set}-{count}-{options.seed}" / part
    if not folder.exists():
        with new_directory(folder) as unfinished:
            SETS[options.set].write(unfinished, count, is_new, options.seed)
    tables = [*folder.glob("*.csv"), *folder.glob("*.npz")]
    return tables[0] if tables else folder


def _framed(found, images):
    """New pictures in the frame of those that were learnt from, as `LabelledData`."""
    train = images.train
    frame = PictureFrame(images.shape, train.bounds, arrange=images.arrange)
    data = [frame.fit(one.read()) for one in found.pictures]
    labels = np.array([train.class_names.index(one.label) for one in found.pictures])
    facts = train.layout, train.bounds, found.name, "new", f"{found.kind}: {found.name}"
    return LabelledData(np.stack(data), labels, *facts)


def _read_by_library(directory, settings, new):
    classifier = load_classifier(directory, settings)
    evaluation = classifier.evaluate(new.images, new.labels, verbose=0)
    return {
        "reader": f"library, {settings}",
        **evaluation.to_dict(),
        "search": classifier.settings.to_dict(),
    }


def _trained_network(options, name, recipe, images, new, verbose):
    """A plain network's row: the same pictures, varied alike, gone through as often."""
    directory = options.output / name
    begin = _begin(directory)
    changes, _ = variety(images)
    plain = NetworkRecipe(
        network=name,
        dataset=images.name,
        batch_size=recipe.batch_size,
        passes=recipe.passes,
        epochs=recipe.epochs,
        seed=recipe.seed,
        **changes,
    )
    parts = images.train, images.validation, new
    train_network(plain, directory, parts, verbose=verbose)
    took = _took(begin)
    found = evaluate_network(load_network(directory), new.images, new.labels).to_dict()
    return {"reader": name, **found, **took}


def _proportion(result):
    return {name: result["test"][name] for name in ("accuracy", "correct", "count", "interval")}


def _begin(directory):
    """When a training begins, by the clock and this process's time; None for one that goes on."""
    return None if (directory / "options.json").exists() else _clocks()


def _took(begin):
    """What a training took since then, with all that belongs to it."""
    took = (None, None) if begin is None else np.subtract(_clocks(), begin).tolist()
    return dict(zip(("seconds", "processor_seconds"), took, strict=True))


def _clocks():
    return time.perf_counter(), time.process_time()


def _draw(run, directory, new):
    """Some new pictures, and what the library takes them for."""
    some = new.sample(min(_SHOWN, len(new)), seed=0)
    found = load_classifier(directory, "best").classify(some.images)
    answers = np.arange(len(some)), found.predictions
    figure = plot_readings(
        some.images,
        found.reconstructions[answers],
        found.predictions,
        some.labels,
        some.class_names,
        some.bounds,
        [some.class_names[label] for label in some.labels],
        "new pictures, and beneath them what they are taken for",
    )
    run.write_figure("examples.png", figure)


def _line(row):
    seconds = row.get("seconds")
    took = "" if seconds is None else f", {seconds / 60:.1f} min"
    return f"{row['reader']:20} {format_proportion(row, 2):>26} of {row['count']}{took}"


def main():
    """Runs the experiment with the options of the command line."""
    result = learn_own_pictures(parse_options(OwnPicturesOptions))
    print("\n".join(_line(row) for row in result["rows"]))


if __name__ == "__main__":
    run_program(main)
