"""The statements of "Inverse Classification using GANs", each with what the numbers say of it."""

from dataclasses import replace

from evaluation.verdicts import above, judged, points

# the document's (section 3)
BEST_LATENT_SIZE = 25
BEST_ACCURACY = 0.71


def judge_statements(right, base, sizes, ways):
    """Compares searches in pairs on the same images, of which each counts once.

    What is compared of an image are the shares of its searches that were right.

    Args:
        right: a search's name -> whether its answers were right, booleans (repetitions, N).
        base: the `InverseSearch` that the document varies.
        sizes: {latent size: its search}.
        ways: {way of searching: name of the search with its chosen learning rate}.

    Returns:
        Verdicts (`judged`); their evidence is the difference of the accuracies, what is said to be
        better less the other.
    """
    rivals = [search for size, search in sizes.items() if size != BEST_LATENT_SIZE]
    rival = max(rivals, key=lambda search: right(search.name).mean())
    relaxed, enumerated = ways["relaxed, 1 × 200"], ways["enumerated, 10 × 200"]

    def varied(**values):
        return replace(base, **values).name

    def gained(better, other):
        return right(better).mean(axis=0) - right(other).mean(axis=0)

    verdicts = [
        judged(
            f"document: latent size 25 is the best (here the next best is {rival.latent_size})",
            # one training of each size decides nothing of sizes
            0,
            points(gained(sizes[BEST_LATENT_SIZE].name, rival.name)),
        )
    ]
    statements = [
        (
            "document: the latent has to be searched too (a factor of 0 is worse)",
            base.name,
            varied(latent_update_factor=0.0),
        ),
        (
            "document: an update factor of 0.5 helps slightly",
            varied(latent_update_factor=0.5),
            base.name,
        ),
        ("document: an update factor of 2 hurts", base.name, varied(latent_update_factor=2.0)),
        (
            "document: moving the latent only after 10 steps helps slightly",
            varied(latent_first_step=10),
            base.name,
        ),
        (
            "document: Adam is better than gradient descent (here with momentum)",
            relaxed,
            ways["relaxed by momentum, 1 × 200"],
        ),
        (
            "here: a gradient along the simplex helps the relaxed search",
            ways["relaxed along the simplex, 1 × 200"],
            relaxed,
        ),
        (
            "here: enumerating the classes beats relaxing them, 200 evaluations each",
            ways["enumerated, 10 × 20"],
            relaxed,
        ),
        ("here: enumerating beats relaxing, 200 steps each", enumerated, relaxed),
        (
            "here: enumerating beats relaxing, 2,000 evaluations each",
            enumerated,
            ways["relaxed, 1 × 2000"],
        ),
    ]
    for statement, better, other in statements:
        differences = gained(better, other)
        verdicts.append(judged(statement, above(differences, 0), points(differences)))
    return verdicts
