"""Which of the document's sentences the figures confirm."""

import math
from typing import NamedTuple

import numpy as np

from igc_tf.metrics import sign_of_difference

# by the sign of a difference
VERDICTS = {1: "holds", 0: "not decided", -1: "does not hold"}


class Above(NamedTuple):
    """A sentence that says one variant has more of something than another.

    Attributes:
        claim: the sentence.
        figure: of what: the path to it in a row.
        more, less: the variants.
    """

    claim: str
    figure: tuple[str, ...]
    more: str
    less: str


class Limit(NamedTuple):
    """A sentence that says something of a variant lies between two numbers.

    Attributes:
        claim: the sentence.
        figure: as in `Above`.
        variant: of which.
        low, high: the numbers.
    """

    claim: str
    figure: tuple[str, ...]
    variant: str
    low: float
    high: float


_ACCURACY, _SCORE, _ENTROPY = ("accuracy",), ("inception_score",), ("entropy",)
_GENERATOR = ("losses", "generator_loss")
_OSCILLATION, _GENERATOR_MEAN = (*_GENERATOR, "oscillation"), (*_GENERATOR, "mean")
_DISCRIMINATOR_MEAN = ("losses", "discriminator_loss", "mean")
_EVEN = math.log(10)

CLAIMS = (
    Above("3 blocks are more accurate than 1", _ACCURACY, "cgan-medium", "cgan-shallow"),
    Above("5 blocks are more accurate than 3", _ACCURACY, "cgan-deep", "cgan-medium"),
    Above(
        "the shallow CGAN's generator loss oscillates more than the medium one's",
        _OSCILLATION,
        "cgan-shallow",
        "cgan-medium",
    ),
    Limit("the medium CGAN's generator loss is below 1", _GENERATOR_MEAN, "cgan-medium", 0, 1),
    Above("label smoothing improves the accuracy", _ACCURACY, "cgan-medium-ls", "cgan-medium"),
    Above(
        "label smoothing improves the inception score (its own table: 3.79 to 3.643)",
        _SCORE,
        "cgan-medium-ls",
        "cgan-medium",
    ),
    Above(
        "0.1 for generated images does not improve label smoothing",
        _ACCURACY,
        "cgan-medium-ls",
        "cgan-medium-ls-both",
    ),
    Above(
        "virtual batch normalisation improves the accuracy",
        _ACCURACY,
        "cgan-medium-vbn",
        "cgan-medium",
    ),
    Above(
        "virtual batch normalisation improves the inception score",
        _SCORE,
        "cgan-medium-vbn",
        "cgan-medium",
    ),
    *(
        Above(
            f"virtual batch normalisation reduces the {effect} of images in batches of {size} "
            f"({name})",
            ("batch_effects", size, effect),
            name,
            f"{name}-vbn",
        )
        for name in ("cgan-medium", "dcgan-medium")
        for size in ("128", "512")
        for effect in ("likeness", "dependence")
    ),
    Above(
        "the convolutional CGAN is no better than the medium one",
        _ACCURACY,
        "cgan-medium",
        "cgan-convolutional",
    ),
    Above(
        "the convolutional CGAN's generator loss oscillates more than the medium one's",
        _OSCILLATION,
        "cgan-convolutional",
        "cgan-medium",
    ),
    Limit("the vanilla GAN collapses: less than 4 even classes", _ENTROPY, "vanilla-gan", 0, 1.386),
    *(
        Limit(f"{name} does not collapse: 8 even classes or more", _ENTROPY, name, 2.079, _EVEN)
        for name in ("dcgan-shallow", "dcgan-medium", "dcgan-deep")
    ),
    Limit(
        "the medium DCGAN's discriminator loss is about 0.9, real and generated together 1.8",
        _DISCRIMINATOR_MEAN,
        "dcgan-medium",
        1.6,
        2.0,
    ),
    Limit(
        "the medium DCGAN's generator loss is about 0.9", _GENERATOR_MEAN, "dcgan-medium", 0.8, 1
    ),
    Above(
        "the deep DCGAN oscillates more than the medium one",
        _OSCILLATION,
        "dcgan-deep",
        "dcgan-medium",
    ),
    Above(
        "less dropout makes the DCGAN oscillate more",
        _OSCILLATION,
        "dcgan-medium-dropout-0.1",
        "dcgan-medium",
    ),
    Above(
        "more dropout lets the DCGAN's generator win: a lower loss",
        _GENERATOR_MEAN,
        "dcgan-medium",
        "dcgan-medium-dropout-0.5",
    ),
)


def judge_claims(rows):
    """Judges the document's sentences.

    What is said of two variants is decided by `sign_of_difference` of their trainings, so there
    must be two of one and of the other; nothing is decided by a training that is shorter than the
    document's.

    Args:
        rows: of `score_variants`.

    Returns:
        A list of dicts, of the sentences whose variants are among the rows: `claim`; `verdict`:
        "holds", "does not hold" or "not decided"; `found`, the figures.
    """
    judged = []
    for claim in CLAIMS:
        names = (claim.more, claim.less) if isinstance(claim, Above) else (claim.variant,)
        of = [[row for row in rows if row["variant"] == name] for name in names]
        if all(of):
            values = [[_value(row, claim.figure) for row in part] for part in of]
            verdict = _compared(*values) if len(of) == 2 else _within(values[0], claim)
            found = " and ".join(map(_told, values))
            if not all(row["reproduced"] for part in of for row in part):
                verdict, found = "not decided", f"{found}, trained shorter"
            judged.append({"claim": claim.claim, "verdict": verdict, "found": found})
    return judged


def _value(row, figure):
    for name in figure:
        row = row[name]
    return row


def _told(values):
    """A mean, and its spread where there are several."""
    spread = f" ± {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
    return f"{np.mean(values):.3g}{spread}"


def _compared(more, less):
    """The verdict on two lists of figures."""
    return VERDICTS[sign_of_difference(more, less)]


def _within(values, limit):
    """The verdict on one list; where trainings disagree there is none."""
    inside = [limit.low <= value <= limit.high for value in values]
    if all(inside):
        return "holds"
    return "not decided" if any(inside) else "does not hold"


def claim_lines(claims):
    """Lines of text: what was found of each claim, and by which evidence.

    Args:
        claims: dicts with `claim`, `verdict` and `evidence`.
    """
    lines = [f"- {of['claim']}: {of['verdict']} ({of['evidence']})" for of in claims]
    return ["claim: verdict (evidence)", *lines]
