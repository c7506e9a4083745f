"""What TensorBoard shows of a search: its curves, pictures, latents and settings."""

from igc_tf.tensorboard.log_latents import log_latents
from igc_tf.tensorboard.log_search import log_search
from igc_tf.tensorboard.log_settings import log_settings
from igc_tf.tensorboard.summary_writer import summary_writer

__all__ = ["log_latents", "log_search", "log_settings", "summary_writer"]
