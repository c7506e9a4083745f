"""`python -m evaluation.corruptions`: what is read in corrupted images.

On test digits the fifteen corruptions of MNIST-C, for reporting: nothing is trained on them, no
settings are chosen by them; but what the settings `robust` try was designed with them known. On
validation digits other ones, for choices.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evaluation.options import DatasetOptions
from evaluation.readers import Readers, ReadersOptions, Sample, read_kinds, table
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import MNIST_C, VALIDATION_CORRUPTIONS, corrupt
from igc_tf.errors import InputError

# which corruptions the digits of a split are to be had with, and which digits these are
KINDS = {
    "test": ("test", MNIST_C),
    "validation": ("validation/choices", VALIDATION_CORRUPTIONS),
}
CLEAN = "clean"


@dataclass(frozen=True)
class CorruptionsOptions(ReadersOptions, DatasetOptions):
    """Read corrupted digits, each kind of corruption by itself.

    Attributes:
        split: of the digits: "test" for the fifteen corruptions of MNIST-C; "validation" for other
            ones, by which choices may be made.
        kinds: of corruption; all of the split's if not given.
        dataset: an image set of TensorFlow Datasets, of grey images.
        output: directory for result.json and pictures.
    """

    split: Literal["test", "validation"] = "validation"
    kinds: tuple[str, ...] = ()
    output: Path = Path("runs/corruptions")

    def __post_init__(self):
        super().__post_init__()
        known = KINDS[self.split][1]
        unknown = [kind for kind in self.kinds if kind not in known]
        if unknown:
            raise InputError(
                f"kinds {unknown} of the split {self.split!r}: expected some of {', '.join(known)}"
            )


def read_corrupted(options, data=None, verbose=1):
    """Reads clean digits, and the same digits under each corruption.

    Args:
        options: a `CorruptionsOptions`.
        data: `LabelledData` to draw from; None for the digits of the options' split.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `rows`, for each kind, "clean" first, and each
        reader its `accuracy`, 95 % `interval` and `milliseconds` an image; and `readers`, for each
        the `mean` over the corruptions, the `least` of them and the median `milliseconds`.

    Raises:
        InputError: for a name that is not known.
        DataUnavailableError: if the images are not available.
    """
    readers = Readers(options)
    split, known = KINDS[options.split]
    kinds = options.kinds or tuple(known)
    data = options.images_of(split, readers.generator, options.images, data)
    facts = {
        "data": data.facts(),
        "corruptions": {
            kind: {"severity": known[kind].severity, "options": known[kind].options}
            for kind in kinds
        },
    }

    def made(kind):
        if kind == CLEAN:
            return Sample(data.images, data.labels)
        return Sample(corrupt(data.images, kind, options.seed, data.bounds), data.labels)

    return read_kinds(
        "python -m evaluation.corruptions",
        options,
        readers,
        (CLEAN, *kinds),
        made,
        facts,
        besides=(CLEAN,),
        verbose=verbose,
    )


def main():
    """Runs the experiment with the options of the command line."""
    result = read_corrupted(parse_options(CorruptionsOptions))
    print(table(result["readers"]))


if __name__ == "__main__":
    run_program(main)
