"""The attacks of two libraries, the Adversarial Robustness Toolbox (ART) and foolbox."""

import importlib.util
import warnings

import numpy as np
import tensorflow as tf

from evaluation.attacks.attacks import Attack
from igc_tf.errors import InputError

# what is imported, by what it is called in options
_MODULES = {"art": "art", "foolbox": "foolbox"}
# of HopSkipJump's questions, those of one of its rounds
_ROUNDS = 10
# classes that DeepFool looks at, the likeliest first
_CANDIDATES = 4


def check_libraries(names):
    """Checks that libraries are installed.

    Raises:
        InputError: for one that is not.
    """
    missing = [name for name in names if importlib.util.find_spec(_MODULES[name]) is None]
    if missing:
        raise InputError(
            f"libraries={tuple(names)!r}: {' and '.join(missing)} not installed; expected "
            "pip install 'igc-tf[attacks]', or none of them"
        )


def library_attacks(victim, bounds, names, steps, queries):
    """The attacks of the libraries; all of them ask the victim often, and count as dear.

    Args:
        victim: a `LibraryVictim`, `NetworkVictim` or `NeighbourVictim`.
        bounds: `(low, high)` of the data.
        names: "art", "foolbox", or both.
        steps: of those along a gradient, the exact one.
        queries: how often those without a gradient ask about each image, about.

    Returns:
        A list of `Attack`s.
    """
    found = []
    if "art" in names:
        found += _of_art(victim, bounds, queries)
    if "foolbox" in names:
        found += _of_foolbox(victim, bounds, steps)
    return found


def _of_art(victim, bounds, queries):
    """Square (Andriushchenko et al. 2020) and HopSkipJump (Chen et al. 2020)."""
    with warnings.catch_warnings():
        # of other frameworks, which are not installed
        warnings.simplefilter("ignore")
        from art.attacks.evasion import HopSkipJump, SquareAttack
        from art.estimators.classification import BlackBoxClassifierNeuralNetwork
    norms = {"linf": np.inf, "l2": 2}

    def logits(images):
        # where Square divides nothing by nothing; such an image does not count in the end
        return victim.logits(np.nan_to_num(images, nan=bounds[0]))

    def estimator(images):
        classes = logits(images[:1]).shape[1]
        return BlackBoxClassifierNeuralNetwork(
            logits, images.shape[1:], classes, channels_first=False, clip_values=bounds
        )

    def square(images, labels, threat, seed):
        np.random.seed(seed)
        asked = estimator(images)
        attack = SquareAttack(
            asked,
            norm=norms[threat.norm],
            eps=threat.size,
            max_iter=queries,
            batch_size=len(images),
            verbose=False,
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            changed = attack.generate(images, tf.one_hot(labels, asked.nb_classes).numpy())
        changed = np.where(np.isfinite(changed), changed, images)
        return threat.project(changed, images, bounds)

    def jump(images, labels, threat, seed):
        np.random.seed(seed)
        attack = HopSkipJump(
            estimator(images),
            norm=norms[threat.norm],
            max_iter=_ROUNDS,
            max_eval=max(1, queries // _ROUNDS),
            init_eval=max(1, queries // _ROUNDS // 2),
            verbose=False,
        )
        return _within(threat, attack.generate(images), images)

    return [
        Attack("Square", ("linf", "l2"), "dear", square),
        Attack("HopSkipJump", ("linf", "l2"), "dear", jump),
    ]


def _of_foolbox(victim, bounds, steps):
    """Fast minimum-norm (Pintor et al. 2021), DeepFool (2016), pointwise (Schott et al. 2019)."""
    import foolbox

    kinds = foolbox.attacks

    def attack_by(make, asked, kind=np.asarray):
        def run(images, labels, threat, seed):
            np.random.seed(seed)
            tf.random.set_seed(seed)
            found = []
            for begin in range(0, len(images), victim.batch_size):
                part = np.s_[begin : begin + victim.batch_size]
                given = kind(images[part]), kind(labels[part].astype(np.int64))
                found.append(_within(threat, make(threat)(asked, *given), images[part]))
            return np.concatenate(found)

        return run

    def nearest(attack):
        """What it finds, however far."""
        return lambda *given: attack(*given, epsilons=None)[0]

    def minimum(threat):
        attacks = {"linf": kinds.LInfFMNAttack, "l2": kinds.L2FMNAttack, "l0": kinds.L0FMNAttack}
        return nearest(attacks[threat.norm](steps=steps))

    def deep_fool(threat):
        attacks = {"linf": kinds.LinfDeepFoolAttack, "l2": kinds.L2DeepFoolAttack}
        return nearest(attacks[threat.norm](steps=max(1, steps // 2), candidates=_CANDIDATES))

    def pointwise(threat):
        del threat

        def run(asked, images, labels):
            salt = kinds.SaltAndPepperNoiseAttack(steps=steps)
            salted, _, is_wrong = salt(asked, images, labels, epsilons=None)
            # it can only begin at what is wrong already
            changed, begins = images.copy(), np.flatnonzero(is_wrong)
            if len(begins):
                criterion = foolbox.criteria.Misclassification(labels[begins])
                attack = kinds.PointwiseAttack(l2_binary_search=False)
                changed[begins] = attack.run(
                    asked, images[begins], criterion, starting_points=salted[begins]
                )
            return changed

        return run

    compiled = tf.function(victim.exact, reduce_retracing=True, autograph=False)
    exact = foolbox.TensorFlowModel(compiled, bounds)
    # TensorFlow's arrays are refused by what changes single pixels
    asked = foolbox.NumPyModel(victim.logits, bounds)
    return [
        Attack(
            "fast minimum norm",
            ("linf", "l2", "l0"),
            "dear",
            attack_by(minimum, exact, tf.constant),
        ),
        Attack("DeepFool", ("linf", "l2"), "dear", attack_by(deep_fool, exact, tf.constant)),
        Attack("pointwise", ("l0",), "dear", attack_by(pointwise, asked)),
    ]


def _within(threat, changed, images):
    """The changed images; where they lie outside the threat, those that were given."""
    changed = np.asarray(changed, np.float32)
    is_inside = threat.distance(changed, images) <= threat.size
    return np.where(is_inside.reshape(-1, *[1] * (images.ndim - 1)), changed, images)
