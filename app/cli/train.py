"""Training a PRM on the command line; needs no database."""

from __future__ import annotations

import click

from app.cli.console import console, progress_bar


@click.command(short_help="Train a PRM on an export.")
@click.argument("export_dir", type=click.Path())
@click.option("--base", required=True, help="The backbone, e.g. playground:policy.")
@click.option("--out", required=True, type=click.Path(), help="Folder for the checkpoint.")
@click.option("--epochs", type=click.IntRange(1), help="At most so many passes over the data.")
@click.option("--batch-size", type=click.IntRange(1))
@click.option("--learning-rate", type=float)
@click.option("--seed", default=0, show_default=True)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
def train(
    export_dir: str,
    base: str,
    out: str,
    epochs: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    seed: int,
    overwrite: bool,
) -> None:
    """Train a PRM on EXPORT_DIR (made by `steplens export`). Needs no database.

    The best epoch on held-out problems is kept, as safetensors in the layout that
    Qwen2.5-Math-PRM has and vLLM serves.
    """
    from app.cli.tables import training_summary
    from training.train import TrainConfig
    from training.train import train as train_prm

    usual = TrainConfig()
    config = TrainConfig(
        epochs=epochs or usual.epochs,
        batch_size=batch_size or usual.batch_size,
        learning_rate=learning_rate,
        seed=seed,
    )
    with progress_bar(console, "train") as report:
        outcome = train_prm(export_dir, base, out, config, progress=report, overwrite=overwrite)
    console.print(training_summary(outcome), markup=False)
    console.print(f"[bold]{out}[/bold]: score with `steplens annotate prm --model {out}`")
