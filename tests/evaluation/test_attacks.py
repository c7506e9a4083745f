"""Attacks against closed forms on linear classifiers, a LeNet that must fall, and the count."""

import json

import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial import cKDTree

from evaluation.attacks.__main__ import AttacksOptions, attack, describe
from evaluation.attacks.apgd import APGD, compiled, logit_ratio
from evaluation.attacks.attacks import TIERS, Attack
from evaluation.attacks.libraries import library_attacks
from evaluation.attacks.threats import Threat
from evaluation.attacks.victims import LibraryVictim, NeighbourVictim, NetworkVictim
from evaluation.figures import plot_curves
from igc_tf.classifiers import load_classifier, load_network
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.search import SearchSettings
from tests.fixtures.encoded_digits import save_encoded_digits
from tests.fixtures.followed_progress import follow_progress
from tests.fixtures.linear_victim import COUNT, SIDE, linear_victim

BOUNDS = (-0.5, 0.5)


def _margins(logits, labels, weights, length):
    """How far each image is from the nearest other class, by a dual norm of the weights."""
    found = np.full(len(labels), np.inf)
    for i, label in enumerate(labels):
        for other in set(range(weights.shape[1])) - {label}:
            direction = weights[:, label] - weights[:, other]
            found[i] = min(found[i], (logits[i, label] - logits[i, other]) / length(direction))
    return found


# of several classes the cross entropy's slope may lead to one that cannot be had
@pytest.mark.parametrize("loss, classes", [("cross-entropy", 2), ("logit-ratio", 3)])
@pytest.mark.parametrize(
    "norm, dual", [("linf", lambda w: np.abs(w).sum()), ("l2", np.linalg.norm)]
)
def test_apgd_finds_what_a_linear_classifier_gets_wrong(loss, classes, norm, dual):
    model, images, labels, logits, weights = linear_victim(classes)
    margins = _margins(logits, labels, weights, dual)
    # half of them can be had
    threat = Threat(norm, float(np.median(margins)))
    # bounds that do not bind: the least distance is known without them
    changed = APGD(loss, steps=60, targets=2)(model, images, labels, threat, (-9, 9))
    threat.check(changed, images, (-9, 9))
    is_wrong = np.asarray(model(changed)).argmax(axis=1) != labels
    is_clear = np.abs(margins / threat.size - 1) > 0.03
    np.testing.assert_array_equal(is_wrong[is_clear], (margins < threat.size)[is_clear])
    assert is_clear.sum() > COUNT - 6


def test_restarts_begin_elsewhere():
    model, images, labels, *_ = linear_victim()
    threat = Threat("linf", 1e-4)  # within which nothing can be had
    one, three = (
        APGD(steps=1, restarts=restarts)(model, images, labels, threat, BOUNDS)
        for restarts in (1, 3)
    )
    again = APGD(steps=1, restarts=3)(model, images, labels, threat, BOUNDS)
    assert (one != three).any()
    np.testing.assert_array_equal(three, again)
    # of each batch, too
    twins = np.repeat(images[:1], 2, axis=0)
    attack = APGD(steps=1, restarts=3, batch_size=1)
    first, second = attack(model, twins, np.repeat(labels[:1], 2), threat, BOUNDS)
    assert (first != second).any()


def _below(loss):
    """A model that always answers 0, the less surely the greater a loss is, which is below 0."""

    def model(images):
        found = loss(images)
        return tf.stack([1 - found, tf.zeros_like(found)], axis=1)

    return model


def test_the_first_steps_of_apgd_are_those_of_the_paper():
    seen, tops = [], np.float32([0.1, 0.3])

    def loss(images):
        tf.numpy_function(lambda images: seen.append(images[:, 0].tolist()), [images], [])
        return -((images[:, 0] - tops) ** 2)

    threat, bounds = Threat("linf", 1), (-9, 9)
    APGD(steps=20)(_below(loss), np.zeros((2, 1), np.float32), np.zeros(2, int), threat, bounds)
    # algorithm 1 by hand: at first by 2, projected to [-1, 1], of which 3/4 count and 1/4 of the
    # step before; after step 4, as fewer than 3/4 of them rose, by 1 and from the best: 0 and 0.375
    together = [[at, at] for at in (0, 1, -0.25, 0.375, -0.5)]
    assert seen[1:7] == [*together, [0.75, -0.375]]


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_apgd_gets_to_the_top_of_a_narrow_hill(norm):
    slopes = np.float32([1, 10, 0.1])
    tops = np.linspace(-0.9, 0.9, 20, dtype=np.float32)[:, np.newaxis] * np.float32([1, 0.5, -0.7])

    def loss(images):
        return -tf.reduce_sum(slopes * (images - tops) ** 2, axis=1)

    images, threat = np.zeros_like(tops), Threat(norm, 1)
    found = APGD(steps=60)(_below(loss), images, np.zeros(20, int), threat, (-9, 9))
    within = threat.distance(tops, images) < 1
    assert within.sum() >= 16 and loss(found).numpy()[within].min() > -0.005


def test_apgd_never_gives_up_what_is_wrong():
    def model(images):
        values = images[:, 0]
        # wrong from 0.4 to 0.6 only; the third class lets the loss grow on beyond
        second = tf.where(tf.abs(values - 0.5) < 0.1, 0.1, -0.1)
        return tf.stack([tf.zeros_like(values), second, values - 2], axis=1)

    # as the second image can't be had, the steps go on
    images = np.float32([[0.45], [-1]])
    found = APGD(steps=40)(model, images, np.zeros(2, int), Threat("linf", 1), (-9, 9))
    assert 0.55 < found[0] < 0.6 and found[1] == pytest.approx(0)


def test_the_logit_ratio_aims_at_the_likeliest_classes_in_turn():
    for logits, expected in (([5, 1, 4, 2, 0], -1 / 3.5), ([5, 1, 3], -2 / 3)):
        found = logit_ratio(np.float32([logits]), np.array([0]), np.array([2]))
        np.testing.assert_allclose(found, [expected], rtol=1e-6)

    def model(images):
        # the second class is the likeliest other one, but only the third can be had
        return tf.concat([0 * images + 1, 0 * images + 0.9, images], axis=1)

    images, labels = np.zeros((1, 1), np.float32), np.zeros(1, int)
    for targets in (1, 2):
        attack = APGD("logit-ratio", steps=5, targets=targets)
        changed = attack(model, images, labels, Threat("linf", 1.5), (-9, 9))
        assert (np.argmax(model(changed), axis=1) == 2).all() == (targets == 2)


@pytest.mark.parametrize("text", ["linf:0.3", "l2:1.5", "l0:3"])
def test_threats_bring_images_back_and_refuse_those_outside(text):
    threat = Threat.parse(text)
    assert str(threat) == text
    rng = np.random.default_rng(1)
    images = rng.uniform(-0.5, 0.5, (20, SIDE, SIDE, 1)).astype(np.float32)
    far = images + rng.normal(size=images.shape).astype(np.float32)
    with pytest.raises(InputError, match=text):
        threat.check(far, images, BOUNDS)
    back = threat.project(far, images, BOUNDS)
    threat.check(back, images, BOUNDS)
    assert threat.distance(back, images).max() > 0.9 * threat.size or text == "l2:1.5"
    # what is inside stays
    np.testing.assert_allclose(threat.project(back, images, BOUNDS), back, atol=1e-6)


@pytest.mark.parametrize(
    "text", ["linf", "l1:0.3", "l2:-1", "l0:1.5", "linf:much", "l0:inf", "l2:nan"]
)
def test_other_threats_are_refused(text):
    with pytest.raises(InputError, match="expected NORM:SIZE"):
        AttacksOptions(threats=(text,))


def test_a_plain_network_falls():
    # of published LeNets nothing is left within 0.3, and hardly anything within 0.2
    digits = bundled_digits().sample(40, 0)
    victim = NetworkVictim("lenet", load_network(), BOUNDS)
    model, threat = victim.models["gradient"], Threat("linf", 0.3)
    right = victim.predict(digits.images) == digits.labels
    changed = APGD(steps=20)(model, digits.images, digits.labels, threat, BOUNDS)
    assert right.sum() >= 38
    assert (victim.predict(changed) == digits.labels).sum() <= 1


def test_a_plain_network_is_asked_and_attacked_in_the_bounds_of_the_images():
    images, network = bundled_digits().sample(3, 0).images, load_network("mnist-lenet-fair")
    own, other = (NetworkVictim("lenet", network, bounds) for bounds in (BOUNDS, (-1, 1)))
    logits, gradients = [], []
    for victim, given in ((own, images), (other, 2 * images)):
        logits.append(victim.logits(given))
        with tf.GradientTape() as tape:
            given = tf.constant(given)
            tape.watch(given)
            best = tf.reduce_max(victim.exact(given), axis=1)
        gradients.append(tape.gradient(best, given).numpy())
    np.testing.assert_allclose(*logits, rtol=1e-4, atol=1e-4)
    # half as steep where the range is twice as wide
    np.testing.assert_allclose(gradients[1], gradients[0] / 2, rtol=1e-3, atol=1e-4)


def test_the_nearest_neighbour_is_scipys_and_has_its_gradient():
    digits = bundled_digits().sample(120, 0)
    known, asked = digits.take(np.arange(100)), digits.take(np.arange(100, 120))
    victim = NeighbourVictim(known)
    flat = known.images.reshape(100, -1)
    near, places = cKDTree(flat).query(asked.images.reshape(20, -1))
    np.testing.assert_array_equal(victim.predict(asked.images), known.labels[places])
    np.testing.assert_allclose(victim.logits(asked.images).max(axis=1), -(near**2), rtol=1e-4)
    images = tf.constant(asked.images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        best = tf.reduce_max(victim.exact(images), axis=1)
    expected = -2 * (asked.images - known.images[places])
    np.testing.assert_allclose(tape.gradient(best, images), expected, atol=1e-5)


@pytest.mark.filterwarnings("ignore::igc_tf.errors.ForeignDataWarning")
def test_what_is_seen_at_more_contrast_has_both_gradients(tmp_path):
    contrast = SearchSettings(steps=0, start="encoder", observation="contrast")
    save_encoded_digits(tmp_path / "own", fast=contrast)
    images = bundled_digits().sample(3, 0).images
    for victim in (
        LibraryVictim("library", load_classifier(tmp_path / "own", "fast"), 0.005),
        NetworkVictim("lenet", load_network("mnist-lenet-adversarial-fair"), BOUNDS),
    ):
        passing = victim.models["gradient" if victim.name == "lenet" else "unrolled"]
        assert victim.exact is victim.models["clipped"] is not passing
        found = {}
        for name, model in (("passing", passing), ("clipped", victim.exact)):
            given = tf.constant(images)
            with tf.GradientTape() as tape:
                tape.watch(given)
                logits = model(given)
            found[name] = logits, tape.gradient(logits, given).numpy()
        np.testing.assert_allclose(*(logits for logits, _ in found.values()), rtol=1e-4, atol=1e-4)
        is_clipped = np.abs(images) > 0.2
        assert (found["clipped"][1][is_clipped] == 0).all()
        assert (found["passing"][1][is_clipped] != 0).any()
        np.testing.assert_allclose(
            *(gradient[~is_clipped] for _, gradient in found.values()), rtol=1e-3, atol=1e-4
        )


def test_a_neighbour_of_every_class_is_needed():
    digits = bundled_digits().sample(120, 0)
    with pytest.raises(InputError, match=r"without classes \[7\]; expected"):
        NeighbourVictim(digits.take(np.flatnonzero(digits.labels != 7)))


class _Linear:
    """A victim whose margins are known."""

    batch_size = 1000

    def __init__(self, model):
        self.exact = model

    def logits(self, images):
        return np.asarray(self.exact(images))


@pytest.mark.parametrize(
    "text, dual",
    [("linf", lambda w: np.abs(w).sum()), ("l2", np.linalg.norm)],
)
# how much nearer than the threat's end they find nearly all; those without a gradient much less
@pytest.mark.parametrize(
    "name, reach",
    [("fast minimum norm", 0.9), ("DeepFool", 0.9), ("Square", 0.25), ("HopSkipJump", 0.25)],
)
def test_attacks_of_other_libraries_get_what_can_be_had(text, dual, name, reach):
    # as large as Square's squares and the first steps of the others are made for
    model, images, labels, logits, weights = linear_victim(2, side=10, most=3)
    margins = _margins(logits, labels, weights, dual)
    # ten that can be had, and the ten hardest
    order = np.argsort(margins)[[*range(10, 20), *range(-10, 0)]]
    margins, images, labels = margins[order], images[order], labels[order]
    threat = Threat(text, float(margins[9]) / reach)
    attacks = library_attacks(_Linear(model), (-9, 9), ("art", "foolbox"), 60, 200)
    (attack,) = [each for each in attacks if each.name == name]
    assert attack.tier == "dear" and text in attack.norms
    changed = attack.run(images, labels, threat, 0)
    threat.check(changed, images, (-9, 9))
    is_wrong = _Linear(model).logits(changed).argmax(axis=1) != labels
    assert not is_wrong[margins > 1.001 * threat.size].any()
    assert is_wrong[:10].mean() >= 0.9


@pytest.mark.parametrize("name", ["fast minimum norm", "pointwise"])
def test_attacks_of_single_pixels_keep_to_their_number(name):
    model, images, labels, *_ = linear_victim(2)
    attacks = library_attacks(_Linear(model), BOUNDS, ("foolbox",), 60, 100)
    (attack,) = [each for each in attacks if each.name == name]
    threat = Threat("l0", 6)
    changed = attack.run(images, labels, threat, 0)
    threat.check(changed, images, BOUNDS)
    assert (_Linear(model).logits(changed).argmax(axis=1) != labels).mean() > 0.5


def test_a_library_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"art and foolbox not installed.*igc-tf\[attacks\]"):
        attack(AttacksOptions(output=tmp_path / "out"), bundled_digits(), verbose=0)
    assert not (tmp_path / "out").exists()


@pytest.mark.filterwarnings("ignore::igc_tf.errors.ForeignDataWarning")
def test_a_search_is_also_attacked_through_more_and_fewer_steps(tmp_path):
    steps = SearchSettings(steps=4, plan=((0, 3), (4, None)), start="encoder")
    save_encoded_digits(tmp_path / "own", fast=steps)
    victim = LibraryVictim("library", load_classifier(tmp_path / "own", "fast"), 0.005)
    assert {"unrolled through 2 steps", "unrolled through 8 steps"} < set(victim.models)
    images = bundled_digits().sample(2, 0).images
    given, more = (
        np.asarray(victim.models[name](images)) for name in ("unrolled", "unrolled through 8 steps")
    )
    np.testing.assert_allclose(given, victim.logits(images), atol=1e-3)
    assert (given != more).any()


@pytest.mark.filterwarnings("ignore::igc_tf.errors.ForeignDataWarning")
# pointwise, of foolbox, asks about every pixel of a digit again and again
@pytest.mark.parametrize(
    "threats, libraries", [(("l2:1.5",), ("foolbox",)), (("l0:3", "l0:1"), ())]
)
def test_an_image_survives_if_every_attack_failed(tmp_path, threats, libraries):
    save_encoded_digits(tmp_path / "own", fast=SearchSettings(steps=0, start="encoder"))
    options = AttacksOptions(
        generator=str(tmp_path / "own"),
        networks=("mnist-lenet",),
        threats=threats,
        images=6,
        dear_images=4,
        whole_images=3,
        steps=2,
        restarts=2,
        tries=2,
        libraries=libraries,
        output=tmp_path / "out",
    )
    known = bundled_digits().sample(300, 5)
    result = attack(options, bundled_digits(), known, verbose=0)
    assert json.loads((tmp_path / "out/result.json").read_text()) == result
    tiers = {
        row["attack"]: row["tier"] for row in result["rows"] if row["victim"] == "library, fast"
    }
    ways = "envelope", "unrolled", "bpda"
    along = {
        "l2": {"transfer from mnist-lenet", "fast minimum norm", "DeepFool"}
        | {f"APGD, cross-entropy, {way}" for way in ways},
        "l0": {f"pixels, one by one, {way}" for way in ways} | {"pixels, in blocks, bpda"},
    }
    assert set(tiers) >= {"noise", "descent in the latents"} | along[threats[0][:2]]
    whole = {
        "l2": {
            f"APGD, {loss}, bpda, {budget}"
            for loss in ("cross-entropy", "logit-ratio")
            for budget in ("2 starts", "20 steps")
        },
        "l0": {"pixels, in blocks, bpda, 10 times as many asked about"},
    }
    assert {name for name, tier in tiers.items() if tier == "whole"} == whole[threats[0][:2]]
    victims = ["library, fast", "mnist-lenet", "nearest neighbour"]
    ascending = sorted(threats, key=lambda text: float(text[3:]))
    assert [(summary["victim"], summary["threat"]) for summary in result["summary"]] == [
        (victim, threat) for victim in victims for threat in ascending
    ]
    assert result["known"]["count"] == 300 and len(result["encoder_sha256"]) == 64
    broken = {}
    for summary in result["summary"]:
        rows = [
            row
            for row in result["rows"]
            if (row["victim"], row["threat"]) == (summary["victim"], summary["threat"])
        ]
        # what breaks within a threat breaks within a larger one
        of = broken.setdefault(summary["victim"], {"cheap": set(), "dear": set(), "whole": set()})
        for row in rows:
            of[row["tier"]] |= set(row["broken"])
            assert row["tried"] >= len(row["broken"])
        assert all(place < 4 for place in of["dear"]) and all(place < 3 for place in of["whole"])
        before, all_broken = of["cheap"] | of["dear"], set.union(*of.values())
        clean = summary["clean"]["correct"]
        assert clean > 3
        assert summary["cheap"]["count"] == 6
        assert summary["cheap"]["correct"] == clean - len(of["cheap"])
        broke = {row["attack"]: len(row["broken"]) for row in rows if row["tier"] == "cheap"}
        strongest, most = summary["strongest"], max(broke.values())
        assert strongest is None if most == 0 else broke[strongest] == most
        for name, count, places in (
            ("dear", 4, before),
            ("before_whole", 3, before),
            ("whole", 3, all_broken),
        ):
            assert summary[name]["count"] == count
            lost = {place for place in places if place < count}
            # at most what nobody attacks is read wrongly, too
            assert (
                len(lost | {*summary["wrong"]} & {*range(count)})
                == count - summary[name]["correct"]
            )
    assert (tmp_path / "out/curves.png").exists() == (len(threats) > 1)


_BROKEN = {
    "linf:1": {"cheap": {7}, "dear": {5, 6}, "whole": {0, 4}},
    "linf:2": {"cheap": {7}, "dear": {1}, "whole": {3}},
}


class _Staged:
    """Attacks of each tier on a plain network that break images at known places."""

    def __init__(self, data):
        self._data, self.ran = data, []

    def attacks(self, *args):
        return [Attack(f"{tier} one", ("linf",), tier, self._run(tier)) for tier in TIERS]

    def _run(self, tier):
        def run(images, labels, threat, seed):
            self.ran.append((str(threat), tier))
            found = images.copy()
            for n, image in enumerate(images):
                (place,) = np.flatnonzero((self._data.images == image).all(axis=(1, 2, 3)))
                if place in _BROKEN[str(threat)][tier]:
                    found[n] = self._data.images[self._data.labels != labels[n]][0]
            return found

        return run


def test_survivors_are_counted_over_the_images_of_a_tier_and_a_run_goes_on(tmp_path, monkeypatch):
    digits = bundled_digits()
    digits = digits.take(
        np.flatnonzero(load_network().predict(digits.images, verbose=0).argmax(1) == digits.labels)
    )
    staged = _Staged(digits.sample(8, 0))
    monkeypatch.setattr("evaluation.attacks.__main__.attacks_of", staged.attacks)
    drawn = []

    def draw(panels, *args):
        drawn.append(panels)
        return plot_curves(panels, *args)

    monkeypatch.setattr("evaluation.attacks.__main__.plot_curves", draw)
    options = AttacksOptions(
        settings=(),
        networks=("mnist-lenet",),
        neighbours=False,
        threats=("linf:2", "linf:1"),
        images=8,
        dear_images=6,
        whole_images=4,
        libraries=(),
        output=tmp_path,
    )
    result = attack(options, digits, verbose=0)
    tried = {(row["threat"], row["tier"]): (row["tried"], row["broken"]) for row in result["rows"]}
    assert tried == {
        ("linf:1", "cheap"): (8, [7]),
        ("linf:1", "dear"): (6, [5]),
        ("linf:1", "whole"): (4, [0]),
        ("linf:2", "cheap"): (8, [7]),
        # 5 fell within the smaller size; 0 did by the whole protocol only
        ("linf:2", "dear"): (5, [1]),
        ("linf:2", "whole"): (2, [3]),
    }
    names = "clean", "cheap", "dear", "before_whole", "whole"
    counts = [[(row[of]["correct"], row[of]["count"]) for of in names] for row in result["summary"]]
    assert counts == [
        [(8, 8), (7, 8), (5, 6), (4, 4), (3, 4)],
        [(8, 8), (7, 8), (4, 6), (3, 4), (1, 4)],
    ]
    # the dear one broke one of six and one of five, which is more often, but of others
    assert {row["strongest"] for row in result["summary"]} == {"cheap one"}
    assert drawn == [{"accuracy left, linf": {"mnist-lenet": ([0, 1.0, 2.0], [1.0, 7 / 8, 7 / 8])}}]
    # what an interrupted run had found is not done again
    kept = result["rows"][:4]
    (tmp_path / "result.json").write_text(json.dumps({**result, "complete": False, "rows": kept}))
    staged.ran.clear()
    bars = follow_progress(monkeypatch)
    again = attack(options, digits, verbose=0)
    assert staged.ran == [("linf:2", "dear"), ("linf:2", "whole")]
    assert again["summary"] == result["summary"]
    assert [(bar.initial, bar.n, bar.total) for bar in bars] == [(3, 3, 3), (1, 3, 3)]


def test_no_attack_is_the_strongest_where_none_breaks_an_image(tmp_path, monkeypatch):
    idle = [Attack("idle", ("linf",), tier, lambda images, *_: images) for tier in TIERS]
    monkeypatch.setattr("evaluation.attacks.__main__.attacks_of", lambda *_: idle)
    options = AttacksOptions(
        settings=(),
        networks=("mnist-lenet",),
        neighbours=False,
        threats=("linf:0.3",),
        images=3,
        dear_images=2,
        whole_images=1,
        libraries=(),
        output=tmp_path,
    )
    (row,) = attack(options, bundled_digits(), verbose=0)["summary"]
    assert row["strongest"] is None and row["cheap"] == row["clean"]
    assert describe(row).endswith("strongest of the cheap: none")


@pytest.mark.parametrize(
    "options, said",
    [
        ({"threats": ("linf:0.3", "linf:0.30")}, "expected each of them once"),
        ({"dear_images": 30}, "whole_images=50: expected at most dear_images=30"),
        ({"threats": ()}, "expected a threat"),
    ],
)
def test_what_cannot_be_counted_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        AttacksOptions(**options)


def test_the_compiled_gradient_is_that_of_the_search(tmp_path):
    save_encoded_digits(tmp_path / "own", fast=SearchSettings(steps=1, start="encoder"))
    victim = LibraryVictim("library", load_classifier(tmp_path / "own", "fast"), 0.05)
    assert victim.strong == ("unrolled", "bpda")
    assert victim.dear == {"unrolled", "unrolled through 1 steps", "unrolled through 2 steps"}
    digits, model = bundled_digits().sample(3, 0), victim.models["unrolled"]
    asked = compiled(model)
    for count in (3, 2):
        images, labels = tf.constant(digits.images[:count]), digits.labels[:count]
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images))
        losses, _, gradient = asked(images, labels, labels)
        np.testing.assert_allclose(losses, loss, rtol=1e-3, atol=1e-4)
        expected = tape.gradient(loss, images).numpy()
        assert np.abs(expected).max() > 1e-3
        np.testing.assert_allclose(gradient, expected, atol=1e-3 * np.abs(expected).max())
