"""`igc-tf train RECIPE|FOLDER --output DIR`."""

import sys
from pathlib import Path
from typing import Annotated, get_args

from igc_tf.cli.program import import_tensorflow_quietly, parse_options, tell_ranges
from igc_tf.cli.train_own import TrainOwnOptions, say_beside, train_own
from igc_tf.errors import InputError, did_you_mean
from igc_tf.runs import read_json

# what `RECIPES` has, told without TensorFlow
SUMMARIES = {
    "cagan-compact": "conditional activation GAN, small and quick to search, classes separated",
    "cagan-joint": "conditional activation GAN and its encoder: most accurate, quickest to search",
    "cagan-observed": "cagan-joint, trained on with blur, outlines, light, gaps: use --start-from",
    "cagan-adversarial": "cagan-joint, trained on with what deceives it: use --start-from",
    "cagan-paper": "conditional activation GAN, the author's networks and settings",
    "cgan-compact": "conditional GAN for inverse classification, small",
    "cgan-document": 'conditional GAN of "Inverse Classification using GANs", as published',
    "lenet": "LeNet-5, the plain network to compare with",
    "lenet-fair": "LeNet-5, trained with the distortions and noise that class separation uses",
    "lenet-informed": "LeNet-5, which in training also saw 23 kinds of corrupted images",
    "lenet-gaps": "LeNet-5, which in training also saw images of which pixels are missing",
    "lenet-adversarial": "LeNet-5, trained on images that were changed to deceive it, L∞ 0.3",
    "lenet-adversarial-fair": "lenet-fair, trained against what mnist-cagan-adversarial is",
    "cnn-fair": "a modern CNN of 2.5 million weights, trained as lenet-fair is",
    "cnn-informed": "the CNN of cnn-fair, trained as lenet-informed is",
    "trajectory-generator": "LSTM that draws letters, for inverse classification",
    "trajectory-classifier": "LSTM that reads letters, to compare with",
    "vanilla-gan": "GAN of the DCGAN and CGAN coursework: dense, without classes",
    "dcgan-shallow": "DCGAN, shallow: without classes, 128-64 channels",
    "dcgan-medium": "DCGAN, medium: without classes, 256-128 channels",
    "dcgan-deep": "DCGAN, deep: without classes, 512-256 channels",
    "dcgan-medium-vbn": "DCGAN, medium, virtual batch normalisation",
    "dcgan-medium-dropout-0.1": "DCGAN, medium, less dropout in the discriminator: 0.1, not 0.25",
    "dcgan-medium-dropout-0.5": "DCGAN, medium, more dropout in the discriminator: 0.5, not 0.25",
    "dcgan-medium-rate-0.002": "DCGAN, medium, the larger learning rate: 0.002, not 0.0002",
    "cgan-shallow": "CGAN, shallow: with classes, 1 dense block",
    "cgan-medium": "CGAN, medium: with classes, 3 dense blocks",
    "cgan-deep": "CGAN, deep: with classes, 5 dense blocks",
    "cgan-convolutional": "CGAN, convolutional: the medium DCGAN with classes",
    "cgan-medium-ls": "CGAN, medium, one-sided label smoothing: 0.9 for real images",
    "cgan-medium-ls-both": "CGAN, medium, label smoothing: 0.9 for real images, 0.1 for generated",
    "cgan-convolutional-ls": "CGAN, convolutional, one-sided label smoothing: 0.9 for real images",
    "cgan-medium-dropout-0.1": "CGAN, medium, less dropout in the discriminator: 0.1, not 0.3",
    "cgan-medium-dropout-0.5": "CGAN, medium, more dropout in the discriminator: 0.5, not 0.3",
    "cgan-medium-vbn": "CGAN, medium, virtual batch normalisation",
    "cgan-medium-vbn-ls": "CGAN, medium, virtual batch normalisation, one-sided label smoothing",
    "cgan-medium-classifier": "CGAN, medium, a trained classifier's loss in the generator's",
    "acgan-medium": "auxiliary classifier GAN, medium: 3 dense blocks",
    "acgan-convolutional": "auxiliary classifier GAN, convolutional: 256-128 channels",
}


def train_command(arguments=None):
    """Trains by a recipe or on one's own pictures, or resumes what the output directory holds.

    Args:
        arguments: what follows `igc-tf train`: the recipe's name, then changes to it and where its
            files go; or where pictures are, and the options of `TrainOwnOptions`. None for those
            of this process. A recipe's name is a recipe; a folder of that name is "./NAME".

    Returns:
        The exit code.

    Raises:
        InputError: for what is neither.
    """
    arguments = sys.argv[2:] if arguments is None else list(arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview())
        return 0
    name = arguments[0]
    if name not in SUMMARIES:
        return train_own(parse_options(TrainOwnOptions, "igc-tf train", _checked(arguments)))
    import_tensorflow_quietly()
    _command(name)(arguments[1:])
    return 0


def _checked(arguments):
    """Arguments that are no slip of the pen in a recipe's name."""
    source = arguments[0]
    near = did_you_mean(source, SUMMARIES)
    if near and not Path(source).expanduser().exists():
        raise InputError(f"{source!r} is no recipe, and no file or folder here: {near}")
    return arguments


def _overview():
    lines = [
        "usage: igc-tf train FOLDER --output DIR [OPTIONS]",
        "       igc-tf train RECIPE --output DIR [OPTIONS]",
        "",
        "Trains on pictures of your own, a sub-folder for each class; or a network by a recipe;",
        "or resumes the unfinished run that DIR holds. igc-tf train FOLDER --help tells more of",
        "the first. A folder that has a recipe's name is ./NAME. The recipes:",
        "",
        *(f"  {name:24} {summary}" for name, summary in SUMMARIES.items()),
        "",
        "igc-tf train RECIPE --help tells a recipe's options, their ranges and defaults.",
        "Where the environment variable TF_CONFIG names several workers, all train together.",
    ]
    return "\n".join(lines)


def _command(name):
    """The parser and runner of one recipe's command line."""
    from igc_tf.training import RECIPES, NetworkRecipe, SequenceRecipe

    default = RECIPES[name]
    if isinstance(default, SequenceRecipe):
        run = _trajectories(default)
    elif isinstance(default, NetworkRecipe):
        run = _network(default)
    else:
        run = _generator(default)
    return lambda arguments: _parse_and_run(run, default, f"igc-tf train {name}", arguments)


def _parse_and_run(run, default, program, arguments):
    import tyro

    registry = tyro.constructors.ConstructorRegistry()
    registry.primitive_rule(_by_name)
    tell_ranges(registry)
    # nested options that the recipe uses are reached directly; those it does not by a subcommand
    nested = getattr(default, "separation", None)
    config = () if nested is None else (tyro.conf.AvoidSubcommands,)
    tyro.cli(run, prog=program, args=arguments, config=config, registry=registry)


def _by_name(info):
    """A rule for tyro: what may be a name or something else is given by its name."""
    import tyro

    members = get_args(info.type)
    if str not in members:
        return None
    optional = type(None) in members
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="NAME|None" if optional else "NAME",
        instance_from_str=lambda words: None if optional and words[0] == "None" else words[0],
        is_instance=lambda value: True,
        str_from_instance=lambda value: [str(value)],
    )


def _flat(default):
    """The recipe's options without a prefix."""
    import tyro

    return Annotated[type(default), tyro.conf.arg(name="")]


def _generator(default):
    from igc_tf.training import joined_workers, train_generator
    from igc_tf.training.workers import is_chief

    def train(
        output: Path,
        recipe: _flat(default) = default,
        data_dir: Path | None = None,
        start_from: Path | None = None,
    ):
        """Trains a generator, or resumes the unfinished run that the output directory holds.

        Args:
            output: the run directory.
            recipe: what to train and how.
            data_dir: of TensorFlow Datasets; its own default if not given.
            start_from: the directory of another run, whose last weights are the first ones here; or
                the name or the directory of a generator, whose weights they are.
        """
        with joined_workers(say_beside) as strategy:
            path = train_generator(
                recipe, output, data_dir=data_dir, start_from=start_from, strategy=strategy
            )
        if not is_chief(strategy):
            return
        best = read_json(path / "best.json")
        print(
            f"the chosen generator, of epoch {best['epoch']}, {judged(best)}; it lies in {path}, "
            "which is what igc-tf draw and serve take, and other commands as --generator"
        )

    return train


def judged(best):
    """What a `best.json` says of a generator, with classes or without."""
    if "accuracy" in best:
        return f"reads {100 * best['accuracy']:.1f} % of {best['count']} validation images"
    return (
        f"reproduces {best['count']} validation images to a mean difference of "
        f"{best['difference']:.4f}"
    )


def _network(default):
    from igc_tf.classifiers.network import NETWORK_FILE
    from igc_tf.training import joined_workers, train_network
    from igc_tf.training.workers import is_chief

    def train(output: Path, recipe: _flat(default) = default, data_dir: Path | None = None):
        """Trains a plain network, or resumes the unfinished run that the output directory holds.

        Args:
            output: the run directory.
            recipe: what to train on and how.
            data_dir: of TensorFlow Datasets; its own default if not given.
        """
        with joined_workers(say_beside) as strategy:
            path = train_network(recipe, output, data_dir=data_dir, strategy=strategy)
        if not is_chief(strategy):
            return
        result = read_json(path / "result.json")
        print(f"the chosen network, of epoch {result['best']['epoch']}: {path / NETWORK_FILE}")
        print("sigma   test accuracy   95 % interval")
        for row in result["test"]:
            low, high = row["interval"]
            print(
                f"{row['sigma']:5g} {100 * row['accuracy']:13.2f} %   "
                f"{100 * low:5.2f} to {100 * high:5.2f}"
            )

    return train


def _trajectories(default):
    from igc_tf.metrics import format_proportion
    from igc_tf.training import joined_workers, train_trajectories
    from igc_tf.training.workers import is_chief

    def train(output: Path, recipe: _flat(default) = default, data: str | None = None):
        """Trains an LSTM, or resumes the unfinished run that the output directory holds.

        Args:
            output: the run directory.
            recipe: what to train and how.
            data: the .mat file of the UCI Character Trajectories, or "synthetic" for strokes made
                in code; if not given, the environment variable IGC_TF_TRAJECTORIES names the
                file.
        """
        with joined_workers(say_beside) as strategy:
            path = train_trajectories(recipe, output, data, strategy=strategy)
        if not is_chief(strategy):
            return
        found = read_json(path / "result.json")["validation"]
        print(
            f"the {recipe.network} lies in {path}; validation trajectories: "
            f"{format_proportion(found)} of {found['count']}"
        )

    return train
