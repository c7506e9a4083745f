"""The learning rate over a whole training."""

import keras


def cosine_decay(recipe, steps_per_epoch):
    """Returns a schedule from `recipe.learning_rate` to `recipe.final_learning_rate`.

    It falls along half a cosine over `recipe.epochs` (Loshchilov & Hutter 2017, equation 5
    without restarts); a final rate of None keeps the rate constant.
    """
    if recipe.final_learning_rate is None:
        return recipe.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate,
        decay_steps=recipe.epochs * steps_per_epoch,
        alpha=recipe.final_learning_rate / recipe.learning_rate,
    )
