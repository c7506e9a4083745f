"""Whether a generator can read an image set."""

from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.pretrained import generator_card, generator_names


def check_generator(name, generator, data, conditions=None):
    """Passes if a generator makes what an image set holds.

    Args:
        name: of the generator: one that ships, or a .keras file's path.
        generator: the model.
        data: a `LabelledData`.
        conditions: C of the conditions that describe it; None for its number of classes.

    Raises:
        InputError: if conditions or image shapes differ, or if a generator that ships was trained
            on another set.
    """
    signature = Generator.of(generator)
    conditions = data.num_classes if conditions is None else conditions
    shape = data.images.shape[1:]
    if (conditions, shape) != (signature.condition_size, signature.data_shape):
        raise InputError(
            f"{data.name} has {conditions} conditions (classes) for images {shape}, the generator "
            f"{name} {signature.condition_size} for {signature.data_shape}: expected the same"
        )
    if name in generator_names():
        trained_on = generator_card(name)["training"]["recipe"]["dataset"]
        if trained_on != data.name:
            raise InputError(
                f"the generator {name} was trained on {trained_on}: expected that, not "
                f"{data.name}, or the .keras file of a generator of {data.name}"
            )
