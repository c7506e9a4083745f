"""Keeps the model of the epoch that did best on the validation images."""


def keep_best(run, name, model, epoch, evaluation):
    """Writes the model as `name`, and `best.json` beside it, if it is the best so far.

    Args:
        run: a `RunDirectory`.
        name: of the model's file, with the suffix .keras.
        model: a Keras model.
        epoch: its number, from 0.
        evaluation: has `accuracy`, `interval` and `count`; on the validation images.
    """
    best = run.read_json("best.json")
    if best is not None and best["accuracy"] >= evaluation.accuracy:
        return
    run.write(name, model.save)
    run.write_json(
        "best.json",
        {
            "epoch": epoch + 1,
            "accuracy": evaluation.accuracy,
            "interval": list(evaluation.interval),
            "count": evaluation.count,
        },
    )
