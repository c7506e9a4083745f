"""Figures. Each function returns an array or a matplotlib figure and writes nothing."""

import numpy as np


def tile_images(images, columns, gap=1):
    """Lays images out in rows.

    Args:
        images: (N, H, W, channels).
        columns: images per row.
        gap: pixels between them, of the lowest value -0.5.

    Returns:
        float32 (rows · (H + gap) - gap, columns · (W + gap) - gap, channels).
    """
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    sheet = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap, channels), -0.5, np.float32
    )
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet
