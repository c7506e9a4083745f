"""Which claims of "Inverse classification using generative models" the figures confirm."""

from dataclasses import dataclass

# accuracies as far apart as this are "about equal"; what wins "by far" wins by more
_MARGIN = 0.05
# the sum of both letters' errors may exceed the letters' own distance by this factor
_HOLE = 1.5


@dataclass(frozen=True)
class Claim:
    """A claim of the document, and whether it holds here.

    Attributes:
        text: the claim, with the threshold that decides.
        holds: whether it does.
        evidence: the figures that decided.
    """

    text: str
    holds: bool
    evidence: str

    def __str__(self):
        return f"{'holds' if self.holds else 'does not hold':14}{self.text}: {self.evidence}"


def map_claims(maps):
    """Judges what the document (section 4) says of the heat maps.

    Args:
        maps: dicts with `input_noise`, `roughness`, `separation`, `largest_sum` (of both letters'
            errors) and `letter_distance`.

    Returns:
        `Claim`s, of those that the maps allow to judge.
    """
    claims = []
    vanilla = [row for row in maps if row["input_noise"] == 0]
    noised = [row for row in maps if row["input_noise"] > 0]
    if vanilla and noised:
        told = ", ".join(f"{row['input_noise']:g}: {row['roughness']:.2f}" for row in maps)
        claims.append(
            Claim(
                "input noise smooths the space of class vectors (steepest step of the map, in "
                "parts of its range, less at every noise)",
                all(row["roughness"] < vanilla[0]["roughness"] for row in noised),
                told,
            )
        )
        told = ", ".join(f"{row['input_noise']:g}: {row['separation']:.2f}" for row in maps)
        claims.append(
            Claim(
                "input noise brings the border between the letters to the diagonal (likeness to "
                "the perfectly separated map, more at every noise)",
                all(row["separation"] > vanilla[0]["separation"] for row in noised),
                told,
            )
        )
    for row in maps:
        if row["input_noise"] == 0.3:
            ratio = row["largest_sum"] / row["letter_distance"]
            claims.append(
                Claim(
                    "the maps to either letter at noise 0.3 leave no empty spaces (their sum at "
                    f"most {_HOLE:g} × the letters' distance)",
                    ratio <= _HOLE,
                    f"{ratio:.2f} ×",
                )
            )
    return claims


def comparison_claims(accuracies):
    """Judges what the document (section 4) says of the five models.

    Args:
        accuracies: {classes: {method: mean accuracy over seeds}}, complete for each number of
            classes. The most classes are the document's hard problem, the others its easy ones.

    Returns:
        `Claim`s.
    """
    hard = max(accuracies)
    claims = []
    for classes in sorted(set(accuracies) - {hard}):
        of = accuracies[classes]
        spread = max(of.values()) - min(of.values())
        claims.append(
            Claim(
                f"with {classes} classes all methods are about equal (within {_points(_MARGIN)})",
                spread <= _MARGIN,
                f"{_per_cent(min(of.values()))} to {_per_cent(max(of.values()))}",
            )
        )
    of = accuracies[hard]
    second = max((name for name in of if name != "comparison"), key=of.get)
    claims.append(
        Claim(
            f"with {hard} classes the forward model on all data wins by far (by more than "
            f"{_points(_MARGIN)})",
            of["comparison"] - of[second] > _MARGIN,
            f"{_per_cent(of['comparison'])}, then {second} {_per_cent(of[second])}",
        )
    )
    inverse = [of[name] for name in ("sparse1", "sparse4", "all data")]
    claims.append(
        Claim(
            f"with {hard} classes inverse models get better with less training data "
            "(sparse1 ≥ sparse4 ≥ all data)",
            inverse[0] >= inverse[1] >= inverse[2],
            ", ".join(_per_cent(accuracy) for accuracy in inverse),
        )
    )
    sparse = of["sparse1"], of["sparse comparison"]
    claims.append(
        Claim(
            f"with {hard} classes sparse1 is about as good as the sparse forward model (within "
            f"{_points(_MARGIN)})",
            abs(sparse[0] - sparse[1]) <= _MARGIN,
            f"{_per_cent(sparse[0])} and {_per_cent(sparse[1])}",
        )
    )
    return claims


def _per_cent(accuracy):
    return f"{100 * accuracy:.1f} %"


def _points(difference):
    return f"{100 * difference:g} points"
