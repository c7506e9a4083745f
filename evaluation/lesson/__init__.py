"""The experiments of "Generative Adversarial Networks": losses, latents, noise."""
