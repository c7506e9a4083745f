"""The engine against closed forms, and against itself taken apart."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import tensorflow as tf

from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator, Prior
from igc_tf.search import (
    Batch,
    Block,
    LatentRestriction,
    Momentum,
    Projection,
    Search,
    SearchSettings,
    Space,
)
from tests.fixtures.linear_generator import EXACT, linear_generator, random_data


def _search(settings, restriction=None, layout=None, **shape):
    """Of the linear generator, one candidate per value."""
    if layout is not None:
        shape["classes"] = layout.size
    generator = Generator(linear_generator(**shape)[0], layout)
    return Search(generator, Space.per_value(generator, restriction), settings)


def _two_labels(settings, restriction=None):
    """Of two binary labels, four candidates, whose conditions move too."""
    return _search(settings, restriction, ConditionLayout.binary(2), latent_size=2)


def _assert_alike(one, other, **tolerance):
    for a, b in zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True):
        assert (a is None) == (b is None)
        if a is None:
            continue
        np.testing.assert_allclose(a, b, **{"rtol": 1e-5, "atol": 1e-6, **tolerance})


# --- closed forms


def test_finds_the_least_squares_latent_of_every_class():
    _, offsets, matrix = linear_generator()
    data = random_data(5)
    result = _search(EXACT).run(data)
    assert result.terms.difference.shape == (5, 3)
    assert result.generated.shape == (5, 3, 6)
    for example in range(5):
        for candidate in range(3):
            target = data[example] - offsets[candidate]
            latent, residual, _, _ = np.linalg.lstsq(matrix.T, target, rcond=None)
            np.testing.assert_allclose(
                result.values["latent"][example, candidate], latent, rtol=1e-3, atol=1e-3
            )
            np.testing.assert_allclose(
                result.scores[example, candidate], -residual[0] / 6, rtol=1e-3, atol=1e-6
            )


def test_squared_restriction_gives_the_ridge_regression_around_the_priors_mean():
    model, offsets, matrix = linear_generator()
    data = random_data(2)
    weight, mean, deviation = 0.7, 0.5, 2.0
    prior = Prior(mean, deviation)
    generator = Generator(model, prior=prior)
    space = Space.per_value(generator, LatentRestriction(weight, "squared", prior))
    result = Search(generator, space, EXACT).run(data)
    # gradient of |d - o - zM|² / 6 + weight |(z - mean) / deviation|² / (2 · 4), set to zero
    ridge = weight * 6 / (2 * 4 * deviation**2)
    for example in range(2):
        for candidate in range(3):
            target = data[example] - offsets[candidate] - mean * matrix.sum(axis=0)
            step = np.linalg.solve(matrix @ matrix.T + ridge * np.eye(4), matrix @ target)
            np.testing.assert_allclose(
                result.values["latent"][example, candidate], mean + step, rtol=1e-3, atol=1e-3
            )


@pytest.mark.parametrize("decision", ["difference", "loss", "mean_squared"])
def test_loss_is_difference_plus_restriction_and_the_decision_judges(decision):
    data = random_data(2)
    settings = SearchSettings(steps=7, decision=decision)
    result = _search(settings, LatentRestriction(0.5)).run(data)
    restriction = 0.5 * np.abs(result.values["latent"].numpy()).mean(axis=-1)
    errors = result.generated.numpy() - data[:, None]
    difference = np.abs(errors).mean(axis=-1)
    np.testing.assert_allclose(result.terms.difference, difference, rtol=1e-5)
    np.testing.assert_allclose(result.terms.restriction, restriction, rtol=1e-5)
    np.testing.assert_allclose(result.terms.loss, difference + restriction, rtol=1e-5)
    np.testing.assert_array_equal(result.terms.penalty, np.zeros([2, 3]))
    judged = {
        "difference": difference,
        "loss": difference + restriction,
        "mean_squared": (errors**2).mean(axis=-1),
    }
    np.testing.assert_allclose(result.score, -judged[decision], rtol=1e-5)
    np.testing.assert_array_equal(result.scores, result.score)
    np.testing.assert_array_equal(result.observed, result.generated)


def test_candidates_argue_for_the_elements_of_the_condition():
    result = _search(SearchSettings(steps=5)).run(random_data(2))
    np.testing.assert_array_equal(result.values["condition"], np.broadcast_to(np.eye(3), (2, 3, 3)))
    for found in (result.origin, result.label, result.places):
        np.testing.assert_array_equal(found, [[0, 1, 2]] * 2)
    np.testing.assert_array_equal(result.steps, np.full([2, 3], 5))


def test_paper_settings_move_an_element_by_about_steps_times_learning_rate():
    result = _search(SearchSettings(), LatentRestriction(0.03)).run(random_data(4))
    furthest = np.abs(result.values["latent"].numpy()).max()
    assert 0.09 < furthest < 0.12


def test_one_step_is_one_adam_step():
    settings = SearchSettings(steps=1, learning_rate=0.01, difference="mean_squared")
    result = _search(settings).run(random_data(3))
    np.testing.assert_allclose(np.abs(result.values["latent"]), 0.01, rtol=1e-3)


def test_learning_rate_falls_linearly():
    # with beta_1 = beta_2 = 0 each Adam step is the learning rate in the gradient's sign
    settings = SearchSettings(
        steps=4, learning_rate=0.4, final_learning_rate=0.0, beta_1=0.0, beta_2=0.0
    )
    result = _search(settings).run(1000 * np.ones([1, 6], np.float32))
    # 0.4 + 0.3 + 0.2 + 0.1, the target being out of reach
    np.testing.assert_allclose(np.abs(result.values["latent"]), 1.0, rtol=1e-4)


def test_no_steps_judge_the_starts():
    _, offsets, _ = linear_generator()
    data = random_data(2)
    for values in ("last", "best"):
        result = _search(SearchSettings(steps=0, values=values)).run(data)
        expected = np.abs(data[:, None] - offsets).mean(axis=-1)
        np.testing.assert_allclose(result.scores, -expected, rtol=1e-5)
        np.testing.assert_array_equal(result.steps, np.zeros([2, 3]))
        np.testing.assert_array_equal(result.values["latent"], np.zeros([2, 3, 4]))


# --- blocks


def _relaxed(settings, condition=None, latent=None):
    """A single candidate, from blocks of one's own."""
    blocks = {
        "condition": condition
        or Block(lambda batch, generator: tf.eye(3)[None, 1:2], 3, moves=False),
        "latent": latent or Block(lambda batch, generator: tf.zeros([1, 1, 4]), 4),
    }
    return Search(Generator(linear_generator()[0]), Space(blocks, 1, None), settings)


def test_unit_and_first_step_and_projection():
    settings = SearchSettings(steps=4, learning_rate=0.1, beta_1=0.0, beta_2=0.0)
    within = Projection(lambda values: tf.clip_by_value(values, 0.2, 0.6))
    search = _relaxed(
        settings,
        Block(lambda batch, generator: tf.fill([1, 1, 3], 1 / 3), 3, projection=within),
        Block(lambda batch, generator: tf.zeros([1, 1, 4]), 4, unit=0.5, first_step=3),
    )
    found = search.run(1000 * np.ones([1, 6], np.float32)).values
    # the condition moves four times by 0.1, held in 0.2..0.6; the latent once, by half of 0.1
    condition = found["condition"].numpy().ravel()
    np.testing.assert_allclose(condition, np.where(condition > 0.4, 0.6, 0.2), rtol=1e-6)
    np.testing.assert_allclose(np.abs(found["latent"]), 0.05, rtol=1e-4)


@pytest.mark.parametrize("unit", [1.0, 0.7])
def test_single_elements_may_rest(unit):
    start = np.float32([[[0.1, 0.2, 0.3, 0.4]]])
    latent = Block(lambda batch, generator: start, 4, np.array([[True, False, True, False]]), unit)
    search = _relaxed(SearchSettings(steps=3), latent=latent)
    found = search.run(random_data(2)).values["latent"].numpy()
    np.testing.assert_array_equal(found[..., [1, 3]], np.float32([[[0.2, 0.4]]] * 2))
    assert (found[..., [0, 2]] != np.float32([0.1, 0.3])).all()


def test_projection_leaves_what_does_not_move_alone():
    start = np.float32([[[0.7, 0.2, 0.1]]])
    condition = Block(
        lambda batch, generator: start,
        3,
        np.array([[False, True, True]]),
        projection=Projection(lambda values: values * 0.0),
    )
    latent = Block(lambda batch, generator: tf.zeros([1, 1, 4]), 4, moves=False)
    search = _relaxed(SearchSettings(steps=2), condition, latent)
    found = search.run(random_data(1)).values["condition"]
    np.testing.assert_allclose(found[0], [[0.7, 0.0, 0.0]])


def test_a_start_may_depend_on_the_example_and_not_on_its_batch():
    def start(batch, generator):
        return tf.cast(batch.indices, tf.float32)[:, None, None] * tf.ones([1, 1, 4])

    settings = SearchSettings(steps=1, learning_rate=1e-9)
    search = _relaxed(settings, latent=Block(start, 4))
    found = search.run(random_data(3)).values["latent"]
    np.testing.assert_allclose(found[:, 0, 0], [0, 1, 2], atol=1e-6)
    found = search.run(Batch(random_data(2), indices=[7, 4])).values["latent"]
    np.testing.assert_allclose(found[:, 0, 0], [7, 4], atol=1e-6)


def test_starts_given_with_the_batch_take_the_spaces_place():
    search = _search(SearchSettings(steps=6, learning_rate=0.05))
    data = random_data(2)
    halfway = search.advance(search.init(data), 3).candidates.values["latent"].numpy()
    result = search.run(Batch(data, starts={"latent": halfway}))
    state = search.init(Batch(data, starts={"latent": halfway}))
    np.testing.assert_array_equal(state.candidates.values["latent"], halfway)
    np.testing.assert_array_equal(state.candidates.values["condition"], [np.eye(3)] * 2)
    _assert_alike(search.finish(search.advance(state, 6)), result)
    assert (result.terms.loss < search.run(data).terms.loss).numpy().all()
    # one for all examples and candidates will do
    same = search.init(Batch(data, starts={"latent": np.full([1, 1, 4], 0.5)}))
    np.testing.assert_array_equal(same.candidates.values["latent"], np.full([2, 3, 4], 0.5))


def test_refuses_starts_of_blocks_that_there_are_not():
    search = _search(SearchSettings(steps=1))
    with pytest.raises(InputError, match=r"'noise'.*'condition', 'latent'"):
        search.init(Batch(random_data(2), starts={"noise": np.zeros([2, 3, 4])}))


# --- examples by themselves


@pytest.mark.parametrize("jit_compile", [False, True])
def test_examples_and_batches_do_not_influence_each_other(jit_compile):
    settings = SearchSettings(steps=60, learning_rate=0.02, jit_compile=jit_compile)
    search = _two_labels(settings, LatentRestriction(0.03))
    data = random_data(9)
    together = search.run(data)
    for size in (1, 4):
        parts = [search.run(data[i : i + size]) for i in range(0, 9, size)]
        for pick in (
            lambda result: result.scores,
            lambda result: result.values["latent"],
            lambda result: result.values["condition"],
        ):
            np.testing.assert_allclose(
                pick(together), np.concatenate([pick(part) for part in parts]), atol=1e-5
            )


def test_all_batch_sizes_share_one_program():
    traces = []

    def traced(data, generated):
        traces.append(data.shape[0])
        return tf.reduce_mean(tf.abs(data - generated), axis=-1)

    search = _search(SearchSettings(steps=2, difference=traced))
    for count in (5, 1, 3):
        assert search.run(random_data(count)).scores.shape == (count, 3)
        # once in the loop, once for the end
        assert traces == [None, None]


def test_what_is_read_of_a_result_is_the_same_in_one_graph():
    search = _search(SearchSettings(steps=3))
    data = random_data(4)
    asked = []

    def read(batch, result):
        asked.append(type(result.scores))
        return {"nearest": tf.reduce_max(result.scores, axis=1), "data": batch.data}

    whole = search.run(data)
    for _ in range(2):
        found = search.run(data, read)
        np.testing.assert_allclose(found["nearest"], np.max(whole.scores, axis=1), rtol=1e-6)
        np.testing.assert_array_equal(found["data"], data)
    # traced once: part of the program
    assert len(asked) == 1


def test_any_number_of_steps_shares_one_program():
    traces = []

    def traced(data, generated):
        traces.append(data.shape[0])
        return tf.reduce_mean(tf.abs(data - generated), axis=-1)

    search = _search(SearchSettings(difference=traced))
    for count, steps in ((5, 1), (1, 4), (3, tf.constant(2))):
        state = search.advance(search.init(random_data(count)), steps)
        np.testing.assert_array_equal(state.candidates.taken, np.full([count, 3], int(steps)))
        assert traces == [None]


def test_xla_finds_the_same():
    plain, compiled = (
        _two_labels(SearchSettings(steps=20, plan=((5, 3), (15, None)), jit_compile=xla)).run(
            random_data(3)
        )
        for xla in (False, True)
    )
    _assert_alike(plain, compiled, atol=1e-5)


# --- taken apart


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
@pytest.mark.parametrize("values", ["last", "best"])
def test_steps_in_parts_are_steps_at_once(optimizer, values):
    settings = SearchSettings(
        steps=9, learning_rate=0.05, final_learning_rate=0.0, optimizer=optimizer, values=values
    )
    search = _two_labels(settings, LatentRestriction(0.2))
    data = random_data(3)
    parts = search.init(data)
    for steps in (2, 0, 3, 4):
        parts = search.advance(parts, steps)
    whole = search.advance(search.init(data), 9)
    _assert_alike(parts.candidates, whole.candidates)
    assert int(parts.step) == int(whole.step) == 9
    _assert_alike(search.finish(parts), search.run(data))


def test_single_steps_show_the_way():
    _, offsets, _ = linear_generator()
    settings = SearchSettings(steps=6, learning_rate=0.05)
    search = _search(settings, LatentRestriction(0.2))
    data = random_data(2)
    state, shown, terms = search.init(data), [], []
    assert np.isnan(state.candidates.terms.loss).all()
    for _ in range(6):
        shown.append(search.show(state)[0])
        state = search.advance(state, 1)
        terms.append(state.candidates.terms)
    # before the first step every latent is 0: the generator makes the class's offset
    np.testing.assert_allclose(shown[0], np.stack([offsets, offsets]), rtol=1e-6)
    for generated, term in zip(shown, terms, strict=True):
        difference = np.abs(generated.numpy() - data[:, None]).mean(axis=-1)
        np.testing.assert_allclose(term.difference, difference, rtol=1e-5)
        np.testing.assert_allclose(term.loss, term.difference + term.restriction, rtol=1e-5)
    # the last values have yet to be judged
    result = search.finish(state)
    np.testing.assert_allclose(search.show(state)[0], result.generated, rtol=1e-5)
    _assert_alike(search.terms(state), result.terms)
    np.testing.assert_allclose(
        state.candidates.best_loss, np.min([term.loss for term in terms], axis=0)
    )
    # stopping on the way to look changes nothing
    _assert_alike(search.run(data), result)


def test_terms_have_gradients_to_the_weights():
    search = _search(SearchSettings(difference="mean_squared"))
    _, offsets, _ = linear_generator()
    data = random_data(1)
    with tf.GradientTape() as tape:
        terms = search.terms(search.init(data))
    gradient = tape.gradient(terms.loss, search.generator.variables[0].value)
    np.testing.assert_allclose(gradient, 2 / 6 * (offsets - data), rtol=1e-5)


# --- candidates that go on


def test_keeping_all_in_another_order_changes_the_order_only():
    search = _two_labels(SearchSettings(steps=8, learning_rate=0.05), LatentRestriction(0.1))
    data = random_data(2)
    order = np.array([[2, 0, 3, 1], [1, 3, 2, 0]])
    state = search.keep(search.advance(search.init(data), 3), order)
    np.testing.assert_array_equal(state.candidates.origin, order)
    assert np.isnan(state.dropped).all()
    found, plain = search.finish(search.advance(state, 5)), search.run(data)
    np.testing.assert_array_equal(found.label, order)
    np.testing.assert_allclose(found.scores, plain.scores, rtol=1e-5)
    np.testing.assert_array_equal(found.places, np.argsort(order, axis=1))
    for one, other in (
        (found.score, plain.score),
        (found.terms.loss, plain.terms.loss),
        (found.values["latent"], plain.values["latent"]),
        (found.values["condition"], plain.values["condition"]),
        (found.observed, plain.observed),
    ):
        np.testing.assert_allclose(one, tf.gather(other, order, batch_dims=1), atol=1e-6)
        np.testing.assert_allclose(found.per_element(one), other, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
@pytest.mark.parametrize("tolerance", [None, 1e-6])
def test_what_goes_on_moves_as_among_all(optimizer, tolerance):
    # other elements of the condition may move for each candidate, and chosen is not the same
    # for the examples: each must be looked up by its origin
    settings = SearchSettings(
        steps=12, learning_rate=0.05, optimizer=optimizer, tolerance=tolerance, values="best"
    )
    search = _two_labels(settings, LatentRestriction(0.1))
    data = random_data(3)
    chosen = np.array([[3, 0], [1, 2], [2, 3]])
    first = search.advance(search.init(data), 4)
    few = search.advance(search.keep(first, chosen), 8)
    all_of_them = search.advance(first, 8)
    _assert_alike(
        few.candidates,
        tf.nest.map_structure(
            lambda leaf: tf.gather(leaf, chosen, batch_dims=1), all_of_them.candidates
        ),
    )
    condition = few.candidates.values["condition"].numpy()
    for row, origins in zip(condition, chosen, strict=True):
        for values, origin in zip(row, origins, strict=True):
            held, free = np.split(values, 2) if origin < 2 else np.split(values, 2)[::-1]
            np.testing.assert_array_equal(held, np.eye(2)[origin % 2])
            assert (np.abs(free - 0.5) > 0.01).all()
    # and those that are chosen of what was chosen
    again = search.advance(search.keep(search.keep(first, chosen), [[1], [0], [1]]), 8)
    _assert_alike(
        again.candidates.values,
        tf.nest.map_structure(
            lambda leaf: tf.gather(leaf, [[0], [1], [3]], batch_dims=1),
            all_of_them.candidates.values,
        ),
    )


@pytest.mark.parametrize("decision", ["difference", "deformed"])
@pytest.mark.parametrize("before", [0, 3])
def test_what_was_dropped_ranks_below_all_that_was_kept(before, decision):
    if decision == "deformed":
        # another scale than what is descended on
        decision = _thousandfold
    search = _search(SearchSettings(learning_rate=0.05, decision=decision), classes=5)
    state = search.advance(search.init(random_data(4)), before)
    loss_then = search.advance(state, 1).candidates.best_loss.numpy()
    chosen = search.best(state, 2).numpy()
    state = search.advance(search.keep(state, chosen), 5)
    result = search.finish(state)
    assert result.score.shape == (4, 2) and result.scores.shape == (4, 5)
    scores, places = result.scores.numpy(), result.places.numpy()
    assert np.isfinite(scores).all()
    for row, (kept, place) in enumerate(zip(chosen, places, strict=True)):
        dropped = np.setdiff1d(np.arange(5), kept)
        np.testing.assert_array_equal(scores[row, kept], result.score[row])
        assert scores[row, dropped].max() < scores[row, kept].min()
        np.testing.assert_array_equal(place[dropped], -1)
        np.testing.assert_array_equal(place[kept], [0, 1])
        # in the order that they had then
        if before == 0:
            then = loss_then[row]
            assert (scores[row, dropped].argsort() == (-then[dropped]).argsort()).all()
    latents = result.per_element(result.values["latent"]).numpy()
    assert latents.shape == (4, 5, 4)
    np.testing.assert_array_equal(np.isnan(latents).all(axis=-1), places < 0)
    np.testing.assert_array_equal(np.isnan(latents).any(axis=-1), places < 0)
    taken = result.per_element(result.steps)
    np.testing.assert_array_equal(taken, np.where(places < 0, -1, before + 5))
    for row in range(4):
        np.testing.assert_array_equal(latents[row, chosen[row]], result.values["latent"][row])


def _thousandfold(data, generated):
    return 1000 * tf.reduce_mean(tf.abs(data - generated), axis=-1)


def test_what_is_dropped_is_remembered_by_its_least_loss():
    search = _search(SearchSettings(learning_rate=0.5), classes=5)
    state = search.advance(search.init(random_data(2)), 6)
    least = state.candidates.best_loss.numpy()
    state = search.advance(search.keep(state, [[0, 3, 4], [4, 1, 0]]), 2)
    later = state.candidates.best_loss.numpy()
    state = search.keep(state, [[1], [1]])
    nan = np.nan
    expected = [
        [later[0, 0], least[0, 1], least[0, 2], nan, later[0, 2]],
        [later[1, 2], nan, least[1, 2], least[1, 3], later[1, 0]],
    ]
    np.testing.assert_allclose(state.dropped, expected)


def test_best_before_the_first_step_is_by_the_loss_of_the_starts():
    _, offsets, _ = linear_generator(classes=5)
    data = random_data(4)
    search = _search(SearchSettings(learning_rate=0.3), classes=5)
    state = search.init(data)
    starts = np.abs(data[:, None] - offsets).mean(axis=-1)
    np.testing.assert_array_equal(search.best(state, 3), starts.argsort(axis=1)[:, :3])
    # and by the least so far after it
    state = search.advance(state, 10)
    least = state.candidates.best_loss.numpy()
    np.testing.assert_array_equal(search.best(state, 5), least.argsort(axis=1))


@pytest.mark.parametrize("values", ["last", "best"])
@pytest.mark.parametrize("plan", [((2, 2), (4, None)), ((0, 3), (5, 1), (1, None)), ((6, 2),)])
def test_a_plan_is_the_same_done_by_hand(plan, values):
    settings = SearchSettings(
        steps=6, learning_rate=0.05, final_learning_rate=0.01, plan=plan, values=values
    )
    search = _two_labels(settings, LatentRestriction(0.1))
    data = random_data(5)
    state = search.init(data)
    for steps, keep in plan:
        state = search.advance(state, steps)
        if keep is not None:
            state = search.keep(state, search.best(state, keep))
    _assert_alike(search.finish(state), search.run(data))
    assert state.candidates.origin.shape[1] == min(keep for _, keep in plan if keep)
    # and followed it stops where it is told, at each stage's end before any is dropped, and last
    stops = [*search.follow(data, [0, 3, 6, 9])]
    _assert_alike(search.finish(stops[-1]), search.run(data))
    expected = {
        ((2, 2), (4, None)): [(0, 4), (2, 4), (3, 2), (6, 2)],
        ((0, 3), (5, 1), (1, None)): [(0, 4), (3, 3), (5, 3), (6, 1)],
        ((6, 2),): [(0, 4), (3, 4), (6, 4), (6, 2)],
    }
    at = [(int(stop.step), stop.candidates.origin.shape[1]) for stop in stops]
    assert at == expected[plan]


def test_refuses_a_plan_that_keeps_more_than_there_are():
    with pytest.raises(InputError, match="keeps 4 of 3 candidates"):
        _search(SearchSettings(steps=6, plan=((2, 4), (4, None))))
    with pytest.raises(InputError, match="keeps 3 of 2 candidates"):
        _search(SearchSettings(steps=6, plan=((2, 2), (4, 3))))


def test_best_values_are_those_of_the_least_loss_seen_the_last_included():
    # steps so long that the search wavers
    settings = {"steps": 11, "learning_rate": 0.6, "decision": "loss"}
    data = random_data(20)
    last, best = (
        _two_labels(SearchSettings(values=values, **settings), LatentRestriction(0.1))
        for values in ("last", "best")
    )
    state, losses, latents = last.init(data), [], []
    for step in range(12):
        losses.append(last.terms(state).loss.numpy())
        latents.append(state.candidates.values["latent"].numpy())
        state = last.advance(state, int(step < 11))
    losses, latents = np.array(losses), np.array(latents)
    when = losses.argmin(axis=0)
    # sometimes the last values are the best, sometimes not
    assert (when == 11).any() and (when < 11).any()
    found, plain = best.run(data), last.run(data)
    assert (found.terms.loss <= plain.terms.loss + 1e-6).numpy().all()
    np.testing.assert_allclose(found.terms.loss, losses.min(axis=0), rtol=1e-4)
    row, column = np.indices(when.shape)
    np.testing.assert_allclose(found.values["latent"], latents[when, row, column], atol=1e-4)


def _in_parts(data, generated):
    """A loss that is no number here and there, and has no gradient there: what moves, moves on."""
    loss = tf.reduce_mean(tf.abs(data - generated), axis=-1)
    return tf.where(tf.math.floormod(loss, 0.1) < 0.04, float("nan"), loss)


def test_a_step_whose_loss_is_no_number_is_none_of_the_best():
    settings = {"learning_rate": 0.2, "difference": _in_parts, "values": "best"}
    search, data = _search(SearchSettings(steps=8, **settings)), random_data(9)
    states = [search.init(data)]
    for _ in range(8):
        states.append(search.advance(states[-1], 1))
    losses = np.array([search.terms(state).loss for state in states])
    moves = np.isfinite(losses[0])
    assert np.isnan(losses).any(axis=0)[moves].mean() > 0.5
    best = states[-1].candidates.best_loss.numpy()
    np.testing.assert_allclose(best[moves], np.nanmin(losses[:-1, moves], axis=0), rtol=1e-5)
    found = search.finish(states[-1]).terms.loss.numpy()
    np.testing.assert_allclose(found[moves], np.nanmin(losses[:, moves], axis=0), rtol=1e-5)


# --- solvers of one's own


@dataclass(frozen=True)
class _Counting(Momentum):
    """A solver that counts its steps, for all candidates together or for each."""

    shape: tuple = ()

    def init(self, objective, values):
        velocity = super().init(objective, values)
        leading = tf.shape(next(iter(values.values())))[: len(self.shape)]
        return {"count": tf.zeros(leading), "velocity": velocity}

    def step(self, objective, values, state, step, moves):
        values, velocity, terms = super().step(objective, values, state["velocity"], step, moves)
        return values, {"count": state["count"] + 1.0, "velocity": velocity}, terms


@pytest.mark.parametrize("shape", [(), ("B",)])
def test_refuses_a_solver_whose_state_is_not_the_candidates(shape):
    settings = SearchSettings(optimizer=_Counting(0.1, 0.5, shape))
    with pytest.raises(InputError, match=r"expected every one to lead with \(B, 3\)"):
        _search(settings).init(random_data(2))


@dataclass(frozen=True)
class _Returning(Momentum):
    """A solver whose step returns what is made of it."""

    made: object = None

    def step(self, *given):
        return self.made(*super().step(*given))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda values, state, terms: (values, state), "returned 2 values: expected"),
        (lambda values, state, terms: values, r"a dict: expected \(values, state, terms\)"),
        (lambda values, state, terms: ({}, state, terms), r"values \[\]: .* of \['latent'\]"),
        (lambda values, state, terms: (state["latent"], state, terms), "values a .*Tensor: exp"),
    ],
)
def test_refuses_a_solver_that_returns_something_else(made, message):
    search = _search(SearchSettings(steps=2, optimizer=_Returning(0.1, 0.5, made)))
    with pytest.raises(InputError, match=message):
        search.run(random_data(2))


def test_takes_a_solver_whose_state_is_the_candidates():
    own = SearchSettings(steps=5, optimizer=_Counting(0.1, 0.5, ("B", "K")))
    named = SearchSettings(steps=5, optimizer="momentum", learning_rate=0.1, beta_1=0.5)
    _assert_alike(_search(own).run(random_data(2)), _search(named).run(random_data(2)))
    search = _search(own)
    state = search.advance(search.init(random_data(2)), 5)
    np.testing.assert_array_equal(search.keep(state, [[1], [0]]).candidates.solver["count"], 5)


def test_a_decision_among_contenders_ranks_the_others_below_by_their_losses():
    model, _, _ = linear_generator(latent_size=2)
    data = random_data(6)

    def decide(data, generated):
        # against the loss: the contender that fits worst wins
        return -tf.reduce_mean(tf.square(data - generated), axis=-1)

    settings = replace(EXACT, decision=decide, contenders=2)
    found = Search(Generator(model), Space.per_value(Generator(model)), settings).run(data)
    loss, score = found.terms.loss.numpy(), found.score.numpy()
    order = loss.argsort(axis=1)
    np.testing.assert_array_equal(score.argmax(axis=1), order[:, 1])
    np.testing.assert_array_equal(score.argmin(axis=1), order[:, 2])
    np.testing.assert_allclose(np.sort(score, axis=1)[:, 1:], np.sort(loss, axis=1)[:, :2], 1e-5)
    everyone = replace(settings, contenders=3)
    found = Search(Generator(model), Space.per_value(Generator(model)), everyone).run(data)
    np.testing.assert_allclose(found.score, found.terms.loss, rtol=1e-5)
