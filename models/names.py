"""Models are named by one string, SCHEME:TARGET; here such a name is read and resolved."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from models.errors import CheckpointError, MissingExtraError, ModelError

SCHEMES = ("transformers", "playground", "vllm", "openai")
SEPARATOR = "<extra_0>"  # ends a step for a PRM; the released Qwen2.5-Math-PRMs have it
PLAYGROUND_CHECKPOINTS = Path(__file__).parent / "playground" / "checkpoints"

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_CHECKPOINT_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model's name taken apart; `str()` puts it together again."""

    scheme: str
    target: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.target}"


def parse_model_name(spec: str) -> ModelName:
    """Take `SCHEME:TARGET` apart; the path of an existing folder counts as transformers:PATH.

    Raises ModelError when the scheme is unknown or the target is empty.
    """
    text = spec.strip()
    scheme, colon, target = text.partition(":")
    if colon and scheme in SCHEMES:
        if not target.strip():
            raise ModelError(f"The model name {spec!r} names nothing after {scheme}:")
        return ModelName(scheme, target.strip())
    if text and Path(text).expanduser().is_dir():
        return ModelName("transformers", text)
    raise ModelError(
        f"{spec!r} is not a model name and no folder of that name exists. Write "
        "transformers:PATH_OR_ID, vllm:PATH_OR_ID, openai:MODEL@BASE_URL or "
        "playground:policy|judge|prm"
    )


def resolve_checkpoint(spec: str) -> str:
    """The folder (or hub id) that holds the weights of a named model.

    Raises ModelError for a model that lives behind a server, CheckpointError when the
    playground has no such checkpoint.
    """
    name = parse_model_name(spec)
    if name.scheme == "openai":
        raise ModelError(f"{spec} is a model behind a server: it has no checkpoint to load here")
    if name.scheme != "playground":
        return str(Path(name.target).expanduser()) if name.target[0] in "~./" else name.target
    folder = PLAYGROUND_CHECKPOINTS / name.target
    if not re.fullmatch(r"[\w-]+", name.target) or not folder.is_dir():
        shipped = sorted(p.name for p in PLAYGROUND_CHECKPOINTS.glob("*") if p.is_dir())
        raise CheckpointError(
            f"The playground has no model {name.target!r}; it has: {', '.join(shipped) or 'none'}"
        )
    return str(folder)


def checkpoint_folder(spec: str) -> Path:
    """A local folder with the checkpoint of `spec`; a hub id is taken from the hub's cache.

    Only configuration, tokenizer and safetensors files are ever fetched. Raises
    CheckpointError when the folder is missing or does not hold a checkpoint.
    """
    target = resolve_checkpoint(spec)
    folder = Path(target)
    if not folder.is_dir():
        if not _HUB_ID.fullmatch(target):
            raise CheckpointError(f"There is no folder {target} to load the model {spec} from")
        folder = _from_hub(target)
    if not (folder / "config.json").is_file():
        raise CheckpointError(
            f"{folder} is not a model: it has no config.json. Name the folder that "
            "save_pretrained wrote"
        )
    if not any(folder.glob("*.safetensors")):
        raise CheckpointError(
            f"{folder} has no *.safetensors weights. Pickled weights (*.bin, *.pt) are not "
            "loaded, since they can run code: convert them first"
        )
    return folder


def checkpoint_revision(path: str | Path) -> str:
    """12 hex digits of the SHA-256 over config.json and the safetensors files, by name.

    Raises CheckpointError when `path` is not a folder with a config.json.
    """
    folder = Path(path)
    config = folder / "config.json"
    if not config.is_file():
        raise CheckpointError(f"{folder} is not a model: it has no config.json")
    digest = hashlib.sha256()
    for file in [config, *sorted(folder.glob("*.safetensors"))]:
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:12]


def _from_hub(target: str) -> Path:
    """The hub cache's folder of a hub id, filled first where the hub can be reached."""
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MissingExtraError(f"Loading {target}", error) from error
    try:
        return Path(snapshot_download(target, allow_patterns=_CHECKPOINT_FILES))
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise CheckpointError(
            f"{target} is no folder here and could not be fetched from the hub: {reason}"
        ) from error
