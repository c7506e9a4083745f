"""`igc-tf serve` or `igc-tf draw` in a process of its own, seen from outside."""

import contextlib
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from igc_tf.errors import IGCError

_PROGRAM = "from igc_tf.cli.main import run_command_line; run_command_line()"
_HOST = "127.0.0.1"
# seconds in which it has to end
_PATIENCE = 60


class ServiceError(IGCError):
    """The service did not start, or does not end."""


class Service(NamedTuple):
    """A running service.

    Attributes:
        process: the `subprocess.Popen`.
        host: where it listens.
        port: likewise.
        errors: the `Path` of what it wrote on stderr.
    """

    process: subprocess.Popen
    host: str
    port: int
    errors: Path

    def memory(self):
        """Returns `{"now": bytes, "peak": bytes}` of the process's resident memory, as Linux tells.

        The peak is that since `forget_peak`.
        """
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status, re.M))
        return {"now": 1024 * int(found["VmRSS"]), "peak": 1024 * int(found["VmHWM"])}

    def forget_peak(self):
        """Lets the peak of the memory begin anew."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="ascii")

    def batches(self):
        """Returns how many searches there were, and of how many examples in all."""
        url = f"http://{self.host}:{self.port}/metrics"
        # whatever proxy is set is not for this
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=_PATIENCE) as response:
            families = text_string_to_metric_families(response.read().decode())
        samples = {sample.name: sample.value for family in families for sample in family.samples}
        return samples["igc_tf_batch_examples_count"], samples["igc_tf_batch_examples_sum"]

    def end(self):
        """Asks the process to end, waits for that, and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_PATIENCE)


@contextlib.contextmanager
def started(command, generator, settings, *arguments):
    """Starts a service on this machine's loopback; it is ended with the block, whatever happens.

    Args:
        command: "serve" or "draw".
        generator: for `igc-tf serve`, or draw.
        settings: likewise, a name.
        arguments: further ones of its command line.

    Yields:
        The `Service`, which takes requests.

    Raises:
        ServiceError: if it does not start.
    """
    asked = [command, generator, "--settings", settings, "--port", "0", "--no-access-log"]
    program = [sys.executable, "-c", _PROGRAM, *asked, *arguments]
    with tempfile.TemporaryDirectory() as folder:
        errors = Path(folder) / "stderr"
        with errors.open("wb") as sink:
            process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=sink, text=True)
        try:
            line = process.stdout.readline()
            found = re.search(rf"{re.escape(_HOST)}:(\d+)\b", line)
            if found is None:
                raise ServiceError(
                    f"igc-tf {' '.join(asked)} did not start: {line}"
                    f"{errors.read_text(encoding='utf-8', errors='replace')}"
                )
            yield Service(process, _HOST, int(found[1]), errors)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
