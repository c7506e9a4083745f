"""What every classifier does: a classifier is a search space and a decision."""

import time

import numpy as np

from igc_tf.classifiers.calibration import Calibrated
from igc_tf.classifiers.foreign import distances_of_best, relative_to_detail, warn_of_foreign
from igc_tf.classifiers.history import check_snapshots, followed_search
from igc_tf.classifiers.results import Evaluation
from igc_tf.errors import InputError
from igc_tf.export.endpoint import answer_of, have_finite_scores, other_arguments
from igc_tf.generators.generator import Generator
from igc_tf.ranges import checked_array, checked_whole
from igc_tf.runs import progress_bar
from igc_tf.search.engine import Search
from igc_tf.search.settings import SearchSettings, named_settings
from igc_tf.search.state import Batch, as_arrays, checked_mask

# searched at once: bounds the memory
_CANDIDATES_AT_ONCE = 1000
_EXAMPLES_AT_ONCE = 250


class SearchClassifier(Calibrated):
    """Classifies data by searching a generator's inputs.

    A subclass says what is searched (`space`), what that means (`scores`), and how its findings
    are called (`classification`, `answer`). It keeps its arguments under their names: `identity`.

    Args:
        generator: a `Generator`, or a Keras model that one can be made of.
        settings: a `SearchSettings`, or a name, as for `load_classifier`; None for
            `default_settings`, the paper's, where `load_classifier` takes the best.
        observation: an `Observation` that is searched too; None for that of the settings, if any.

    Attributes:
        generator: the `Generator`.
        settings: the `SearchSettings`.
        observation: as it was given; `search.observation` is the one that is searched.
        search: the `Search`.
        explains: whether its classifications say what an observation found of the data.

    Raises:
        GeneratorError: if the generator is of another form; the message says how.
        InputError: for settings outside their ranges, or that the generator's card does not have.
    """

    explains = False

    def __init__(self, generator, settings=None, observation=None):
        self.generator = Generator.of(generator)
        self.observation = observation
        settings = self.default_settings() if settings is None else settings
        self.settings = named_settings(settings, self.generator.card)
        space = self.space()
        if observation is None:
            observation = self.settings.observation_for(self.generator)
        space = space if observation is None else space.observed(observation)
        space = space.drawn(self.settings, self.generator.prior)
        self.search = Search(self.generator, space, self.settings)

    def identity(self):
        """What a result says of its classifier, JSON-ready: `Generator.digests`, `search` and, if
        others than the defaults were given, `arguments` (see `other_arguments`)."""
        search = self.settings.to_dict()
        return {**self.generator.digests(), "search": search, **other_arguments(self)}

    def default_settings(self):
        """The settings where none are given: the paper's."""
        return SearchSettings()

    def space(self):
        """Returns the `Space` that is searched."""
        raise NotImplementedError

    def scores(self, result):
        """The score of each value of each label (N, C), of a `Result`; the higher the better.

        Minus what decides, by default the data difference. In TensorFlow operations, as `predict`
        makes it part of the search's own graph; the result's arrays are TensorFlow's, or NumPy's.
        """
        return result.scores

    def classification(self, result, found):
        """Names what was found.

        Args:
            result: the `Result` over all data, as NumPy arrays.
            found: what every classification has, by name.
        """
        raise NotImplementedError

    def answer(self, result):
        """The answer to a batch, as TensorFlow operations: what an exported classifier returns.

        Args:
            result: the `Result` of N examples.

        Returns:
            `{"label": int32 (N,) or (N, L), "score": float32 (N, C), "difference": …,
            "reconstruction": …}`.
        """
        raise NotImplementedError

    @property
    def data_shape(self):
        """The shape of an example: the generator's, or what an observation shows of such data."""
        return self.search.observation.shape_of(self.generator.data_shape)

    @property
    def class_names(self):
        """The names of the values of all labels, C of them, in the order of the scores."""
        return self.generator.layout.element_names

    def predict(self, data, mask=None, batch_size=None, verbose="auto"):
        """Scores the classes, as Keras' `Model.predict` does: the argmax is the answer.

        Args:
            data: (N, *data_shape), in the generator's bounds.
            mask: broadcastable to the data, 0 where nothing is to be compared, and data may be
                anything, such as not-a-number; some of each example is not 0. None for all. Where
                an observation is undone in the data, as by the settings "robust", what fills the
                gaps is compared (`fill_missing`).
            batch_size: examples searched at once. Bounds the memory; does not change the answer.
            verbose: 1 or "auto" shows a progress bar with the time left, 0 is silent.

        Returns:
            float32 (N, C): one score for each class; with several labels, for each value of each.

        Raises:
            InputError: for data of another shape or range, or a search that diverges.
        """
        return self._scores_and_relative(data, mask, batch_size, verbose)[0]

    def _scores_and_relative(self, data, mask, batch_size, verbose):
        """The scores float32 (N, C), and `relative_to_detail` of each example (N,)."""
        found = [*self._each_scores(data, mask, batch_size, verbose)]
        if not found:
            found = [[np.zeros([0, self.generator.condition_size]), np.zeros([0])]]
        return tuple(np.float32(np.concatenate(parts)) for parts in zip(*found, strict=True))

    def classify(self, data, mask=None, batch_size=None, verbose=0, history=False, snapshots=()):
        """Classifies and keeps everything the search found.

        Args:
            data, mask, batch_size, verbose: as for `predict`.
            history: record loss and difference at every step; not-a-number once a candidate was
                dropped.
            snapshots: numbers of steps, 0 to the settings' `steps`, whose reconstructions to keep.

        Returns:
            A classification. Its reconstructions take as much memory as N · K examples: for the
            answers to very many use `predict`.

        Raises:
            InputError: as for `predict`; also for no data, or a snapshot outside the search.
        """
        if len(data) == 0:
            raise InputError("no data to classify: expected at least one example")
        followed, search = [], None
        if history or len(snapshots := [*snapshots]):
            check_snapshots(self.search, snapshots)

            def search(batch):
                result, found = followed_search(self.search, batch, history, snapshots)
                followed.append(found)
                return result

        parts = []
        for batch, result in self.results(data, mask, batch_size, verbose, search):
            found = self.findings(batch, result, **(followed.pop() if search else {}))
            # what a batch was filled up with is no part of its result
            parts.append(found.take(slice(len(result.score))))
        return parts[0].join(*parts[1:])

    def classify_batches(self, data, mask=None, batch_size=None, verbose=0, indices=None):
        """Classifies batch by batch, for those who want to keep something of each.

        Args:
            data, mask, batch_size, verbose: as for `predict`.
            indices: as for `results`.

        Yields:
            The classification of each batch, as `classify` returns it.

        Raises:
            InputError: as for `predict`.
        """
        for batch, result in self.results(data, mask, batch_size, verbose, indices=indices):
            yield self.findings(batch, result)

    def findings(self, batch, result, **followed):
        """Returns the classification of a search's `Result`.

        Args:
            batch: the `Batch` of N examples.
            result: what was found.
            **followed: what is known of the search on its way, by name.
        """
        scores = np.asarray(self.scores(result))
        relative = relative_to_detail(batch, result, self.generator) if self.is_doubting else None
        predictions = self._predictions(scores, relative)
        found = {"predictions": predictions, "scores": scores, "steps": result.steps}
        if self.calibration is not None:
            found["probabilities"] = self.probabilities(scores)
        return self.classification(result, {**found, **followed})

    def evaluate(self, data, labels, mask=None, batch_size=None, verbose="auto", keep=None):
        """Counts how often the answer is right.

        Args:
            data, mask, batch_size, verbose: as for `predict`.
            labels: the right ones: integers (N,), or (N, L) for several labels.
            keep: called with the classification of each batch, in order, to keep something of it.

        Returns:
            An `Evaluation`.

        Raises:
            InputError: as for `predict`; also for no data, or labels of another shape or range.
        """
        if len(data) == 0:
            raise InputError("no data to evaluate: expected at least one example")
        labels = self.generator.layout.check(labels, len(data))
        begin = time.perf_counter()
        predictions, first_batch_seconds = [], None
        for found in self._each_predictions(data, mask, batch_size, verbose, keep):
            predictions.append(found)
            first_batch_seconds = first_batch_seconds or time.perf_counter() - begin
        predictions = np.concatenate(predictions)
        seconds = time.perf_counter() - begin
        return Evaluation(predictions, labels, seconds, first_batch_seconds)

    def answers(self, data, mask=None, batch_size=None, indices=None):
        """Returns what an exported classifier answers (`answer`): {name: array (N, ...)}.

        Where a search diverges, that is the label -1, and not-a-number elsewhere.

        Args:
            data, mask, batch_size, indices: as for `results`. Where XLA compiles the search, every
                batch is filled up to the batch size: it compiles once, whoever asks for how many.

        Raises:
            InputError: for data of another shape or range, or none.
        """
        batches = self._batches(data, mask, batch_size, indices=indices, fill_single=True)
        parts = [as_arrays(self.search.run(b, self._read_answer), n) for _, b, n in batches]
        if not parts:
            raise InputError("no data to answer: expected at least one example")
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def results(self, data, mask=None, batch_size=None, verbose=0, search=None, indices=None):
        """Searches batch by batch, for those who want to keep something of each.

        Args:
            data, mask, batch_size, verbose: as for `predict`.
            search: `Batch -> Result`, by default the whole plan.
            indices: int (N,), the examples' numbers in the full data set; None for 0..N-1. Random
                starts depend on them, so shards give the same result as the whole.

        Yields:
            Each `Batch` and its `Result`, as NumPy arrays.

        Raises:
            InputError: as for `predict`.
        """
        search = search if search is not None else self.search.run
        for number, batch, count in self._batches(data, mask, batch_size, verbose, indices):
            result = search(batch)
            result, distances = as_arrays((result, distances_of_best(batch, result)), count)
            is_finite = have_finite_scores(result, self.scores(result))
            self._check_found(number, batch, count, is_finite, distances)
            yield as_arrays(batch, count), result

    def checked_batch_size(self, batch_size=None):
        """Returns how many examples are searched at once; None: what suits the candidates' number.

        Raises:
            InputError: if it is no whole number >= 1.
        """
        if batch_size is None:
            most = _CANDIDATES_AT_ONCE // self.search.space.num_candidates
            return max(1, min(_EXAMPLES_AT_ONCE, most))
        return checked_whole("batch_size", batch_size)

    def _each_predictions(self, data, mask, batch_size, verbose, keep):
        """The answers to each batch, and `keep`, if any, called with its classification."""
        if keep is None:
            for scores, relative in self._each_scores(data, mask, batch_size, verbose):
                yield self._predictions(scores, relative)
            return
        for found in self.classify_batches(data, mask, batch_size, verbose):
            keep(found)
            yield found.predictions

    def _each_scores(self, data, mask, batch_size, verbose):
        """`_scores_and_relative` of each batch."""
        for number, batch, count in self._batches(data, mask, batch_size, verbose):
            read = self.search.run(batch, self._read_scores)
            scores, is_finite, distances, relative = as_arrays(read, count)
            self._check_found(number, batch, count, is_finite, distances)
            yield scores, relative

    def _read_scores(self, batch, result):
        """What `predict` needs of a `Result`."""
        scores, relative = self.scores(result), relative_to_detail(batch, result, self.generator)
        is_finite = have_finite_scores(result, scores)
        return scores, is_finite, distances_of_best(batch, result), relative

    def _read_answer(self, batch, result):
        """What `answers` needs of a `Result`."""
        del batch
        return answer_of(self, result)

    def _batches(self, data, mask, batch_size, verbose=0, indices=None, fill_single=False):
        """The number of each `Batch`, itself, and how many of its examples count."""
        data, mask = self.checked(data, mask)
        batch_size = self.checked_batch_size(batch_size)
        indices = np.arange(len(data)) if indices is None else indices
        # XLA compiles anew for every shape: fill the last batch up instead
        fills = self.settings.jit_compile and (fill_single or len(data) > batch_size)
        with progress_bar(len(data), "image", shown=bool(verbose)) as progress:
            for number, begin in enumerate(range(0, len(data), batch_size)):
                count = min(batch_size, len(data) - begin)
                chosen = begin + np.resize(np.arange(count), batch_size if fills else count)
                visible = None if mask is None else mask[chosen]
                yield number, Batch(data[chosen], visible, indices[chosen]), count
                progress.update(count)

    def _check_found(self, number, batch, count, is_finite, distances):
        """Refuses what is not finite; warns of foreign data, at batch 0 where nothing is undone."""
        if not np.all(is_finite):
            begin, end = batch.indices[0], batch.indices[count - 1]
            raise InputError(
                f"the search of examples {begin} to {end} ended in values that are "
                "not finite: lower the learning rate, or check generator and difference"
            )
        is_whole = batch.visible is None and not self.search.undoes
        if number == 0 and is_whole and np.isfinite(self.generator.bounds).all():
            warn_of_foreign(batch.data[:count], distances)

    def export(self, directory, format="saved_model", batch_size=100):
        """Writes the classifier as a program that does not need this package.

        Args:
            directory: must not exist, or be empty; appears when the export is complete.
            format: "saved_model" for TensorFlow; "hlo" for XLA (see `igc_tf.export`).
            batch_size: examples searched at once; of an HLO program, all that it takes.

        Raises:
            OutputError: if something is in `directory`; before work starts.
            InputError: for another format, or a batch size below 1.
        """
        from igc_tf.export import export_hlo, export_saved_model

        formats = {"saved_model": export_saved_model, "hlo": export_hlo}
        if format not in formats:
            raise InputError(f"format={format!r}: expected one of {sorted(formats)}")
        formats[format](self, directory, batch_size)

    def as_model(self, gradient="envelope", temperature=None):
        """Returns the classifier as a Keras model, data -> logits, with a gradient to the data.

        Args:
            gradient, temperature: see `DifferentiableClassifier`, also for the errors.
        """
        from igc_tf.classifiers.differentiable import DifferentiableClassifier

        return DifferentiableClassifier(self, gradient, temperature)

    def log(self, directory, data, labels=None, name="search"):
        """Writes the searches of a few examples for TensorBoard.

        Args:
            directory: of the logs.
            data: (N, ...); each is drawn at several steps.
            labels: the right ones, or None.
            name: of the run, in TensorBoard.
        """
        from igc_tf.tensorboard import log_search

        log_search(directory, self, data, labels, name)

    def checked(self, data, mask=None):
        """Returns data and mask, float32 (N, ...), background where nothing is to be compared.

        Args:
            data, mask: as for `predict`.

        Raises:
            InputError: for data that the generator cannot make where they are not hidden, or a mask
                that does not suit them.
        """
        data = checked_array("images", data, np.float32)
        # data of another shape are refused, whatever the mask
        if mask is not None and data.shape[1:] == self.data_shape:
            mask = checked_mask(mask, data.shape)
            data = np.where(mask > 0, data, np.float32(self.generator.background))
        return self.generator.check(data, shape=self.data_shape), mask
