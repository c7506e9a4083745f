"""`python -m training.cagan compact|paper`: trains the conditional activation GAN."""

from igc_tf.cli.program import run_program


def main():
    from igc_tf.training import CAGAN_RECIPES, train_cagan
    from igc_tf.training.gan_program import gan_program

    return gan_program(train_cagan, CAGAN_RECIPES)


if __name__ == "__main__":
    run_program(main)
