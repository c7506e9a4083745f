"""The ways to classify whose accuracy and time are compared."""

from dataclasses import replace
from typing import NamedTuple

from igc_tf.search import SearchSettings, named_settings

# the best search before there was an encoder, by which all others' times are divided
FORMER = "from the mean, 16 steps"
# all from the mean reach as far, 0.1
_FROM_THE_MEAN = (
    SearchSettings(steps=8, learning_rate=0.0125, decision="deformation"),
    SearchSettings(steps=16, learning_rate=0.0125, final_learning_rate=0.0, decision="deformation"),
)
# where the card has no learning rate for searches from the encoder
_LEARNING_RATE = 0.002


class Way(NamedTuple):
    """One way to classify.

    Attributes:
        name: of its row.
        kind: what it has in common with others: a colour of the chart.
        label: what tells it from these.
        settings: a `SearchSettings`.
        precision: what the networks compute in.
        is_former: whether the generator is the one for the searches from the mean.
    """

    name: str
    kind: str
    label: str
    settings: SearchSettings
    precision: str = "float32"
    is_former: bool = False


def ways_to_classify(options, generator):
    """Returns all `Way`s, each of another name.

    Those that start from the encoder decide as the card's best settings do, if these start there;
    else as its fast ones; without either as a `SearchSettings` does by default.

    Args:
        options: an `AccuracySpeedOptions`.
        generator: the `Generator` with the encoder.
    """
    cards = {
        name: named_settings(name, generator.card)
        for name in ("best", "fast")
        if name in generator.recorded_settings
    }
    cards = {name: found for name, found in cards.items() if found.start == "encoder"}
    fast = cards.get("fast", SearchSettings(steps=0, start="encoder"))
    base = cards.get("best", fast)
    rate = options.learning_rate
    if rate is None:
        rate = base.learning_rate if "best" in cards else _LEARNING_RATE
    base = replace(base, learning_rate=rate, final_learning_rate=0.0)

    ways = [Way("fast", "one pass", "fast", fast)]
    if options.bfloat16:
        ways.append(Way("fast, bfloat16", "one pass", "bf16", fast, "mixed_bfloat16"))
    if "best" in cards:
        ways.append(Way("best", "best settings", "best", cards["best"]))
    for kind, kept in (
        (f"encoder, {options.kept} classes kept", options.kept),
        ("encoder, all classes", None),
    ):
        for steps in options.steps:
            plan = None if kept is None else ((0, kept), (steps, None))
            settings = replace(base, steps=steps, plan=plan)
            ways.append(Way(f"{kind}, {_steps(steps)}", kind, str(steps), settings))
    for settings in _FROM_THE_MEAN:
        name = f"from the mean, {_steps(settings.steps)}"
        ways.append(Way(name, "from the mean", str(settings.steps), settings, is_former=True))
    if options.paper:
        ways.append(
            Way("the paper's settings", "the paper's", "100", SearchSettings(), is_former=True)
        )
    return ways


def _steps(count):
    return f"{count} step{'s' if count > 1 else ''}"
