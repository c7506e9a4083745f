"""What very many images take: calculated from what one machine was measured to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """Something to classify on, of which one can have many.

    Attributes:
        name: what to call it.
        rate: images that one of it classifies a second.
        price: of one of it for an hour, USD.
    """

    name: str
    rate: float
    price: float


def project(machine, images, count, start_seconds=0.0):
    """Returns how long a number of images takes, and what that costs.

    Args:
        machine: a `Machine`.
        images: how many.
        count: of the machines; the images are divided among them.
        start_seconds: that each of them takes before its first image, which is paid, too.

    Returns:
        `{"hours": of the clock, "machine_hours": number, "cost": USD}`.
    """
    hours = (images / (machine.rate * count) + start_seconds) / 3600
    return {
        "hours": hours,
        "machine_hours": hours * count,
        "cost": hours * count * machine.price,
    }


def rate_by_operations(operations, peak, share):
    """Returns images a second, calculated.

    Args:
        operations: floating-point operations that an image takes.
        peak: of the machine, operations a second.
        share: of the peak that is reached, in (0, 1].
    """
    return peak * share / operations


def limits(machine, driver_parts, part_size, bytes_read, bytes_written, storage):
    """Returns how many machines keep what they share busy: more of them are no faster.

    Args:
        machine: a `Machine`.
        driver_parts: parts a second that one driver hands out and takes back.
        part_size: images in a part.
        bytes_read: of an image.
        bytes_written: likewise.
        storage: bytes a second that the file system moves, in each direction.

    Returns:
        `{"driver": machines, "reading": machines, "writing": machines, "first": the least's name}`.
    """
    found = {
        "driver": driver_parts * part_size / machine.rate,
        "reading": storage / (bytes_read * machine.rate),
        "writing": storage / (bytes_written * machine.rate),
    }
    return {**found, "first": min(found, key=found.get)}
