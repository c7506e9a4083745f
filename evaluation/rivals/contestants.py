"""What is compared: each reads images in its own way, in a process of its own.

Such a process is told by the first line of its input which one it is, by every other one what it is
to do, as JSON, and answers each with a line of JSON. It loads no more than the contestant needs.
"""

import contextlib
import json
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from igc_tf.errors import IGCError
from igc_tf.runs import peak_memory

_ROOT = Path(__file__).parents[2]
# importing `evaluation` starts TensorFlow, which not every rival has
_SERVE = f"""
import sys, types
package = types.ModuleType("evaluation")
package.__path__ = [{str(_ROOT / "evaluation")!r}]
sys.modules["evaluation"] = package
from evaluation.rivals.contestants import serve
serve()
"""
# images whose distances to all training images are held at once
_IMAGES_AT_ONCE = 100


class Contestant:
    """One of those that are compared, in this process.

    Args:
        spec: what it is, JSON-ready: {"kind": "library", "generator": its name, "settings": their
            name}; {"kind": "torch" or "jax", "problem": a file of a pickled `Problem`};
            {"kind": "network", "network": a name that ships or the directory of a training,
            "bounds": of the images}; or {"kind": "nearest", "train": an .npz file of `images` and
            `labels`}.
    """

    def __init__(self, spec):
        # everything that is asked of it, and the answers alone, whose speed counts
        self._answer, self._predict = _MAKERS[spec["kind"]](spec)

    def answer(self, images, found=None):
        """Reads images.

        Args:
            images: path of an .npy file, float32 (N, H, W, channels).
            found: path to write an .npz file to: `predictions` (N,), and of a search
                `differences` (N, C), not-a-number for classes that it dropped.
        """
        answers = self._answer(np.load(images))
        if found is not None:
            np.savez(found, **answers)
        return {}

    def rate(self, images, batch, seconds=0.3):
        """Returns how many images a second it reads when it is handed some at a time.

        Args:
            images: path of an .npy file; they are taken again and again.
            batch: how many at a time.
            seconds: how long at least, after one call that is not timed.
        """
        batch_images = np.load(images)
        batch_images = np.resize(batch_images, (batch, *batch_images.shape[1:]))
        self._predict(batch_images)
        begin, calls, passed = time.perf_counter(), 0, 0.0
        while passed < seconds:
            self._predict(batch_images)
            calls += 1
            passed = time.perf_counter() - begin
        return {"images_per_second": calls * batch / passed}

    def memory(self):
        """Returns the most memory that this process has taken so far, bytes."""
        return {"bytes": peak_memory()}

    def close(self):
        """Ends it."""


class ContestantProcess:
    """A `Contestant` in a process of its own, with the same methods.

    Args:
        spec: as for `Contestant`.

    Raises:
        RivalError: if it fails.
    """

    def __init__(self, spec):
        path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        self._ask(spec)

    def _ask(self, what):
        try:
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        said = json.loads(line) if line else {"error": "its process ended"}
        if "error" in said:
            self.close()
            raise RivalError(said["error"])
        return said

    def answer(self, images, found=None):
        """See `Contestant.answer`."""
        return self._ask({"do": "answer", "images": str(images), "found": found and str(found)})

    def rate(self, images, batch, seconds=0.3):
        """See `Contestant.rate`."""
        return self._ask({"do": "rate", "images": str(images), "batch": batch, "seconds": seconds})

    def memory(self):
        """See `Contestant.memory`."""
        return self._ask({"do": "memory"})

    def close(self):
        """Ends the process."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class RivalError(IGCError):
    """A rival that cannot be measured; says why."""


def _library(spec):
    from igc_tf.classifiers import load_classifier

    classifier = load_classifier(spec["generator"], spec["settings"])

    def answer(images):
        scores, differences = [], []
        for _, result in classifier.results(images):
            scores.append(classifier.scores(result))
            differences.append(result.per_element(result.terms.difference))
        return {
            "predictions": classifier.labels_of_scores(np.concatenate(scores)),
            "differences": np.concatenate(differences),
        }

    def predict(images):
        return classifier.labels_of_scores(classifier.predict(images, verbose=0))

    return answer, predict


def _torch(spec):
    from evaluation.rivals.torch_search import TorchSearch

    return _answers_of(TorchSearch(_problem(spec)))


def _jax(spec):
    from evaluation.rivals.jax_search import JaxSearch

    return _answers_of(JaxSearch(_problem(spec)))


def _problem(spec):
    # of this project's own making, a moment ago
    return pickle.loads(Path(spec["problem"]).read_bytes())


def _answers_of(search):
    def answer(images):
        scores, differences = search(images)
        return {"predictions": scores.argmax(axis=1), "differences": differences}

    return answer, answer


def _network(spec):
    from igc_tf.classifiers.network import load_network, network_within

    model = network_within(load_network(spec["network"]), spec["bounds"])

    def answer(images):
        return {"predictions": model.predict_on_batch(images).argmax(axis=1)}

    return answer, answer


def _nearest(spec):
    with np.load(spec["train"]) as train:
        known, labels = train["images"].reshape(len(train["labels"]), -1), train["labels"]
    lengths = np.square(known).sum(axis=1)

    def nearest(images):
        # |x - y|² without what is the same for all y
        return (lengths - 2 * images @ known.T).argmin(axis=1)

    def answer(images):
        flat = images.reshape(len(images), -1)
        parts = [
            nearest(flat[begin : begin + _IMAGES_AT_ONCE])
            for begin in range(0, len(flat), _IMAGES_AT_ONCE)
        ]
        return {"predictions": labels[np.concatenate(parts)]}

    return answer, answer


_MAKERS = {
    "library": _library,
    "network": _network,
    "nearest": _nearest,
    "torch": _torch,
    "jax": _jax,
}


def serve():
    """Serves a contestant until its input ends."""
    # what a framework prints must not come between the answers
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    contestant = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if contestant is None:
                contestant, said = Contestant(asked), {}
            else:
                said = getattr(contestant, asked.pop("do"))(**asked)
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(said) + "\n")
        answers.flush()
