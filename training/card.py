"""The model card of a checkpoint: README.md, as the Hugging Face Hub reads it."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from huggingface_hub import ModelCardData

from models.names import hub_id
from training.metrics.few import FEW

FIGURES = {
    "error_accuracy": "error accuracy",
    "correct_accuracy": "correct accuracy",
    "f1": "F1 (ProcessBench's)",
}


def model_card(name: str, settings: dict[str, Any], architecture: str) -> str:
    """The card of the checkpoint `name`, out of the record that steplens.json is.

    It says what the run itself knows: on what the PRM was trained and chosen, and no figure of
    problems that had no part in either, since none was measured.
    """
    parts = [
        f"---\n{_front_matter(settings, architecture).to_yaml()}\n---",
        f"# {name}",
        _what_it_is(settings, architecture),
        "## Use\n\n" + _use(name, architecture),
        "## Data\n\n" + _data(settings),
        "## Figures\n\n" + _figures(settings["report"]),
        "## Limits\n\n" + "\n".join(f"- {one}" for one in _limits(settings)),
        "## Settings\n\n" + _table(["setting", "value"], _settings(settings)),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(settings: dict[str, Any], architecture: str) -> ModelCardData:
    """Without results: those of the run chose the weights, and the Hub would list them as tests."""
    known = architecture.endswith("ForTokenClassification")
    base = hub_id(settings["base"])
    return ModelCardData(
        library_name="transformers" if known else "steplens",
        pipeline_tag="token-classification",
        tags=["process-reward-model", "prm", "reward-model", "steplens"],
        base_model=base,
    )


def _what_it_is(settings: dict[str, Any], architecture: str) -> str:
    base = _code(_named(settings["base"]))
    grown = (
        f"LoRA of rank {settings['config']['lora']}, merged" if settings["config"]["lora"] else ""
    )
    return (
        "A process reward model (PRM): behind each step of a solution it gives the probability "
        f"that there is no error so far. It was trained by `steplens train` from {base} (weights "
        f"{settings['base_revision']}), all weights{'' if not grown else f' by {grown}'}; its "
        f"architecture is `{architecture}`, a step ends at {_code(settings['separator'])}."
    )


def _use(name: str, architecture: str) -> str:
    others = {
        "Qwen2ForProcessRewardModel": "`vllm serve` serves it, as it does Qwen2.5-Math-PRM.",
    }.get(architecture, "")
    if architecture.endswith("ForTokenClassification"):
        others = "Transformers loads it by `AutoModelForTokenClassification`."
    return f"```\nsteplens annotate prm --model {name}\n```\n\n{others}".strip()


def _data(settings: dict[str, Any]) -> str:
    report = settings["report"]
    rows = [
        [
            _code(_named(one["path"])),
            one["format"],
            _code(one["sha256"][:12]),
            f"{one['weight']:g}",
            f"{one['solutions']:,}",
            f"{one['steps']:,}",
            "; ".join(f"{count:,} {why}" for why, count in one["left_out"].items()) or "none",
        ]
        for one in settings["data"]
    ]
    heads = ["source", "format", "SHA-256", "weight", "solutions", "labelled steps", "left out"]
    text = [
        _table(heads, rows),
        f"Trained on {report['n_training']:,} solutions ({report['n_training_wrong']:,} with an "
        f"error): {report['n_positive_steps']:,} right steps and {report['n_negative_steps']:,} "
        "first errors; steps behind a first error are not trained on. "
        f"{report['n_validation']:,} solutions to other problems chose the best epoch. "
        "`steplens.json` has the fingerprints of all these problems.",
    ]
    if share := report["held_out_share"]:
        text.append(
            f"{share:.0%} of the problems of the project stayed out of both, to evaluate on."
        )
    text += [
        f"{count:,} problems of {_code(_named(where))} are to evaluate on and were left out."
        for where, count in report["leaks"].items()
    ]
    return "\n\n".join(text)


def _figures(report: dict[str, Any]) -> str:
    """Those of the best epoch, and every epoch's, on the validation part."""
    best = next(one for one in report["history"] if one["epoch"] == report["best_epoch"])
    rows = [[words, _figure(best[name]), _span(best, name)] for name, words in FIGURES.items()]
    chosen = (
        f"Epoch {best['epoch']} of {report['history'][-1]['epoch']} was the best"
        if best["epoch"]
        else "No epoch was better than the base, so these are the base's weights and figures"
    )
    wrong = report["n_validation_wrong"]
    text = [
        f"{chosen}, on {report['n_validation']:,} validation solutions ({wrong:,} with an error). "
        "**They chose the epoch and are not held out**: expect less on problems that had no part "
        "in the training.",
        _table(["on the validation part", "", "95%"], rows),
    ]
    if min(wrong, report["n_validation"] - wrong) < FEW:
        text.insert(1, f"**Fewer than {FEW} of a class are too few to tell PRMs apart by.**")
    epochs = [
        [
            str(one["epoch"] or "0, the base"),
            _figure(one["train_loss"]),
            _figure(one["validation_loss"]),
            _figure(one["f1"]),
        ]
        for one in report["history"]
    ]
    return "\n\n".join(
        [*text, _table(["epoch", "training loss", "validation loss", "validation F1"], epochs)]
    )


def _limits(settings: dict[str, Any]) -> list[str]:
    found = [
        "It was measured on nothing but its validation part; a benchmark's figures are to be "
        "measured (`steplens evaluate processbench`), on problems that are not in its data.",
        "Its labels are as good as its sources' are; this run did not check them.",
        f"A step beyond {settings['max_length']:,} tokens gets no score.",
        "What stands behind a first error was not trained on: scores there mean little.",
    ]
    if settings["base_problems"] is None:
        found.append("What its base was trained on before, as a PRM, is not known.")
    elif settings["base_problems"]:
        found.append(
            f"Its base had learnt from {len(settings['base_problems']):,} problems before, which "
            "are not held out either (`base_problems` in `steplens.json`)."
        )
    return found


def _settings(settings: dict[str, Any]) -> list[list[str]]:
    versions = [[f"version of {name}", one] for name, one in settings["versions"].items()]
    config = [[name, _code(str(value))] for name, value in settings["config"].items()]
    return [*config, *versions]


def _span(epoch: dict[str, Any], name: str) -> str:
    ends = epoch["intervals"].get(name)
    return f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else "–"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _named(path: str) -> str:
    """The last part of a folder's or file's path: a card is for others, who have no such path."""
    return path if hub_id(path) else PurePath(path).name or path


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, one))} |" for one in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    """As code, which shows any text as it is: on one line, without the sign that ends it."""
    return "`" + " ".join(text.replace("`", "'").split()) + "`" if text.strip() else "none"
