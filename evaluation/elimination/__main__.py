"""`python -m evaluation.elimination`: how many classes may be dropped after the encoder's pass.

Dropping the classes of greatest loss before the first step saves most of a search's time. Here is
measured how often that changes the answer, on validation digits that nothing was chosen on.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from evaluation.options import DatasetOptions
from evaluation.statistics import binomial_upper_bound
from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.data.noise import with_noise
from igc_tf.errors import InputError
from igc_tf.generators.store import load_generator
from igc_tf.ranges import Range
from igc_tf.runs import Experiment
from igc_tf.search import named_settings


@dataclass(frozen=True)
class EliminationOptions(DatasetOptions):
    """Bound how often a search that drops classes answers differently from one that keeps all.

    Attributes:
        generator: a name that ships, or a directory; with an encoder.
        settings: of the generator's card: all but their plan is kept.
        steps: of the search after the encoder's pass; if not given, those of the settings.
        kept: with how many classes the search goes on.
        sigma: standard deviations of the noise, as parts of the range from black to white.
        level: how often another answer is tolerated, as a share of the images.
        confidence: of the bounds.
        images: how many validation images for bounds, drawn at random; if not given, all.
        output: directory for result.json.
    """

    generator: str = "mnist-cagan-compact"
    settings: str = "best"
    steps: Annotated[int | None, Range(0)] = None
    kept: Annotated[tuple[int, ...], Range(1)] = (5, 4, 3, 2, 1)
    sigma: Annotated[tuple[float, ...], Range(0, 1000)] = (0.0, 0.2, 0.4)
    level: Annotated[float, Range(0, 1, above=True, below=True)] = 0.005
    confidence: Annotated[float, Range(0, 1, above=True, below=True)] = 0.95
    images: Annotated[int | None, Range(1)] = None
    output: Path = Path("runs/elimination")

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "kept", tuple(sorted(set(self.kept), reverse=True)))


def bound_elimination(options, data=None, verbose=1):
    """Counts other answers for each number of classes and each noise, and chooses a number.

    Fixed-sequence testing, as in "Learn then Test" (Angelopoulos et al. 2021): the numbers are
    tried from the largest to the smallest, and one passes if its exact upper bound lies below the
    level at every sigma; the first that does not pass ends the trial. So several numbers are tried
    on the same images, and still the one that is chosen keeps the level with the confidence that
    each bound has.

    Args:
        options: an `EliminationOptions`.
        data: `LabelledData` to draw from; None for the options' validation images for bounds.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `rows`, one for each sigma: `all`, the answers
        with all classes (`accuracy`, `correct`, `count`, `interval`), and `kept`, for each number
        the same with it, `kept`, `disagreements` and their `share` and `upper_bound`; `chosen`,
        the least number of classes that passes, None if none does.

    Raises:
        InputError: for a generator without an encoder, settings that do not start from it, or a
            number of classes that leaves none out.
    """
    generator = load_generator(options.generator)
    classifiers = _classifiers(options, generator)
    if data is None:
        data = load_images(
            options.dataset, "validation/bounds", options.data_dir, bounds=generator.bounds
        )
    generator.check_set(data)
    if options.images is not None:
        data = data.sample(options.images, options.seed)
    facts = {
        **classifiers[None].identity(),
        "data": data.facts(),
    }
    run = Experiment("python -m evaluation.elimination", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    for sigma in options.sigma:
        if run.row(sigma=sigma) is not None:
            continue
        images = with_noise(data, sigma, options.seed).images
        found = {
            kept: classifier.evaluate(images, data.labels, verbose=verbose)
            for kept, classifier in classifiers.items()
        }
        row = {"sigma": sigma, "all": found[None].to_dict(), "kept": []}
        for kept in options.kept:
            different = int((found[kept].predictions != found[None].predictions).sum())
            bound = binomial_upper_bound(different, len(data), options.confidence)
            run.say(
                f"sigma {sigma:g}: with {kept} classes {different} of {len(data):,} answers "
                f"differ, at most {100 * bound:.2f} %"
            )
            row["kept"].append(
                {
                    "kept": kept,
                    **found[kept].to_dict(),
                    "disagreements": different,
                    "share": different / len(data),
                    "upper_bound": bound,
                }
            )
        run.add(row)
    return run.finish(
        lambda row: options.sigma.index(row["sigma"]), chosen=_chosen(run.rows, options)
    )


def _classifiers(options, generator):
    """{None: with all classes, kept: with so many}, alike in everything else."""
    if generator.encoder is None:
        raise InputError(f"the generator {generator.name!r} has no encoder: expected one that has")
    settings = named_settings(options.settings, generator.card)
    if settings.start != "encoder":
        raise InputError(
            f"settings={options.settings!r} start at the {settings.start!r}: expected settings "
            "that start from the encoder"
        )
    steps = settings.steps if options.steps is None else options.steps
    settings = replace(settings, steps=steps, plan=None)
    if max(options.kept) >= generator.condition_size:
        raise InputError(
            f"kept={options.kept!r}: expected less than the {generator.condition_size} classes"
        )
    plans = {None: None} | {kept: ((0, kept), (steps, None)) for kept in options.kept}
    return {
        kept: InvertedGeneratorClassifier(generator, replace(settings, plan=plan))
        for kept, plan in plans.items()
    }


def _chosen(rows, options):
    """The last number of classes of the sequence before the first whose bound is too high."""
    chosen = None
    for place, kept in enumerate(options.kept):
        if any(row["kept"][place]["upper_bound"] >= options.level for row in rows):
            break
        chosen = kept
    return chosen


def main():
    """Runs the experiment with the options of the command line."""
    options = parse_options(EliminationOptions)
    chosen = bound_elimination(options)["chosen"]
    level, confidence = f"{100 * options.level:g} %", f"{100 * options.confidence:g} %"
    if chosen is None:
        print(f"no number of classes changes less than {level} of the answers for sure")
    else:
        print(f"{chosen} classes change less than {level} of the answers, with {confidence}")


if __name__ == "__main__":
    run_program(main)
