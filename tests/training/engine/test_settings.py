"""Settings from presets, files and options."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.config import TrainConfig
from training.settings import PRESETS, SettingsError, configured


def test_options_go_over_a_file_and_a_file_over_a_preset(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('epochs = 5\nlearning_rate = 1\nhead = "linear"\n[trainer]\nbf16 = false\n')
    found = configured(file, "pure", {"epochs": 7, "seed": None})
    assert (found.epochs, found.learning_rate, found.head) == (7, 1, "linear")
    assert found.head_epochs == PRESETS["pure"]["head_epochs"]
    assert found.trainer == {"bf16": False}
    assert configured() == TrainConfig()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("epoch = 3", "there is no setting 'epoch'; there are epochs"),
        ('epochs = "3"', "epochs must be a int, not '3'"),
        ("lora = true", "lora must be a int, not True"),
        ("gradient_checkpointing = 1", "must be a bool"),
        ('loss = "hinge"', "loss must be one of cross_entropy, mse"),
        ('precision = "half"', "precision must be one of auto, float32, bfloat16"),
        ("epochs = ", "is not TOML"),
    ],
)
def test_what_is_no_setting_is_refused(content: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=said):
        configured(file)
