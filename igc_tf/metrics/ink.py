"""What can be measured of drawn ink: how broad its strokes are, and how far it leans.

Images are grey, (N, H, W) or (N, H, W, 1); ink is what differs from the background, however strong
and on which side of it.
"""

import numpy as np

from igc_tf.errors import InputError


def stroke_width(images, background):
    """The mean width of the strokes: twice the ink's area over the length of its outline.

    The outline is the total variation, which is the mean length of the outlines of all grey levels
    (coarea formula): no threshold, and a stroke that is faint as a whole is as broad as a black
    one. A ring's width is the difference of its radii, that of a straight bar of width w and length
    l is w · l / (w + l); as drawn in pixels both come out within some 3 per cent from three pixels
    on, and up to 12 per cent too broad for slanting lines of two.

    Args:
        images: (N, H, W) or (N, H, W, 1), floats.
        background: their value where there is no ink.

    Returns:
        float64 (N,), in pixels; 0 for an image without ink.

    Raises:
        InputError: for images of another shape.
    """
    ink = np.pad(_ink(images, background), ((0, 0), (1, 1), (1, 1)))
    across, down = np.diff(ink, axis=2), np.diff(ink, axis=1)
    # at the corners between pixels, where both differences are known
    across = (across[:, 1:] + across[:, :-1]) / 2
    down = (down[:, :, 1:] + down[:, :, :-1]) / 2
    outline = np.sqrt(across**2 + down**2).sum(axis=(1, 2))
    area = ink.sum(axis=(1, 2))
    return np.divide(2 * area, outline, out=np.zeros(len(ink)), where=outline > 0)


def slant(images, background):
    """How far the ink leans to the right: the shear by which an upright drawing became this one.

    From the second central moments, tan(slant) = -μ_xy / μ_yy with y downwards: the ink's centre
    moves so far sideways for each pixel upwards. It is what slant correction of digits undoes
    (LeCun et al. 1998, §III.A).

    Args:
        images: (N, H, W) or (N, H, W, 1), floats.
        background: their value where there is no ink.

    Returns:
        float64 (N,), in degrees, in (-90, 90): 0 is upright, "/" is positive; 0 for an image
        without ink and for a single line of pixels.

    Raises:
        InputError: for images of another shape.
    """
    ink = _ink(images, background)
    area = ink.sum(axis=(1, 2), keepdims=True)
    weights = np.divide(ink, area, out=np.zeros_like(ink), where=area > 0)
    y, x = np.indices(ink.shape[1:], dtype=np.float64)
    mean_x, mean_y = (np.tensordot(weights, axis, 2)[:, None, None] for axis in (x, y))
    joint = (weights * (x - mean_x) * (y - mean_y)).sum(axis=(1, 2))
    upright = (weights * (y - mean_y) ** 2).sum(axis=(1, 2))
    shear = np.divide(-joint, upright, out=np.zeros(len(ink)), where=upright > 1e-12)
    return np.degrees(np.arctan(shear))


def _ink(images, background):
    """float64 (N, H, W), at least 0."""
    images = np.asarray(images, np.float64)
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim != 3:
        raise InputError(f"images have shape {images.shape}: expected (N, H, W) or (N, H, W, 1)")
    return np.abs(images - background)
