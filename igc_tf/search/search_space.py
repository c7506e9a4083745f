"""What a search may move."""

from dataclasses import dataclass

import tensorflow as tf

from igc_tf.search.search_block import SearchBlock


@dataclass(frozen=True)
class SearchSpace:
    """The blocks of a search, in the order of the generator's inputs.

    Attributes:
        blocks: one `SearchBlock` per generator input, all with the same number of candidates.

    Raises:
        ValueError: without blocks, with differing numbers of candidates, or with nothing to search.
    """

    blocks: tuple[SearchBlock, ...]

    def __post_init__(self):
        object.__setattr__(self, "blocks", tuple(self.blocks))
        if not self.blocks:
            raise ValueError("a search space needs at least one block")
        counts = [block.shape[0] for block in self.blocks]
        if len(set(counts)) != 1:
            raise ValueError(f"blocks have {counts} candidates: expected the same number in each")
        if not any(block.searched for block in self.blocks):
            raise ValueError("no block is trainable: there is nothing to search")

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
        start = tf.fill([classes, latent_size], float(restriction.mean))
        return cls((condition, SearchBlock(start=start, restriction=restriction)))
