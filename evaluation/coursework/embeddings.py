"""`python -m evaluation.coursework.embeddings`: how real and generated images lie in the plane.

The coursework's bonus questions: PCA and t-SNE of both, precision and recall of LeNet on both, and
whether a linear GAN converges to PCA.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import average_precision_score, precision_recall_curve
from sklearn.neighbors import NearestNeighbors

from evaluation.coursework.linear_gan import LinearGAN
from evaluation.figures import plot_curves, plot_embeddings
from evaluation.options import DataOptions, quickened
from evaluation.readers import network_facts
from evaluation.verdicts import above, judged, verdict_lines
from igc_tf.classifiers.network import load_network, network_within
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.generators.store import load_generator
from igc_tf.ranges import Range
from igc_tf.runs import Experiment

# t-SNE begins with so many principal components, as usual
_COMPONENTS = 50
_NEIGHBOURS = 10
# a linear GAN of whose directions none is farther from the principal ones has found them, degrees
_FOUND = 10.0
LINEAR = {
    f"{form} discriminator, {loss}": LinearGAN(form, loss)
    for form in ("linear", "quadratic")
    for loss in ("non-saturating", "least-squares", "wasserstein")
}
_QUICK = {"images": 60, "judged_images": 200, "seeds": 1, "linear_steps": 30}


@dataclass(frozen=True)
class EmbeddingOptions(DataOptions):
    """Embed MNIST and generated images, draw LeNet's precision and recall, try linear GANs.

    Attributes:
        generator: a conditional one of digits: a name that ships, or a directory.
        output: directory for result.json and the figures.
        images: of either kind that are embedded, drawn at random.
        judged_images: of either kind for precision and recall; all test images, and as many
            generated ones, if not given.
        seeds: trainings of each linear GAN.
        linear_steps: of each.
        seed: the first one; of the choice of images, latents and t-SNE.
        quick: all of it in a minute, on little data where nothing else is asked for, which says
            nothing but that it works.
    """

    generator: str = "mnist-cgan-compact-100"
    output: Path = Path("runs/embeddings")
    images: Annotated[int, Range(3 * _NEIGHBOURS)] = 3000
    judged_images: Annotated[int | None, Range(20)] = None
    seeds: Annotated[int, Range(1)] = 5
    linear_steps: Annotated[int, Range(1)] = 6000
    quick: bool = False

    @property
    def resolved(self):
        """These options, with what `quick` stands for."""
        return quickened(self, _QUICK)


def embed(options, data=None, lenet=None, verbose=1):
    """Embeds, judges, and trains the linear GANs that are not trained yet.

    Args:
        options: an `EmbeddingOptions`.
        data: `LabelledData` of real images; None for the test images.
        lenet: a Keras model, images in [-0.5, 0.5] -> probabilities; None for the one that ships.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `rows`, one for each linear GAN and seed, with
        `angle` and `chance` (see `LinearGAN.train`); `embeddings`, {set: explained variances,
        share of like neighbours}; `average_precision`, {set: of each class}; `verdicts`.

    Raises:
        InputError: for a generator that does not make such images, or too few images.
        DataUnavailableError: if the images are not available.
    """
    options = options.resolved
    generator = load_generator(options.generator)
    if data is None:
        data = load_images("mnist", "test", options.data_dir, bounds=generator.bounds)
    generator.check_set(data)
    lenet = load_network() if lenet is None else lenet
    some = data.sample(options.judged_images or len(data), options.seed)
    chosen = data.sample(options.images, options.seed)
    facts = {
        "generator_sha256": generator.digest(),
        **network_facts({"mnist-lenet": lenet}),
        "data": some.facts(),
    }
    run = Experiment("python -m evaluation.coursework.embeddings", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
    gans = [
        (name, replace(gan, steps=options.linear_steps, seed=seed))
        for seed in range(options.seed, options.seed + options.seeds)
        for name, gan in LINEAR.items()
    ]
    with run.progress(len(gans), "linear GAN", initial=len(run.rows)) as progress:
        for name, gan in gans:
            if run.row(name=name, seed=gan.seed) is None:
                run.add({"name": name, **asdict(gan), **gan.train()})
                progress.update()
    run.say("embeddings")
    sets = {
        "MNIST": (chosen.images, chosen.labels),
        "generated": (generator.sample(chosen.labels, [options.seed, 1]), chosen.labels),
    }
    embeddings = _embed(run, sets, data.class_names, options.seed)
    sets = {
        "MNIST": (some.images, some.labels),
        "generated": (generator.sample(some.labels, [options.seed, 2]), some.labels),
    }
    network = network_within(lenet, generator.bounds)
    precision = _precision(run, sets, network, data.class_names)
    return run.finish(
        embeddings=embeddings, average_precision=precision, verdicts=_linear_verdicts(run.rows)
    )


def _embed(run, sets, class_names, seed):
    """Draws PCA and t-SNE of each set; returns figures of them."""
    panels, found = {}, {}
    for name, (images, labels) in sets.items():
        flat = images.reshape(len(images), -1).astype(np.float64)
        pca = PCA(min(_COMPONENTS, len(flat)), svd_solver="full").fit(flat)
        components = pca.transform(flat)
        points = TSNE(2, init="pca", random_state=seed, perplexity=min(30, len(flat) / 4))
        placed = {"PCA": components[:, :2], "t-SNE": points.fit_transform(components)}
        for method, places in placed.items():
            panels[f"{method}, {name}"] = (places, labels)
        found[name] = {
            "explained_variance": pca.explained_variance_ratio_[:2].tolist(),
            "like_neighbours": {
                method: like_neighbours(places, labels) for method, places in placed.items()
            },
        }
    run.write_figure("embeddings.png", plot_embeddings(panels, class_names))
    return found


def like_neighbours(points, labels):
    """Of each point's ten nearest neighbours, the share that has its label: the mean.

    Args:
        points: (N, D), N at least 11.
        labels: (N,).

    Returns:
        A float in [0, 1].
    """
    search = NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(points)
    # of the points themselves: each without itself
    return float((labels[search.kneighbors()[1]] == labels[:, np.newaxis]).mean())


def _precision(run, sets, lenet, class_names):
    """Draws precision over recall for each class; returns the average precisions."""
    panels, found = {}, {}
    for name, (images, labels) in sets.items():
        probabilities = lenet.predict(images, batch_size=1000, verbose=0)
        curves, found[name] = {}, []
        for number, class_name in enumerate(class_names):
            is_mine = labels == number
            precision, recall, _ = precision_recall_curve(is_mine, probabilities[:, number])
            curves[class_name] = (recall, precision)
            found[name].append(float(average_precision_score(is_mine, probabilities[:, number])))
        panels[f"precision, {name}"] = curves
    figure = plot_curves(panels, "recall", "LeNet, each class against the others")
    run.write_figure("precision-recall.png", figure)
    return found


def _linear_verdicts(rows):
    """Verdicts (`judged`), one for each kind of GAN."""
    chance, verdicts = np.mean([row["chance"] for row in rows]), []
    for name in dict.fromkeys(row["name"] for row in rows):
        all_angles = [row["angle"] for row in rows if row["name"] == name]
        # of those that diverged nothing is known but that they found nothing
        angles = [90.0 if angle is None else angle for angle in all_angles]
        diverged = f", {all_angles.count(None)} diverged" if None in all_angles else ""
        verdicts.append(
            judged(
                f"In a linear system a GAN converges to PCA: {name}",
                above(_FOUND, angles),
                "largest angle between what the generator spans and the principal components, "
                f"mean of the seeds: {np.mean(angles):.1f}°{diverged}; at random {chance:.1f}°",
            )
        )
    return verdicts


def embedding_tables(result):
    """Returns what `embed` found as lines of text.

    Args:
        result: its result.
    """
    lines = [
        "           like neighbours, PCA   t-SNE   variance of 2 components   average precision"
    ]
    for name, found in result["embeddings"].items():
        pca, tsne = (found["like_neighbours"][method] for method in ("PCA", "t-SNE"))
        precision = result["average_precision"][name]
        lines.append(
            f"{name:10} {100 * pca:19.1f} % {100 * tsne:6.1f} % "
            f"{100 * sum(found['explained_variance']):24.1f} %   {np.mean(precision):.4f} "
            f"(least: {min(precision):.4f}, class {int(np.argmin(precision))})"
        )
    lines += ["", *verdict_lines(result["verdicts"])]
    return "\n".join(lines)


def main():
    """Runs the experiment with the options of the command line."""
    options = parse_options(EmbeddingOptions)
    print(embedding_tables(embed(options)))
    print(f"\nfigures and result.json: {options.output}")


if __name__ == "__main__":
    run_program(main)
