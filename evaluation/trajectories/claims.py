"""What the figures say of the claims of "Inverse classification using generative models"."""

from functools import partial
from itertools import combinations

import numpy as np

from evaluation.verdicts import above, all_of, judged, near

# accuracies as far apart as this are "about equal"; what wins "by far" wins by more
_MARGIN = 0.05
# the sum of both letters' errors may exceed the letters' own distance by this factor
_HOLE = 1.5


def map_claims(maps):
    """Judges what the document (section 4) says of the heat maps.

    Args:
        maps: dicts with `input_noise`, `roughness`, `separation`, `largest_sum` (of both letters'
            errors) and `letter_distance`, each of a generator.

    Returns:
        Verdicts (`judged`) on what these maps allow to judge: by the generators of a noise, of
        which one decides nothing.
    """

    def at(noise, figure):
        return [row[figure] for row in maps if row["input_noise"] == noise]

    noises = list(dict.fromkeys(row["input_noise"] for row in maps))
    verdicts = []
    if 0 in noises and len(noises) > 1:
        for claim, figure, way in (
            (
                "input noise smooths the space of class vectors (steepest step of the map, in "
                "parts of its range, less at every noise)",
                "roughness",
                -1,
            ),
            (
                "input noise brings the border between the letters to the diagonal (likeness to "
                "the perfectly separated map, more at every noise)",
                "separation",
                1,
            ),
        ):
            pairs = [(at(noise, figure), at(0, figure))[::way] for noise in noises if noise > 0]
            sign = all_of([partial(above, *pair) for pair in pairs])
            told = (f"{noise:g}: {np.mean(at(noise, figure)):.2f}" for noise in noises)
            verdicts.append(judged(claim, sign, ", ".join(told)))
    if 0.3 in noises:
        ratios = np.divide(at(0.3, "largest_sum"), at(0.3, "letter_distance"))
        claim = (
            "the maps to either letter at noise 0.3 leave no empty spaces (their sum at most "
            f"{_HOLE:g} × the letters' distance)"
        )
        verdicts.append(judged(claim, above(_HOLE, ratios), f"{ratios.mean():.2f} ×"))
    return verdicts


def comparison_claims(accuracies):
    """Judges what the document (section 4) says of the five models.

    Args:
        accuracies: {classes: {method: an accuracy for each seed}}, complete for each number of
            classes. The most classes are the document's hard problem, the others its easy ones.

    Returns:
        Verdicts (`judged`).
    """
    hard = max(accuracies)
    margin = f"{100 * _MARGIN:g} points"
    verdicts = []
    for classes in sorted(set(accuracies) - {hard}):
        each = accuracies[classes].values()
        verdicts.append(
            judged(
                f"with {classes} classes all methods are about equal (within {margin})",
                all_of([partial(near, *pair, _MARGIN) for pair in combinations(each, 2)]),
                " to ".join(_per_cent(side(each, key=np.mean)) for side in (min, max)),
            )
        )
    found = accuracies[hard]
    others = [name for name in found if name != "comparison"]
    second = max(others, key=lambda name: np.mean(found[name]))
    verdicts.append(
        judged(
            f"with {hard} classes the forward model on all data wins by far (by more than "
            f"{margin})",
            above(found["comparison"], found[second], _MARGIN),
            f"{_per_cent(found['comparison'])}, then {second} {_per_cent(found[second])}",
        )
    )
    inverse = [found[name] for name in ("sparse1", "sparse4", "all data")]
    verdicts.append(
        judged(
            f"with {hard} classes inverse models get better with less training data "
            "(sparse1 > sparse4 > all data)",
            all_of([partial(above, *inverse[:2]), partial(above, *inverse[1:])]),
            ", ".join(map(_per_cent, inverse)),
        )
    )
    sparse = found["sparse1"], found["sparse comparison"]
    verdicts.append(
        judged(
            f"with {hard} classes sparse1 is about as good as the sparse forward model (within "
            f"{margin})",
            near(*sparse, _MARGIN),
            " and ".join(map(_per_cent, sparse)),
        )
    )
    return verdicts


def _per_cent(accuracies):
    return f"{100 * np.mean(accuracies):.1f} %"
