"""What an exported classifier was made of."""

from igc_tf.pretrained import weights_digest
from igc_tf.runs import describe_environment


def describe_classifier(classifier):
    """Returns what it takes to build the classifier again, but the weights; JSON-ready."""
    return {
        "generator_sha256": weights_digest(classifier.generator),
        "search": classifier.settings.to_dict(),
        "prior_mean": classifier.prior_mean,
        "prior_standard_deviation": classifier.prior_standard_deviation,
        "data_range": classifier.data_range and list(classifier.data_range),
        "classes": classifier.classes,
        "latent_size": classifier.signature.latent_size,
        "data_shape": list(classifier.signature.data_shape),
        "environment": describe_environment(),
    }
