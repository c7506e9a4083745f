"""The search engine: descent on a generator's inputs until its output matches the data."""

from igc_tf.search.deformation import Deformation
from igc_tf.search.differences import DIFFERENCES, Difference, resolve_difference
from igc_tf.search.engine import Search
from igc_tf.search.objective import LatentRestriction, Objective, Terms
from igc_tf.search.observations import Identity, Observation
from igc_tf.search.settings import (
    SearchSettings,
    masked_settings,
    named_settings,
    robust_settings,
    shared_settings,
    usual_settings,
)
from igc_tf.search.solvers import Adam, Linear, Momentum, Patience, Solver
from igc_tf.search.space import Block, Projection, Space
from igc_tf.search.state import Batch, Candidates, Result, State

__all__ = [
    "DIFFERENCES",
    "Adam",
    "Batch",
    "Block",
    "Candidates",
    "Deformation",
    "Difference",
    "Identity",
    "LatentRestriction",
    "Linear",
    "Momentum",
    "Objective",
    "Observation",
    "Patience",
    "Projection",
    "Result",
    "Search",
    "SearchSettings",
    "Solver",
    "Space",
    "State",
    "Terms",
    "masked_settings",
    "named_settings",
    "resolve_difference",
    "robust_settings",
    "shared_settings",
    "usual_settings",
]
