"""Training: resumable, watched in TensorBoard, judged on validation data."""

from igc_tf.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "RECIPES": "named_recipes",
        "CAGANRecipe": "recipes",
        "ConditionalGANRecipe": "recipes",
        "DCGANRecipe": "recipes",
        "NetworkRecipe": "recipes",
        "Recipe": "recipes",
        "SequenceRecipe": "recipes",
        "fit_sequence_network": "sequence",
        "joined_workers": "workers",
        "suited_recipe": "own_recipe",
        "train_generator": "train_gan",
        "train_network": "network",
        "train_own_pictures": "own_pictures",
        "train_trajectories": "sequence",
    },
)
