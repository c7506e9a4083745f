"""Classifies very much data, part by part: in this process, or in many of Ray's."""

import sys
import time
from pathlib import Path

from igc_tf.distributed import ray_engine
from igc_tf.distributed.parts import Parts
from igc_tf.distributed.ray_engine import WorkerOptions
from igc_tf.distributed.records import import_pyarrow
from igc_tf.distributed.sources import open_source
from igc_tf.distributed.worker import Asked, Worker, describe_asked
from igc_tf.errors import InputError
from igc_tf.runs import describe_environment, local_path, peak_memory, progress_bar

ENGINES = ("ray", "process")


def classify_dataset(
    dataset,
    generator,
    settings=None,
    *,
    output,
    engine=None,
    workers=None,
    kind=None,
    bounds=None,
    false_alarm=0.0,
    measure=False,
    batch_size=None,
    verbose=1,
):
    """Classifies any number of examples into a directory of Parquet files.

    The work is cut into parts. Each becomes a file when it is finished, and stays: after whatever
    ended a call, the same call goes on with what is missing, and returns at once if nothing is.
    `pandas.read_parquet(output)` reads all of it: the `number` and the name of each example
    (`file`) and the columns of `igc_tf.classifiers.table`. An example that cannot be read has a
    row, too, which says why in `warnings`. `_manifest.json` there says what decides the answers,
    `_report.json` how the whole went.

    Args:
        dataset: pictures, Parquet, TFRecord or NPZ files, folders of such, an array, a
            `LabelledData` or a `ray.data.Dataset`; see `igc_tf.distributed.sources.open_source`.
            Its files are not to be changed during a call, nor before another that goes on with it.
        generator: as for `load_classifier`; with Ray a name, or a path that all machines have.
        settings, kind, bounds: as for `load_classifier`.
        output: the directory; with Ray one that all machines share.
        engine: "ray", "process" for this one process, or None for Ray where it is installed and
            the generator is one that every process can load.
        workers: a `WorkerOptions`.
        false_alarm: the share of known examples that are rejected, if the classifier is
            calibrated; 0 for none.
        measure: with settings that find out what happened to an image, measure it, too.
        batch_size: examples searched at once; None for what suits the number of candidates.
        verbose: 0 for silence.

    Returns:
        What `_report.json` holds: the `engine` and its `processes`; of all parts the `examples` and
        how many were `unreadable`; of this call, the `classified` examples, the `seconds` that
        went from the begin of the first part to the end of the last, how many `first_seconds` of
        these the part took that was finished first, in which a search is compiled, the
        `start_seconds` before them all, and the most `memory` of a worker and of the caller, bytes.

    Raises:
        InputError: for what cannot be used, a directory with parts of something else, actors that
            Ray has no room for, or a file of the dataset that was changed during the call; of such
            a file no part is written.
        MissingPackageError: without pyarrow.
        OutputError: if the directory cannot be written, or another call writes there.
    """
    from igc_tf.generators import Generator

    begin = time.time()
    import_pyarrow()
    workers = workers if workers is not None else WorkerOptions()
    if not isinstance(workers, WorkerOptions):
        raise InputError(f"workers={workers!r}: expected a WorkerOptions")
    if engine is None and isinstance(generator, Generator):
        engine = "process"
    engine = chosen_engine(engine)
    # a process of Ray's may run elsewhere
    generator, output = _absolute(generator), local_path(output).absolute()
    asked = Asked(generator, settings, kind, bounds, false_alarm, measure, batch_size)
    if engine == "ray" and isinstance(generator, Generator):
        raise InputError(
            "generator: with Ray a name or a path is expected, by which every actor loads it; or "
            'engine="process"'
        )
    classifier, remark = asked.load()
    classifier.checked_batch_size(batch_size)
    if verbose and remark:
        print(f"note: {remark}", file=sys.stderr)
    source = open_source(dataset)
    parts = Parts(output, source.count, workers.part_size)
    asked_for = {**describe_asked(asked, classifier), "source": source.identity()}
    with parts.begin(asked_for) as missing:
        done, processes = [], set()
        if missing:
            if engine == "ray":
                found = ray_engine.work_on_ray(Worker, (asked, source, parts), missing, workers)
            else:
                found = map(Worker(asked, source, parts, classifier), missing)
            finished = source.count - sum(_length(parts, number) for number in missing)
            with progress_bar(source.count, "image", bool(verbose), finished) as progress:
                for about in found:
                    done.append(about)
                    processes.add(about["process"])
                    progress.update(int(about["examples"]))
        report = _report(parts, done, begin)
        report |= {"engine": engine, "processes": len(processes), **describe_environment()}
        parts.finish(report)
    return report


def chosen_engine(engine):
    """Returns "ray" or "process".

    Args:
        engine: one of them, or None. Ray that is not installed is this process.

    Raises:
        InputError: for anything else.
    """
    if engine not in (*ENGINES, None):
        raise InputError(f"engine={engine!r}: expected one of {ENGINES}, or None")
    return "process" if engine == "process" or not ray_engine.is_installed() else "ray"


def _absolute(generator):
    """Where a generator lies, as any process finds it; a name or a `Generator` as it is."""
    from igc_tf.generators import generator_names

    if not isinstance(generator, str | Path):
        return generator
    path = Path(generator).expanduser().absolute()
    return str(path) if generator not in generator_names() and path.exists() else generator


def _length(parts, number):
    first, last = parts.span(number)
    return last - first


def _report(parts, done, begin):
    """What is known of all parts, and of those that this call has done."""
    all_parts = [parts.about(number) for number in range(parts.total)]
    report = {
        "examples": sum(part["examples"] for part in all_parts),
        "unreadable": sum(part["unreadable"] for part in all_parts),
        "parts": parts.total,
        "classified": int(sum(part["examples"] for part in done)),
        "memory": {"caller": peak_memory()},
    }
    if done:
        first = min(part["begun"] for part in done)
        report |= {
            "seconds": float(max(part["ended"] for part in done) - first),
            "first_seconds": float(min(part["ended"] for part in done) - first),
            "start_seconds": float(first - begin),
        }
        report["memory"]["worker"] = int(max(part["memory"] for part in done))
    return report
