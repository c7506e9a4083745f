"""Verdicts on the documents' sentences, by one rule for all programs.

A comparison gives a sign: 1 where a sentence holds, -1 where it does not, 0 where the figures do
not decide it, with 95 % confidence. Of comparisons that must all hold it is `all_of`, of those of
which one is enough `any_of`: the more are tried, the surer the one must be that decides alone.

What is said of a way to train is decided by trainings, and a single one decides nothing, however
many images judge it. What is said of networks as they are is decided by images or draws; further
trainings or searches of the same images are no further images.
"""

import numpy as np

from evaluation.statistics import paired_interval, sign_of_difference, sign_of_mean

_WORDS = {1: "holds", 0: "not decided", -1: "does not hold"}


def judged(sentence, sign, evidence):
    """A dict, JSON-ready: `sentence`, the document's; `verdict`, in words; `evidence`, figures."""
    return {"sentence": sentence, "verdict": _WORDS[sign], "evidence": evidence}


def above(first, second, by=0.0, confidence=0.95):
    """Whether the mean of independent values lies above that of others, by more than a number.

    Student's and Welch's t-tests (`sign_of_mean`, `sign_of_difference`). Values that belong
    together in pairs, such as two answers to the same images, are given as their differences.

    Args:
        first, second: values, or one of the two a number that is certain.
        by: a number.
        confidence: in (0, 1).

    Returns:
        The sign.
    """
    if np.ndim(first) == 0:
        return -above(second, first, -by, confidence)
    if np.ndim(second) == 0:
        return sign_of_mean(np.subtract(first, second + by), confidence)
    return sign_of_difference(np.subtract(first, by), second, confidence)


def near(first, second, margin, confidence=0.95):
    """Whether two means differ by less than a margin; arguments and sign as of `above`."""
    # no two means lie outside of both ends: neither has to be surer because of the other
    return min(above(first, second, -margin, confidence), above(second, first, -margin, confidence))


def all_of(comparisons, confidence=0.95):
    """Whether a sentence holds for which several comparisons all have to hold.

    It does if each of them does. It does not if a single one does not, and the more are tried, the
    sooner one of them seems so by chance: each has its share of the doubt (Bonferroni; the first
    step of Holm 1979).

    Args:
        comparisons: functions of the keyword `confidence` that return a sign.
        confidence: in (0, 1), of them together.

    Returns:
        The sign; 0 without any comparison.
    """
    if not comparisons:
        return 0
    if all(compare(confidence=confidence) > 0 for compare in comparisons):
        return 1
    shared = 1 - (1 - confidence) / len(comparisons)
    return -int(any(compare(confidence=shared) < 0 for compare in comparisons))


def any_of(comparisons, confidence=0.95):
    """Whether a sentence holds for which one comparison is enough; as `all_of`, turned round."""

    def turned(compare):
        return lambda confidence: -compare(confidence=confidence)

    return -all_of(list(map(turned, comparisons)), confidence)


def interval_above(first, second):
    """Whether a share lies above another, by their intervals: not decided where these overlap.

    95 % intervals of about equal width that do not overlap are surer than 99 %, so that several
    comparisons share no doubt. Against a certain number, such as (0.5, 0.5), it is 95 %.
    """
    return int(first[0] > second[1]) - int(first[1] < second[0])


def ahead_by(ours, theirs):
    """By how much the library's accuracy is higher than a rival's on the same images.

    Args:
        ours, theirs: which of the images each has right, bool (N,).

    Returns:
        A dict, JSON-ready: `difference` of the accuracies, its 95 % `interval`, and how many images
        only one of them has right, `library_only` and `rival_only`.
    """
    library_only, rival_only = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    return {
        "difference": (library_only - rival_only) / len(ours),
        "interval": list(paired_interval(library_only, rival_only, len(ours))),
        "library_only": library_only,
        "rival_only": rival_only,
    }


def points(differences):
    """The mean of differences of accuracies, and its standard error where there are several."""
    spread = ""
    if len(differences) > 1:
        spread = f" ± {100 * np.std(differences, ddof=1) / np.sqrt(len(differences)):.2f}"
    return f"{100 * np.mean(differences):+.2f}{spread} points"


def verdict_lines(verdicts):
    """Lines of text for people, of the dicts that `judged` made."""
    lines = [
        f"- {verdict['sentence']}: {verdict['verdict']} ({verdict['evidence']})"
        for verdict in verdicts
    ]
    return ["sentence: verdict (evidence)", *lines]
