"""What very many images take: calculated from what one machine was measured to do."""

import math
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


@dataclass(frozen=True)
class Shared:
    """What all machines share: the driver and the file system. Both work while machines do.

    Attributes:
        block_seconds: of the driver, for each block of parts that it hands out.
        part_seconds: of the driver, for each part besides.
        blocks: that it makes of the parts at most.
        part_size: images in a part.
        bytes_read: of an image.
        bytes_written: likewise.
        storage: bytes a second that the file system moves, in each direction.
    """

    block_seconds: float
    part_seconds: float
    blocks: int
    part_size: int
    bytes_read: float
    bytes_written: float
    storage: float

    def seconds(self, images):
        """Returns how long each is busy with so many images: "driver", "reading", "writing"."""
        parts = math.ceil(images / self.part_size)
        return {
            "driver": min(parts, self.blocks) * self.block_seconds + parts * self.part_seconds,
            "reading": images * self.bytes_read / self.storage,
            "writing": images * self.bytes_written / self.storage,
        }


def project(machine, images, count, shared, start_seconds=0.0):
    """Returns how long a number of images takes, and what that costs.

    Args:
        machine: a `Machine`.
        images: how many.
        count: of the machines; the images are divided among them.
        shared: a `Shared`; all machines wait for what is busy longer than they are.
        start_seconds: that each of them takes before its first image, which is paid, too.

    Returns:
        `{"hours": of the clock, "machine_hours": number, "cost": USD, "limit": "machines", or what
        they share and wait for}`.
    """
    busy = {"machines": images / (machine.rate * count), **shared.seconds(images)}
    limit = max(busy, key=busy.get)
    hours = (busy[limit] + start_seconds) / 3600
    return {
        "hours": hours,
        "machine_hours": hours * count,
        "cost": hours * count * machine.price,
        "limit": limit,
    }


def rate_by_operations(operations, peak, share):
    """Returns images a second, calculated.

    Args:
        operations: floating-point operations that an image takes.
        peak: of the machine, operations a second.
        share: of the peak that is reached, in (0, 1].
    """
    return peak * share / operations


def limits(machine, images, shared):
    """Returns how many machines keep what they share busy: more of them are no faster.

    Args:
        machine: a `Machine`.
        images: how many are classified.
        shared: a `Shared`.

    Returns:
        `{"driver": machines, "reading": machines, "writing": machines, "first": the least's name}`.
    """
    alone = images / machine.rate
    found = {name: alone / seconds for name, seconds in shared.seconds(images).items()}
    return {**found, "first": min(found, key=found.get)}
