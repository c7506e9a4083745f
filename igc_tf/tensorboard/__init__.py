"""What TensorBoard shows of a search: its curves, pictures, latents and settings."""

from igc_tf.tensorboard.searches import log_latents, log_search
from igc_tf.tensorboard.writers import log_settings, summary_writer

__all__ = ["log_latents", "log_search", "log_settings", "summary_writer"]
