"""Keeps the model of the epoch that did best on the validation images."""

from igc_tf.metrics.intervals import wilson_interval


def keep_best(run, name, model, epoch, accuracy, count):
    """Writes the model as `name`, and `best.json` beside it, if it is the best so far.

    Args:
        run: a `RunDirectory`.
        name: of the model's file, with the suffix .keras.
        model: a Keras model.
        epoch: its number, from 0.
        accuracy: on the validation images, in [0, 1]; with several noise levels their mean.
        count: those images, each counted once.
    """
    best = run.read_json("best.json")
    if best is not None and best["accuracy"] >= accuracy:
        return
    run.write(name, model.save)
    run.write_json(
        "best.json",
        {
            "epoch": epoch + 1,
            "accuracy": accuracy,
            "interval": list(wilson_interval(accuracy * count, count)),
            "count": count,
        },
    )
