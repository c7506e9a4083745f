"""A search of one image at a time, as the paper's program did: what the batched one replaces."""

import keras
import tensorflow as tf


def one_image_search(classifier, compiled):
    """Returns a function that searches one image after the other.

    Args:
        classifier: an `InvertedGeneratorClassifier`, whose generator and settings are used.
        compiled: the step is a `tf.function`.

    Returns:
        A function from images (N, ...) to their data differences (N, C).
    """
    generator = classifier.generator
    settings = classifier.settings
    classes, latent_size = generator.condition_size, generator.latent_size
    condition = tf.eye(classes)
    latent = tf.Variable(tf.zeros([classes, latent_size]))
    target = tf.Variable(tf.zeros([classes, *generator.data_shape]))
    optimizer = keras.optimizers.Adam(
        settings.learning_rate, settings.beta_1, settings.beta_2, settings.epsilon
    )
    optimizer.build([latent])
    restriction = settings.restriction(generator.prior)
    elements = list(range(1, len(target.shape)))

    def difference():
        data = generator({"condition": condition, "latent": latent})
        return tf.reduce_mean(tf.abs(data - target), axis=elements)

    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(difference() + restriction(latent[tf.newaxis]))
        optimizer.apply([tape.gradient(loss, latent)], [latent])

    if compiled:
        step, difference = tf.function(step), tf.function(difference)

    def search(images):
        found = []
        for image in images:
            target.assign(tf.repeat(image[None], classes, axis=0))
            for variable in (latent, *optimizer.variables[:1], *optimizer.variables[2:]):
                variable.assign(tf.zeros_like(variable))
            for _ in range(settings.steps):
                step()
            found.append(difference())
        return tf.stack(found).numpy()

    return search
