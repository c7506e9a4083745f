"""The recipe that suits a set of one's own pictures: by their number, their frame, what varies."""

from dataclasses import replace

import numpy as np

from igc_tf.errors import InputError
from igc_tf.metrics import wilson_interval
from igc_tf.training.named_recipes import RECIPES
from igc_tf.training.recipes import CAGANRecipe

OWN_RECIPE = "cagan-joint"
# The steps of a training: passes over many pictures, but never fewer or more steps than these. An
# epoch has at least so many steps, so that it is not all judging and saving.
_PASSES, _STEPS, _EPOCH_STEPS = 20, (3000, 17_000), 200
_BATCH_SIZE, _SMALL_BATCH_SIZE, _MANY = 64, 32, 2000
# Pictures of a batch that are searched: as many as a search with all classes allows, within ends.
_SEARCHED, _SEARCHED_ENDS = 1600, (16, 64)
# What they are about lies anywhere if its centre varies by more than this part of a side.
_ANYWHERE = 0.05
# The largest shift in training, by how much the centre varies; and the change of each side.
_SHIFT, _SHIFTS = 1.3, (0.75 / 28, 0.2)
_SCALING, _SCALING_ANYWHERE = 0.1, 0.25
# Colours tell the classes if by them alone so many times more are right than by chance, surely.
_TELLING = 1.2
# What class separation asks of pictures in which things lie anywhere, whose classes are hardly told
# apart at first: softly, and that the right one be drawn all the same.
_ANYWHERE_JOINT = {"temperature": 0.02, "reconstruction_weight": 10.0}
_HINT_WEIGHT = 1.0
# Noise of the training, by whether pictures are drawings. It hides what only shades tell: drawings
# have them if the mean shade of their ink, pixels above a part of the range, deviates so much.
_SIGMA, _SIGMA_DRAWN = 0.1, 0.4
_INK, _SHADES = 0.15, 0.1


def own_base(name):
    """Returns the recipe that a training of one's own begins with.

    Raises:
        InputError: for a name that is none of a conditional activation GAN's.
    """
    base = RECIPES.get(name)
    if not isinstance(base, CAGANRecipe):
        known = [key for key, recipe in RECIPES.items() if isinstance(recipe, CAGANRecipe)]
        raise InputError(f"recipe={name!r}: expected one of {', '.join(known)}")
    return base


def suited_recipe(images, name=OWN_RECIPE, steps=None, seed=0):
    """Chooses how a set is trained.

    Args:
        images: an `OwnImages`.
        name: of the recipe that it begins with, that of a conditional activation GAN.
        steps: of the training, about; None for what suits the number of pictures.
        seed: of the training.

    Returns:
        `(recipe, reasons)`: a `CAGANRecipe`, and why it is so, one sentence each.

    Raises:
        InputError: for another recipe.
    """
    base, train = own_base(name), images.train
    changes, reasons = variety(images)
    if not images.arrange and base.encoder is not None:
        base = replace(base, encoder="deep")
    searched = int(np.clip(_SEARCHED // train.num_classes, *_SEARCHED_ENDS))
    batch_size = _BATCH_SIZE if len(train) >= _MANY else _SMALL_BATCH_SIZE
    separations = {
        part: replace(separation, images=min(searched, batch_size), **changes)
        for part in ("separation", "joint")
        if (separation := getattr(base, part)) is not None
    }
    if name == OWN_RECIPE:
        # one pass of the encoder is what is trained; searches from the mean would take as long
        # again, and bring nothing to it
        separations["separation"] = None
        separations["joint"] = _own_joint(separations["joint"], images.arrange)
    if steps is None:
        steps = int(np.clip(_PASSES * len(train) // batch_size, *_STEPS))
    passes = max(1, -(-min(_EPOCH_STEPS, steps) * batch_size // len(train)))
    per_epoch = passes * len(train) // batch_size
    epochs = max(1, -(-steps // per_epoch))
    recipe = replace(
        base,
        **separations,
        dataset=images.name,
        batch_size=batch_size,
        passes=passes,
        epochs=epochs,
        validation_images=len(images.validation),
        validation_sigmas=(0.0,),
        seed=seed,
    )
    reasons = [
        f"{name}: {epochs * per_epoch:,} steps of {batch_size} of the {len(train):,} pictures, "
        f"judged {'once' if epochs == 1 else f'{epochs} times'}",
        *reasons,
    ]
    return recipe, reasons


def _own_joint(joint, is_arranged):
    joint = replace(joint, hint_weight=_HINT_WEIGHT)
    return joint if is_arranged else replace(joint, **_ANYWHERE_JOINT)


def variety(images):
    """Chooses how training pictures are varied, by what varies in the set itself.

    Args:
        images: an `OwnImages`.

    Returns:
        `(fields, reasons)`: `distortion`, `shift`, `scaling`, `colours` and `sigma`, as
        `ClassSeparation` and `NetworkRecipe` have them; and why, one sentence each.
    """
    train = images.train
    spread = _spread(train.images)
    shift = float(np.clip(_SHIFT * spread, *_SHIFTS))
    scaling = _SCALING if spread < _ANYWHERE else _SCALING_ANYWHERE
    reasons = [
        f"shifted by up to {100 * shift:.0f} % of a side, scaled by up to {100 * scaling:.0f} %: "
        f"what is shown lies {100 * spread:.0f} % of a side from its middle place, typically"
    ]
    colours = "kept"
    if train.images.shape[3] == 3:
        tell, said = _colours_tell(train)
        colours = "varied" if tell else "any"
        reasons.append(
            f"colours {'varied a little' if tell else 'made any others'}: by the mean colour alone "
            f"{said}"
        )
    sigma = _SIGMA_DRAWN if images.arrange else _SIGMA
    if images.arrange and (shades := _shades(train)) > _SHADES:
        sigma = _SIGMA
        reasons.append(
            f"noise up to {sigma:g}: they are not drawn with one ink, its mean shade deviates by "
            f"{100 * shades:.0f} %"
        )
    changes = {"distortion": True, "shift": shift, "scaling": scaling, "colours": colours}
    return {**changes, "sigma": sigma}, reasons


def _spread(images):
    """How far what differs from the border lies from its mean place, a fraction of the sides."""
    height, width = images.shape[1:3]
    border = np.concatenate(
        [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1
    )
    ground = np.median(border, axis=1)[:, np.newaxis, np.newaxis]
    mass = np.abs(images - ground).sum(axis=3) + 1e-9
    total = mass.sum(axis=(1, 2))
    centres = (
        (mass.sum(axis=2) @ np.arange(height)) / total / height,
        (mass.sum(axis=1) @ np.arange(width)) / total / width,
    )
    return float(np.mean([centre.std() for centre in centres]))


def _shades(train):
    """The standard deviation, over all pictures, of the mean shade of a picture's ink."""
    low, high = train.bounds
    shade = (train.images - low) / (high - low)
    is_ink = shade > _INK
    means = (shade * is_ink).sum(axis=(1, 2, 3)) / np.maximum(is_ink.sum(axis=(1, 2, 3)), 1)
    return float(means.std())


def _colours_tell(train):
    """Whether mean colours, of all and of the middle, tell the classes; and how many were right."""
    height, width = train.images.shape[1:3]
    middle = train.images[:, height // 4 : -(height // 4), width // 4 : -(width // 4)]
    colours = np.concatenate([part.mean(axis=(1, 2)) for part in (train.images, middle)], axis=1)
    colours = colours / np.maximum(colours.std(axis=0), 1e-6)
    right = 0
    for held in (0, 1):
        # every second one is told by the others
        known = np.arange(len(train)) % 2 != held
        classes = np.unique(train.labels[known])
        means = np.stack([colours[known & (train.labels == one)].mean(axis=0) for one in classes])
        asked = colours[~known]
        distances = ((asked[:, np.newaxis] - means) ** 2).sum(axis=2)
        right += int((classes[distances.argmin(axis=1)] == train.labels[~known]).sum())
    chance = np.bincount(train.labels).max() / len(train)
    low, _ = wilson_interval(right, len(train))
    said = f"{100 * right / len(train):.0f} % are right, {100 * chance:.0f} % by chance"
    return low > _TELLING * chance, said
