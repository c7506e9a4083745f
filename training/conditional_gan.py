"""`python -m training.conditional_gan compact|document`: trains the conditional GAN of 000."""

from igc_tf.cli.program import run_program


def main():
    from igc_tf.training import CONDITIONAL_GAN_RECIPES, train_conditional_gan
    from igc_tf.training.gan_program import gan_program

    return gan_program(train_conditional_gan, CONDITIONAL_GAN_RECIPES)


if __name__ == "__main__":
    run_program(main)
