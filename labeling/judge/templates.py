"""A judge's prompt out of a small file, and the chat that is sent (docs/judge.md)."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labeling.judge.replies import Contract
from models.steps import split_steps

PROMPTS = Path(__file__).parent / "prompts"
FENCE = "+++\n"
# The number of the first paragraph, and the tag it is shown in.
NUMBERING = {
    "analysis": (1, "paragraph"),
    "boxed": (0, "paragraph"),
    "step": (1, "step"),
    "yes-no": (1, "step"),
}
PLACEHOLDER = re.compile(r"\{(problem|paragraphs|reference)\}")
OUR_TAG = re.compile(
    r"<(?=/?(?:math_problem|reference|conclusion|(?:paragraph|analysis|step)_[0-9]+)>)",
    re.IGNORECASE,
)


class JudgeError(ValueError):
    """A prompt file is missing, or does not say what it must."""


@dataclass(frozen=True, slots=True)
class YesNo:
    """How the contract "yes-no" asks, and where its verdicts stand.

    `per`: "step" asks about the last step of each prefix, "solution" once about all of them. A
    verdict is a word of `yes` or `no` right behind the `mark`, blanks in the words counted.
    """

    per: Literal["step", "solution"]
    mark: str
    yes: tuple[str, ...]
    no: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgeTemplate:
    """A judge's prompt. `hash` is the SHA-256 of its file: it identifies what was asked.

    `solve_first`: the judge solves the problem before it sees the solution, and gets its own
    solution as the reference. `yes_no` belongs to the contract of this name.
    """

    name: str
    text: str
    contract: Contract
    solve_first: bool
    hash: str
    system: str | None = None
    temperature: float = 0.0
    max_tokens: int = 2048
    yes_no: YesNo | None = None


def shipped_prompts() -> list[str]:
    """The names of the prompts that come with StepLens."""
    return sorted(file.stem for file in PROMPTS.glob("*.md"))


def load_template(name_or_path: str | Path) -> JudgeTemplate:
    """Read a shipped prompt by its name, or a file of the same form by its path.

    Raises JudgeError when there is none, or its header or placeholders are not as they must be.
    """
    name = str(name_or_path)
    file = PROMPTS / f"{name}.md" if name in shipped_prompts() else Path(name_or_path)
    if not file.is_file():
        raise JudgeError(
            f"no judge prompt {name!r}: neither a file nor one of {', '.join(shipped_prompts())}"
        )
    try:
        content = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise JudgeError(f"{file} is not UTF-8 text: {error}") from error
    _, fence, rest = content.partition(FENCE)
    head, closing, body = rest.partition(FENCE)
    if not content.startswith(FENCE) or not fence or not closing:
        raise JudgeError(f"{file} must begin with a header between two lines of +++")
    try:
        header = tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        raise JudgeError(f"{file}: the header is not TOML: {error}") from error
    return _template(file, header, body.strip("\n"), hashlib.sha256(content.encode()).hexdigest())


def _template(file: Path, header: dict[str, object], body: str, digest: str) -> JudgeTemplate:
    types: dict[str, tuple[type, ...]] = {
        "contract": (str,),
        "solve_first": (bool,),
        "system": (str,),
        "temperature": (float, int),
        "max_tokens": (int,),
        "per": (str,),
        "mark": (str,),
        "yes": (list,),
        "no": (list,),
    }
    for key, value in header.items():
        if key not in types:
            raise JudgeError(f"{file}: unknown setting {key!r}; there are {', '.join(types)}")
        if not isinstance(value, types[key]):
            raise JudgeError(f"{file}: {key} must be {types[key][0].__name__}, not {value!r}")
    if header.get("contract") not in NUMBERING:
        raise JudgeError(f"{file}: contract must be one of {', '.join(NUMBERING)}")
    solve_first = bool(header.pop("solve_first", False))
    wanted = {"problem", "paragraphs"} | ({"reference"} if solve_first else set())
    found = set(PLACEHOLDER.findall(body))
    if found != wanted:
        raise JudgeError(
            f"{file} must contain {', '.join(f'{{{name}}}' for name in sorted(wanted))}"
            f"{'' if solve_first else ' (and {reference} with solve_first = true)'}, "
            f"but contains {', '.join(f'{{{name}}}' for name in sorted(found)) or 'none of them'}"
        )
    yes_no = _yes_no(file, header)
    if yes_no and solve_first:
        raise JudgeError(f"{file}: solve_first does not go with the contract yes-no")
    return JudgeTemplate(
        name=file.stem,
        text=body,
        solve_first=solve_first,
        hash=digest,
        yes_no=yes_no,
        **header,  # type: ignore[arg-type]
    )


def _yes_no(file: Path, header: dict[str, object]) -> YesNo | None:
    """What the contract "yes-no" needs, taken out of the header; None for another contract."""
    given = {key: header.pop(key) for key in ("per", "mark", "yes", "no") if key in header}
    if header["contract"] != "yes-no":
        if given:
            raise JudgeError(f"{file}: {', '.join(given)} belong to the contract yes-no")
        return None
    per, mark, words = given.get("per"), given.get("mark"), (given.get("yes"), given.get("no"))
    if per not in ("step", "solution") or not mark:
        raise JudgeError(f'{file}: yes-no needs per = "step" or "solution", and a mark')
    if not all(
        isinstance(one, list) and one and all(isinstance(word, str) and word for word in one)
        for one in words
    ):
        raise JudgeError(f"{file}: yes and no must each list at least one word")
    yes, no = (tuple(map(str, one)) if isinstance(one, list) else () for one in words)
    return YesNo("step" if per == "step" else "solution", str(mark), yes, no)


def messages(
    template: JudgeTemplate, problem: str, steps: Sequence[str], reference: str | None = None
) -> list[dict[str, str]]:
    """The chat to send to the judge. Raises JudgeError without the reference it needs.

    A tag of ours inside the problem or a step is written `&lt;paragraph_2>`, so that a solution
    can neither end its own paragraph nor begin another. The reference is cut into numbered
    analyses: what is needed for a paragraph has the number of the reply about it.
    """
    if template.solve_first and reference is None:
        raise JudgeError(f"prompt {template.name} needs the judge's own solution as a reference")
    first, tag = NUMBERING[template.contract]
    texts = {
        "problem": _inert(problem),
        "reference": _numbered("analysis", split_steps(reference or ""), first),
        "paragraphs": _numbered(tag, steps, first),
    }
    # In one pass: a problem that contains "{paragraphs}" keeps its words.
    user = PLACEHOLDER.sub(lambda match: texts[match[1]], template.text)
    system = [{"role": "system", "content": template.system}] if template.system else []
    return [*system, {"role": "user", "content": user}]


def _numbered(tag: str, texts: Sequence[str], first: int) -> str:
    return "\n\n".join(
        f"<{tag}_{number}>\n{_inert(text)}\n</{tag}_{number}>"
        for number, text in enumerate(texts, start=first)
    )


def _inert(text: str) -> str:
    return OUR_TAG.sub("&lt;", text)
