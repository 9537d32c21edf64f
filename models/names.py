"""Models are named by one string, SCHEME:TARGET; here such a name is read and resolved."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from models.errors import CheckpointError, MissingExtraError, ModelError

SCHEMES = ("transformers", "playground", "vllm", "openai")
SEPARATOR = "<extra_0>"  # ends a step for a PRM; the released Qwen2.5-Math-PRMs have it
TOKENIZE = "/tokenize"  # vLLM's own, beside what is OpenAI's
PLAYGROUND_CHECKPOINTS = Path(__file__).parent / "playground" / "checkpoints"

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_CHECKPOINT_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
_SECRET_IN_URL = re.compile(r"https?://(?:[^/\s]*@|\S*[?#])", re.IGNORECASE)
_SERVER = re.compile(r"(.+)@(https?://\S+)", re.IGNORECASE)  # greedy: at the last @http
_VERSION = re.compile(r"/v\d+[a-z]*\d*(?:/|$)")  # /v1, /v1beta: whoever writes one means it


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model's name taken apart; `str()` puts it together again."""

    scheme: str
    target: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.target}"


@dataclass(frozen=True, slots=True)
class ServerName:
    """A model behind a server. `base_url` has a version, as in /v1, and no slash at its end."""

    model: str
    base_url: str

    @property
    def root_url(self) -> str:
        """Where a server has what is not OpenAI's, such as vLLM's /tokenize."""
        return self.base_url.removesuffix("/v1")

    def url(self, path: str) -> str:
        """The address of one of its endpoints."""
        return f"{self.root_url if path == TOKENIZE else self.base_url}{path}"

    @property
    def origin(self) -> str:
        """SCHEME://HOST:PORT."""
        return origin(self.base_url)

    @property
    def place(self) -> str:
        """HOST:PORT."""
        return self.origin.partition("//")[2]


def origin(url: str) -> str:
    """SCHEME://HOST:PORT of an http(s) address. Raises ValueError for anything else."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    if usual is None or not parts.hostname or "@" in parts.netloc or parts.port == 0:
        raise ValueError(f"{url!r} is not an address of a server")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or usual}"


def parse_server_names(target: str) -> tuple[ServerName, ...]:
    """Take MODEL@BASE_URL,BASE_URL... apart, at the last @ before http(s)://; MODEL may have / : @.

    /v1 is added to a BASE_URL without a version. Raises ModelError, in words that repeat
    nothing of a URL that may hold a password.
    """
    refuse_secrets(target)
    form = (
        "Write openai:MODEL@BASE_URL, as in openai:qwen@http://localhost:8000/v1; several servers "
        "of the model have commas between their addresses"
    )
    found = _SERVER.fullmatch(target.strip())
    if found is None or "://" in found[1] or not found[1].strip():
        raise ModelError(f"The name of a model behind a server is incomplete. {form}")
    names = tuple(_server_name(found[1].strip(), url, form) for url in found[2].split(","))
    if len(set(names)) < len(names):
        raise ModelError("The model's name has the same server twice: name each once")
    return names


def _server_name(model: str, address: str, form: str) -> ServerName:
    try:
        origin(address)
    except ValueError:
        raise ModelError(f"An address behind the last @ is not a URL. {form}") from None
    url = urlsplit(address)
    path = url.path.rstrip("/")
    version = "" if _VERSION.search(path) else "/v1"
    return ServerName(model, f"{url.scheme}://{url.netloc.lower()}{path}{version}")


def refuse_secrets(spec: str) -> None:
    """Raise ModelError when a URL in `spec` has a user, a password or a query.

    Names are stored and shown; whoever stores one asks here first.
    """
    if _SECRET_IN_URL.search(spec):
        raise ModelError(
            "A model's name may not hold a user, a password, a key or a query: it is stored and "
            "shown. Give the plain address, and the key in the environment, as STEPLENS_API_KEY"
        )


def parse_model_name(spec: str) -> ModelName:
    """Take `SCHEME:TARGET` apart; the path of an existing folder counts as transformers:PATH.

    Raises ModelError when the scheme is unknown, the target is empty, or a URL in it is
    incomplete or has a password.
    """
    refuse_secrets(spec)
    text = spec.strip()
    scheme, colon, target = text.partition(":")
    if colon and scheme in SCHEMES:
        if not target.strip():
            raise ModelError(f"The model name {spec!r} names nothing after {scheme}:")
        if scheme == "openai":
            parse_server_names(target)
        return ModelName(scheme, target.strip())
    if text and Path(text).expanduser().is_dir():
        return ModelName("transformers", text)
    raise ModelError(
        f"{spec!r} is not a model name and no folder of that name exists. Write "
        "transformers:PATH_OR_ID, vllm:PATH_OR_ID, openai:MODEL@BASE_URL[,BASE_URL] or "
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


def hub_id(spec: str) -> str | None:
    """The OWNER/NAME on the Hugging Face Hub that a model's name means; None where it is none."""
    target = spec.removeprefix("transformers:")
    return target if _HUB_ID.fullmatch(target) and not Path(target).exists() else None


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


def short_name(model: str) -> str:
    """What stands last in a model's name, without a version: fit for an annotator's name."""
    if model.startswith("openai:"):
        return parse_server_names(model.removeprefix("openai:"))[0].model.rsplit("/", 1)[-1]
    return (
        model.rstrip("/").replace("\\", "/").split("/")[-1].split(":")[-1].split("@")[0] or "model"
    )
