"""The search engine: gradient descent on a generator's inputs until its output matches the data."""

from igc_tf.search.adam import AdamMoments, adam_start, adam_step
from igc_tf.search.deformation_difference import DeformationDifference
from igc_tf.search.difference import DIFFERENCES, mean_absolute, mean_squared, resolve_difference
from igc_tf.search.generator_search import GeneratorSearch
from igc_tf.search.generator_signature import GeneratorSignature
from igc_tf.search.label_simplex import LabelSimplex
from igc_tf.search.latent_restriction import LatentRestriction
from igc_tf.search.masked_mean_squared import masked_mean_squared
from igc_tf.search.momentum import momentum_start, momentum_step
from igc_tf.search.normal_start import NormalStart
from igc_tf.search.search_block import SearchBlock
from igc_tf.search.search_result import SearchResult
from igc_tf.search.search_settings import SearchSettings
from igc_tf.search.search_space import SearchSpace
from igc_tf.search.update_rule import OPTIMIZERS, UpdateRule

__all__ = [
    "DIFFERENCES",
    "OPTIMIZERS",
    "AdamMoments",
    "DeformationDifference",
    "GeneratorSearch",
    "GeneratorSignature",
    "LabelSimplex",
    "LatentRestriction",
    "NormalStart",
    "SearchBlock",
    "SearchResult",
    "SearchSettings",
    "SearchSpace",
    "UpdateRule",
    "adam_start",
    "adam_step",
    "masked_mean_squared",
    "mean_absolute",
    "mean_squared",
    "momentum_start",
    "momentum_step",
    "resolve_difference",
]
