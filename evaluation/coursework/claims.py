"""The document's sentences, and what the trainings of its variants say of each."""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from evaluation.verdicts import above, judged, near


class Claim(NamedTuple):
    """A sentence that compares two variants, or a variant and a number.

    Attributes:
        sentence: the sentence.
        figure: of what: the path to it in a row.
        first, second: the variants; or one of the two a number.
        compare: of `evaluation.verdicts`, what the sentence says of the first and the second.
    """

    sentence: str
    figure: tuple[str, ...]
    first: str | float
    second: str | float
    compare: Callable = above


_ACCURACY, _SCORE, _ENTROPY = ("accuracy",), ("inception_score",), ("entropy",)
_GENERATOR = ("losses", "generator_loss")
_OSCILLATION, _GENERATOR_MEAN = (*_GENERATOR, "oscillation"), (*_GENERATOR, "mean")
_DISCRIMINATOR_MEAN = ("losses", "discriminator_loss", "mean")

CLAIMS = (
    Claim("3 blocks are more accurate than 1", _ACCURACY, "cgan-medium", "cgan-shallow"),
    Claim("5 blocks are more accurate than 3", _ACCURACY, "cgan-deep", "cgan-medium"),
    Claim(
        "the shallow CGAN's generator loss oscillates more than the medium one's",
        _OSCILLATION,
        "cgan-shallow",
        "cgan-medium",
    ),
    Claim("the medium CGAN's generator loss is below 1", _GENERATOR_MEAN, 1, "cgan-medium"),
    Claim("label smoothing improves the accuracy", _ACCURACY, "cgan-medium-ls", "cgan-medium"),
    Claim(
        "label smoothing improves the inception score (its own table: 3.79 to 3.643)",
        _SCORE,
        "cgan-medium-ls",
        "cgan-medium",
    ),
    Claim(
        "0.1 for generated images does not improve label smoothing",
        _ACCURACY,
        "cgan-medium-ls",
        "cgan-medium-ls-both",
    ),
    *(
        Claim(
            f"label smoothing is the biggest improvement: more accurate than with {text}",
            _ACCURACY,
            "cgan-medium-ls",
            f"cgan-medium-{other}",
        )
        for other, text in (
            ("vbn", "virtual batch normalisation"),
            ("dropout-0.1", "a dropout of 0.1 (its own table: 0.749 and 0.761)"),
            ("dropout-0.5", "a dropout of 0.5"),
        )
    ),
    *(
        Claim(
            f"a dropout of {rate} does not affect the medium CGAN's accuracy significantly (by "
            "less than 5 points, as in its own table)",
            _ACCURACY,
            f"cgan-medium-dropout-{rate}",
            "cgan-medium",
            partial(near, margin=0.05),
        )
        for rate in ("0.1", "0.5")
    ),
    Claim(
        "virtual batch normalisation improves the accuracy",
        _ACCURACY,
        "cgan-medium-vbn",
        "cgan-medium",
    ),
    Claim(
        "virtual batch normalisation improves the inception score",
        _SCORE,
        "cgan-medium-vbn",
        "cgan-medium",
    ),
    *(
        Claim(
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
    Claim(
        "the convolutional CGAN is no better than the medium one",
        _ACCURACY,
        "cgan-medium",
        "cgan-convolutional",
    ),
    Claim(
        "the convolutional CGAN's generator loss oscillates more than the medium one's",
        _OSCILLATION,
        "cgan-convolutional",
        "cgan-medium",
    ),
    Claim(
        "the vanilla GAN collapses: less than 4 even classes", _ENTROPY, math.log(4), "vanilla-gan"
    ),
    *(
        Claim(f"{name} does not collapse: 8 even classes or more", _ENTROPY, name, math.log(8))
        for name in ("dcgan-shallow", "dcgan-medium", "dcgan-deep")
    ),
    Claim(
        "the medium DCGAN's discriminator loss is about 0.9, real and generated together 1.8",
        _DISCRIMINATOR_MEAN,
        "dcgan-medium",
        1.8,
        partial(near, margin=0.2),
    ),
    *(
        Claim(
            f"the medium DCGAN's generator loss is about 0.9{text}",
            _GENERATOR_MEAN,
            name,
            0.9,
            partial(near, margin=0.1),
        )
        for name, text in (
            ("dcgan-medium", ""),
            ("dcgan-medium-rate-0.002", ", at the document's learning rate"),
        )
    ),
    Claim(
        "the deep DCGAN oscillates more than the medium one",
        _OSCILLATION,
        "dcgan-deep",
        "dcgan-medium",
    ),
    Claim(
        "less dropout makes the DCGAN oscillate more",
        _OSCILLATION,
        "dcgan-medium-dropout-0.1",
        "dcgan-medium",
    ),
    Claim(
        "more dropout lets the DCGAN's generator win: a lower loss",
        _GENERATOR_MEAN,
        "dcgan-medium",
        "dcgan-medium-dropout-0.5",
    ),
)


def judge_claims(rows):
    """Judges the document's sentences.

    Nothing is decided by a training that is shorter than the document's.

    Args:
        rows: of `score_variants`.

    Returns:
        Verdicts (`judged`) on the sentences whose variants are among the rows.
    """
    verdicts = []
    for claim in CLAIMS:
        sides = claim.first, claim.second
        names = [side for side in sides if isinstance(side, str)]
        by_name = {name: [row for row in rows if row["variant"] == name] for name in names}
        if not all(by_name.values()):
            continue
        values = {name: [_value(row, claim.figure) for row in by_name[name]] for name in names}
        sign = claim.compare(*(values.get(side, side) for side in sides))
        evidence = " and ".join(map(_told, values.values()))
        if not all(row["reproduced"] for part in by_name.values() for row in part):
            sign, evidence = 0, f"{evidence}, trained shorter"
        verdicts.append(judged(claim.sentence, sign, evidence))
    return verdicts


def _value(row, figure):
    for name in figure:
        row = row[name]
    return row


def _told(values):
    """A mean, and its spread where there are several."""
    spread = f" ± {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
    return f"{np.mean(values):.3g}{spread}"
