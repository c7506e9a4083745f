"""What a search may move."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.search.label_simplex import LabelSimplex
from igc_tf.search.normal_start import NormalStart
from igc_tf.search.search_block import SearchBlock


@dataclass(frozen=True)
class SearchSpace:
    """The blocks of a search, in the order of the generator's inputs.

    Attributes:
        blocks: one `SearchBlock` per generator input, all with the same number of candidates.

    Raises:
        InputError: without blocks, with differing numbers of candidates, or with nothing to search.
    """

    blocks: tuple[SearchBlock, ...]

    def __post_init__(self):
        object.__setattr__(self, "blocks", tuple(self.blocks))
        if not self.blocks:
            raise InputError("a search space needs at least one block")
        counts = [block.shape[0] for block in self.blocks]
        if len(set(counts)) != 1:
            raise InputError(f"blocks have {counts} candidates: expected the same number in each")
        if not any(block.searched for block in self.blocks):
            raise InputError("no block is trainable: there is nothing to search")

    @property
    def candidates(self):
        """K, how many candidates are searched for every example."""
        return self.blocks[0].shape[0]

    @classmethod
    def latent_per_class(cls, classes, latent_size, restriction):
        """The inverted generator's space (002 fig. 1): one candidate per class.

        The condition is each class's one-hot vector and stays; the latent starts at the prior's
        mean and is searched.

        Args:
            classes: C.
            latent_size: Z.
            restriction: a `LatentRestriction`; tells the prior's mean.
        """
        condition = SearchBlock(start=tf.eye(classes), trainable=False)
        return cls((condition, _latent_from_mean(classes, latent_size, restriction)))

    @classmethod
    def latent_per_condition(cls, conditions, latent_size, restriction):
        """As `latent_per_class`, with conditions of each example's own.

        Args:
            conditions: (B, K, C); an example's index tells its row.
            latent_size: Z.
            restriction: a `LatentRestriction`; tells the prior's mean.
        """
        condition = SearchBlock(start=partial(tf.gather, conditions), trainable=False)
        return cls((condition, _latent_from_mean(conditions.shape[1], latent_size, restriction)))

    @classmethod
    def per_label_value(cls, labels, values, latent_size, restriction, condition_update_factor=5.0):
        """The space of multi-label classification (002 §1.3): one candidate per value of a label.

        A condition (L · V) holds, for each of L labels, V elements, one-hot over its values.
        Candidate lV + v has label l fixed at value v. The *other* labels' conditions start neutral,
        1/V each, and are searched on their simplices; so is the latent, from the prior's mean.
        With one label nothing of the condition is left to search: `latent_per_class`.

        Args:
            labels: L.
            values: V, the same for every label; 2 where labels are binary.
            latent_size: Z.
            restriction: a `LatentRestriction`; tells the prior's mean.
            condition_update_factor: of the conditions' learning rate. With 5, the paper's 100
                steps of 0.001 just take a neutral binary label (1/2) to either end.
        """
        one_hot = np.eye(labels * values, dtype=np.float32)
        asked = np.kron(np.eye(labels, dtype=bool), np.ones([values, values], dtype=bool))
        simplex = LabelSimplex(values)
        condition = SearchBlock(
            start=np.where(asked, one_hot, np.float32(1 / values)),
            trainable=~asked,
            update_factor=condition_update_factor,
            projection=simplex,
            tangent=simplex.tangent,
        )
        return cls((condition, _latent_from_mean(labels * values, latent_size, restriction)))

    @classmethod
    def condition_alone(cls, classes, tangent=False):
        """The space of inverse classification without a latent (001): one candidate.

        The condition starts uniform, 1/C for each class, and is clamped to [0, 1] and made to sum
        to 1 after every update.

        Args:
            classes: C.
            tangent: leave of the condition's gradient only what keeps its sum; not in 001.
        """
        simplex = LabelSimplex(classes)
        condition = SearchBlock(
            start=tf.fill([1, classes], 1 / classes),
            projection=simplex,
            tangent=simplex.tangent if tangent else None,
        )
        return cls((condition,))

    @classmethod
    def condition_and_latent(
        cls,
        classes,
        latent_size,
        restriction,
        seed=0,
        latent_update_factor=1.0,
        latent_first_step=0,
        tangent=False,
    ):
        """The space of inverse classification (000): one candidate, all of it searched.

        The condition moves as in `condition_alone`; the latent starts at a draw from its prior.

        Args:
            classes: C.
            latent_size: Z.
            restriction: a `LatentRestriction`; tells the prior.
            seed: of the latents' starts, which depend on it and the example's number only.
            latent_update_factor: multiplies the latent's learning rate; 0 leaves it at its start.
            latent_first_step: how many steps pass before the latent begins to move.
            tangent: leave of the condition's gradient only what keeps its sum; not in 000.
        """
        latent = SearchBlock(
            start=NormalStart(latent_size, seed, restriction.mean, restriction.standard_deviation),
            update_factor=latent_update_factor,
            first_step=latent_first_step,
            restriction=restriction,
        )
        return cls((*cls.condition_alone(classes, tangent).blocks, latent))


def _latent_from_mean(candidates, latent_size, restriction):
    """The latent's block where every candidate starts at the prior's mean."""
    start = tf.fill([candidates, latent_size], float(restriction.mean))
    return SearchBlock(start=start, restriction=restriction)
