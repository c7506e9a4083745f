"""Tables of the page on serving, made from the result files like those of `result_tables`."""

from result_files import percent, read, table

_NAME = "load/compact"


def load_throughput():
    """Requests a second and latencies, with batching and without."""
    rows = [
        [
            row["clients"],
            "together" if row["batching"] else "one by one",
            f"{row['per_second']:.0f}",
            f"{row['examples_at_once']:.1f}",
            *(f"{1000 * seconds:.0f}" for seconds in row["latency"].values()),
        ]
        for row in read(_NAME)["rows"]
    ]
    head = ["clients", "searched", "requests a second", "images in a search"]
    return table([*head, "median, ms", "90 %, ms", "99 %, ms"], rows)


def load_faults():
    """What a service did with what is not a good request, and at its end."""
    result = read(_NAME)
    slow, large, malformed, end = (result[name] for name in ("slow", "large", "malformed", "end"))
    beside, memory = slow["beside"], large["memory"]
    statuses = sorted({str(status) for status, _ in large["answers"]})
    rows = [
        [
            f"{slow['clients']} clients, each of which sends its {slow['request_bytes']:.0f} bytes "
            f"one by one, in {slow['seconds']:.0f} s",
            f"{slow['right']} right answers; {beside['clients']} others got "
            f"{beside['per_second']:.0f} a second meanwhile, half of them within "
            f"{1000 * beside['latency']['50']:.0f} ms",
        ],
        [
            f"{large['bodies']} bodies of {large['body_bytes'] / 2**20:.0f} MiB at once",
            f"answered {' and '.join(statuses)} within {large['seconds']:.1f} s; resident memory "
            f"{_mebibytes(memory['before'])} before, {_mebibytes(memory['peak'])} at most, "
            f"{_mebibytes(memory['after'])} after",
        ],
        [
            f"{malformed['sent']:,} malformed requests of {malformed['kinds']} kinds",
            f"{malformed['clear']:,} clear answers; {result['stderr']} lines on stderr",
        ],
        [
            f"SIGTERM while {end['clients']} clients ask",
            f"of {end['before']['sent']} requests that were sent before it "
            f"{end['before']['answered']} were answered, of {end['after']['sent']} after it "
            f"{end['after']['answered']}; exit code {end['exit_code']}, after "
            f"{end['seconds']:.1f} s",
        ],
    ]
    return table(["what came", "what it did"], rows)


def _mebibytes(size):
    return f"{size / 2**20:,.0f} MiB"


def numbers():
    """{name: text} of the numbers that stand in sentences."""
    result = read(_NAME)
    ratio, engine = result["ratio"], result["engine"]
    most = max(engine, key=int)
    return {
        "load_rounds": str(result["options"]["rounds"]),
        "load_average": f"{result['load_average']['begin']:.1f}",
        "load_clients": most,
        "load_engine_most": f"{engine[most]:.0f}",
        "load_engine_one": f"{engine['1']:.0f}",
        "load_engine_ratio": f"{ratio['engine']:.1f}",
        "load_service_ratio": f"{ratio['service']:.1f}",
        "load_reached": percent(ratio["reached"], 0),
    }


TABLES = {"load-faults": load_faults, "load-throughput": load_throughput}
