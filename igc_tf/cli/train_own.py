"""`igc-tf train FOLDER --output DIR`: trains on pictures of one's own."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from igc_tf.cli.program import import_tensorflow_quietly
from igc_tf.errors import InputError
from igc_tf.ranges import SEED, Range, check_ranges
from igc_tf.runs import check_apart, check_writable, json_ready


@dataclass(frozen=True)
class TrainOwnOptions:
    """Trains a classifier on pictures of one's own, or resumes the run that OUTPUT holds.

    The pictures are looked through first: what cannot be read, is there twice or does not fit is
    told before work starts. Then a recipe is chosen, a generator trained, and judged on pictures
    that it has not seen. OUTPUT is a generator for `igc-tf draw OUTPUT` and `serve OUTPUT`, and for
    `classify` and `export` with `--generator OUTPUT`.

    Attributes:
        source: a folder with a sub-folder of pictures for each class; a .csv file with the columns
            file and label; an .npz file with the arrays images and labels; a folder of IDX files;
            or the name of a set of TensorFlow Datasets, such as fashion_mnist.
        output: the directory that everything is written to.
        size: HEIGHT WIDTH of the frame that pictures are brought to, multiples of 4 from 16 to 64;
            chosen by the pictures if not given.
        colours: whether the frame has colours; by default if pictures have.
        pictures: drawings, whose ink is cropped, scaled and centred; or photographs, which are cut
            about their middle and scaled, and so is whatever should stay as it is; by default what
            they look like.
        held_out: the share of each class that is not trained on, where the set does not say: half
            of it is for choices, half for the report.
        recipe: what the training begins with: one of a conditional activation GAN.
        steps: of the training, about; by default what suits the number of pictures.
        seed: of the training.
        data_dir: of TensorFlow Datasets; its own default if not given.
    """

    source: tyro.conf.Positional[str]
    output: Path
    size: tuple[int, int] | None = None
    colours: Literal["found-out", "grey", "colour"] = "found-out"
    pictures: Literal["found-out", "drawings", "photographs"] = "found-out"
    held_out: Annotated[float, Range(0, 1, above=True, below=True)] = 0.25
    recipe: str = "cagan-joint"
    steps: Annotated[int | None, Range(1)] = None
    seed: Annotated[int, SEED] = 0
    data_dir: Path | None = None

    def __post_init__(self):
        check_ranges(self)
        if (self.colours, self.pictures) == ("colour", "drawings"):
            raise InputError(
                "colours='colour' with pictures='drawings': expected grey ones, or photographs"
            )


def train_own(options):
    """Looks through the pictures, tells what is chosen and why, trains, and says what came of it.

    Raises:
        InputError: for a source that is none, or pictures that cannot be trained on.
        OutputError: if the output cannot be written into.
    """
    import_tensorflow_quietly()
    from igc_tf.training import joined_workers

    with joined_workers(say_beside) as strategy:
        _train(options, strategy)


def say_beside(sentence):
    """Prints what is no result: on stderr, at once."""
    print(sentence, file=sys.stderr, flush=True)


def _train(options, strategy):
    from igc_tf.data.own_images import find_own_pictures, load_own_images
    from igc_tf.training.own_pictures import summary, train_own_pictures
    from igc_tf.training.own_recipe import own_base, suited_recipe
    from igc_tf.training.workers import is_chief

    # before every picture is read
    own_base(options.recipe)
    check_apart(options.output, options.source, at_any_depth=True)
    say = warn = _not_say
    if is_chief(strategy):
        check_writable(options.output)
        say, warn = print, say_beside
    found = find_own_pictures(options.source, options.data_dir)
    counts = f"{len(found.pictures):,} pictures of {len(found.class_names)} classes"
    say(f"{found.name}: {counts} ({found.kind})")
    colour, arrange = _COLOUR[options.colours], _DRAWINGS[options.pictures]
    images = load_own_images(found, options.size, colour, arrange, options.held_out)
    for remark in images.remarks:
        warn(f"warning: {remark}")
    recipe, reasons = suited_recipe(images, options.recipe, options.steps, options.seed)
    for reason in (*images.reasons, *reasons):
        say(f"  {reason}")
    parts = (f"{len(getattr(images, part)):,} {what}" for part, what in _PARTS.items())
    say(f"  {', '.join(parts)}")
    sys.stdout.flush()
    asked = {
        f"--{name.replace('_', '-')}": value
        for name, value in json_ready(options).items()
        if name not in _PLACES
    }
    result = train_own_pictures(
        images, recipe, options.output, reasons, strategy=strategy, asked=asked
    )
    if result is None:
        return
    print(f"\n{summary(result)}")
    output = shlex.quote(str(options.output))
    print(
        f"\neverything lies in {options.output}: try\n"
        f"  igc-tf classify PICTURE --generator {output}\n"
        f"  igc-tf draw {output}\n"
        f"  igc-tf serve {output}\n"
        f"  igc-tf export --generator {output} --output models/mine/1"
    )


def _not_say(sentence):
    """What a worker that is not the chief says: nothing."""


# what --colours and --pictures mean
_COLOUR = {"found-out": None, "grey": False, "colour": True}
_DRAWINGS = {"found-out": None, "drawings": True, "photographs": False}
# options that say where files lie, and nothing of what is trained
_PLACES = ("source", "output", "data_dir")
_PARTS = {"train": "to train on", "validation": "for choices", "test": "for the report"}
