"""The `igc-tf` command."""

from igc_tf.cli.program import run_program


def main():
    """Runs `igc-tf` with the arguments of this process and exits."""
    run_program(_run)


def _run():
    import tyro

    from igc_tf.commands.classify import classify
    from igc_tf.commands.data import data
    from igc_tf.commands.export import export
    from igc_tf.commands.reproduce import reproduce
    from igc_tf.commands.serve import serve

    app = tyro.extras.SubcommandApp()
    for command in (reproduce, classify, export, serve, data):
        app.command(command)
    return app.cli(
        prog="igc-tf", config=(tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes)
    )
