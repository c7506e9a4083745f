"""`igc-tf diagnose FILE|FOLDER…`: the table, a picture and result.json."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from igc_tf.cli.classify import picture_files, read_pictures
from igc_tf.cli.program import import_tensorflow_quietly
from igc_tf.errors import DataError, InputError
from igc_tf.ranges import SEED, Range, check_ranges
from igc_tf.runs import (
    RunDirectory,
    check_apart,
    check_writable,
    describe_run,
    json_ready,
)


@dataclass(frozen=True)
class DiagnoseOptions:
    """Says how well a generator reproduces its own samples, training images and new images.

    Attributes:
        files: picture files, or folders of such at any depth, that the generator should be able to
            make.
        generator: a name that ships, a directory, or a .keras file.
        dataset: an image set; by default the one it was trained on, where its card says so and
            it is one by name, else its own samples alone.
        settings: "paper", or the name of search settings on its card; by default the best there.
        bounds: low and high of the generator's data, where they are not known.
        images: how many of each set.
        output: directory for the picture and result.json.
        data_dir: of TensorFlow Datasets; its own default if not given.
        seed: decides the samples and the images.
    """

    files: tyro.conf.Positional[tuple[Path, ...]] = ()
    generator: str = "mnist-cagan-compact"
    dataset: str | None = None
    settings: str | None = None
    bounds: tuple[float, float] | None = None
    images: Annotated[int, Range(1, 100_000)] = 100
    output: Path = Path("runs/diagnose")
    data_dir: Path | None = None
    seed: Annotated[int, SEED] = 0

    def __post_init__(self):
        check_ranges(self)


def print_diagnosis(options):
    """Diagnoses a generator, prints the table and draws the examples, where they are images.

    Returns:
        0; 2 if a file could not be read, of which stderr tells in a line each.

    Raises:
        InputError: if a folder holds no pictures, cannot be read, or is the directory to write into
            or one above that; for data that the generator cannot have made.
    """
    check_apart(options.output, *options.files, at_any_depth=True)
    check_writable(options.output)
    paths = picture_files(options.files) if options.files else []
    import_tensorflow_quietly()
    import numpy as np

    from igc_tf.classifiers import diagnose, load_classifier

    classifier = load_classifier(options.generator, options.settings, bounds=options.bounds)
    generator = classifier.generator
    dataset = options.dataset or generator.recipe.get("dataset")
    sets, sources = {}, []
    for split, name in (("train", "training images"), ("test", "new images")):
        if dataset is None:
            break
        data = _load(options, dataset, split, generator)
        if data is None:
            sources.append(f"{dataset} is no image set that is here; give its pictures as files")
            break
        data = data.sample(min(options.images, len(data)), options.seed)
        origin = f"{data.split} of {data.name}, {data.source}"
        if data.layout.element_names != generator.layout.element_names:
            data, origin = data.data, f"{origin}; without its labels, which the generator has not"
        sets[name] = data
        sources.append(f"{name}: {origin}")
    chosen = np.random.default_rng(options.seed).permutation(len(paths))[: options.images]
    pictures = read_pictures([paths[number] for number in np.sort(chosen)], generator)
    if pictures:
        sets["files"] = np.stack(list(pictures.values()))
        sources.append(f"files: {len(pictures)} of {len(paths)} pictures")
    found = diagnose(generator, sets, classifier.settings, options.images, seed=options.seed)
    for source in sources:
        print(source)
    print(f"\n{found}")
    run = RunDirectory(options.output)
    written = run.write_json(
        "result.json",
        {
            "program": "igc-tf diagnose",
            "options": json_ready(options),
            **classifier.identity(),
            "data": sources,
            "environment": describe_run(),
            "sets": [row.to_dict() for row in found.sets],
            "findings": list(found.findings),
        },
    )
    try:
        run.write_figure("reconstructions.png", found.plot())
    except InputError as error:
        print(f"\nno picture: {error}\nresult.json: {written.parent}")
    else:
        print(f"\npicture and result.json: {written.parent}")
    return 0 if len(pictures) == len(chosen) else 2


def _load(options, dataset, split, generator):
    """The images of a set; None if a card names something else by its name, pictures of one's own.

    Raises:
        DataError: for a set that was asked for.
    """
    from igc_tf.data import load_images

    layout = generator.layout
    facts = {"data_dir": options.data_dir, "fallback": True, "bounds": generator.bounds}
    try:
        data = load_images(dataset, split, **facts)
    except DataError:
        if options.dataset is not None:
            raise
        return None
    is_it = layout.num_labels > 1 or data.class_names == layout.class_names
    return data if is_it or options.dataset is not None else None
