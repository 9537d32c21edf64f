"""Settings of a run from a preset, a TOML file and options, the later ones over the earlier."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.config import LABELS, LOSSES, PRECISIONS, TREES, TrainConfig

# PURE's recipe (github.com/CJReinforce/PURE): the head alone, then everything much more slowly.
PRESETS: dict[str, dict[str, Any]] = {
    "steplens": {},
    "pure": {
        "head_epochs": 3,
        "head_learning_rate": 1e-4,
        "epochs": 1,
        "learning_rate": 1e-6,
    },
}
NAMES = tuple(field.name for field in dataclasses.fields(TrainConfig))
# What a value may be; None means "chosen for you" where the default is None.
TYPES: dict[str, tuple[type, ...]] = {
    "learning_rate": (float, int),
    "head_learning_rate": (float, int),
    "device": (str,),
}
# What a setting may be.
WORDS = {"loss": LOSSES, "labels": LABELS, "precision": PRECISIONS, "trees": TREES}


class SettingsError(ValueError):
    """A setting that is not known, or of another type; the message says which there are."""


def configured(
    file: str | Path | None = None,
    preset: str = "steplens",
    given: Mapping[str, Any] | None = None,
) -> TrainConfig:
    """The settings of `preset`, then those in the TOML `file`, then those `given`; None is unset.

    A file has a key for each field of TrainConfig; a table `[trainer]` goes to transformers'
    TrainingArguments. Raises SettingsError for what is no setting, and OSError.
    """
    chosen = {**PRESETS[preset], **({} if file is None else _read(Path(file)))}
    chosen.update({name: value for name, value in (given or {}).items() if value is not None})
    return TrainConfig(**chosen)


def _read(file: Path) -> dict[str, Any]:
    try:
        settings = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not TOML: {error}") from error
    for name, value in settings.items():
        if name not in NAMES:
            known = ", ".join(NAMES)
            raise SettingsError(f"{file}: there is no setting {name!r}; there are {known}")
        wanted = _types(name)
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            raise SettingsError(f"{file}: {name} must be a {wanted[0].__name__}, not {value!r}")
    for name, words in WORDS.items():
        if (word := settings.get(name, words[0])) not in words:
            raise SettingsError(f"{file}: {name} must be one of {', '.join(words)}, not {word!r}")
    return settings


def _types(name: str) -> tuple[type, ...]:
    default = getattr(TrainConfig(), name)
    if name in TYPES:
        return TYPES[name]
    return (float, int) if isinstance(default, float) else (type(default),)
