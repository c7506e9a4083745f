"""When a run that diverged is stopped."""

import keras
import numpy as np
import pytest

from igc_tf.errors import NonFiniteLossError
from igc_tf.training.non_finite_guard import NonFiniteGuard


def test_stops_at_a_loss_or_at_weights_that_are_not_finite():
    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
    guard = NonFiniteGuard()
    guard.set_model(model)
    guard.on_epoch_begin(1)
    guard.on_train_batch_end(0, {"loss": 1.0})
    guard.on_epoch_end(1)
    with pytest.raises(NonFiniteLossError, match=r"epoch 2, step 4: \{'loss': nan\}"):
        guard.on_train_batch_end(3, {"loss": float("nan"), "other": 0.0})
    # the step after which no loss was computed any more
    model.set_weights([np.array([[np.inf]]), np.zeros(1)])
    with pytest.raises(NonFiniteLossError, match="epoch 2, the last step made weights"):
        guard.on_epoch_end(1)
