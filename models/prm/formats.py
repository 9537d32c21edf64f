"""How a solution is written for each kind of published PRM: one small class per scheme.

Each class is one model card's input, and says where that card is followed to the letter.
`encode` drops whole steps at the end when a solution is longer than `max_length`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from models.errors import CheckpointError
from models.prm.encoding import (
    Encoded,
    append_steps,
    encode_solution,
    encoded,
    plain_ids,
    separator_token,
)

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

GOOD, BAD = "+", "-"
STEP_TAG = "ки"
NUMBERED = re.compile(r"\s*Step \d+:")


class StepFormat(Protocol):
    """How a solution becomes token ids, and where its steps are read."""

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The checkpoint's tokenizer."""
        ...

    def encode(self, problem: str, steps: Sequence[str]) -> Encoded:
        """Ids of at most `max_length` tokens, and the place to read for every kept step."""
        ...


@dataclass(frozen=True, slots=True)
class SeparatorChat:
    """Qwen2.5-Math-PRM and our own: a chat, a separator's id after every step.

    Source: the model card of Qwen2.5-Math-PRM-7B, which joins `<extra_0>` as text; since it is
    a token of its own, appending its id gives the same ids.
    """

    tokenizer: PreTrainedTokenizerBase
    separator: str
    separator_id: int
    system_prompt: str
    max_length: int

    def encode(self, problem: str, steps: Sequence[str]) -> Encoded:
        """System prompt, problem and `step <extra_0> step <extra_0>`; read at each separator."""
        return encode_solution(
            self.tokenizer,
            problem,
            steps,
            self.separator_id,
            self.max_length,
            self.system_prompt,
        )


@dataclass(frozen=True, slots=True)
class SeparatorText:
    """PURE and TRL: the bare problem, and a line break's id after every step; no chat.

    Sources: the model card of jinachris/PURE-PRM-7B and `PRMTrainer.tokenize_row` of TRL, which
    puts the tokenizer's first token, if there is one, before the problem.
    """

    tokenizer: PreTrainedTokenizerBase
    separator: str
    separator_id: int
    max_length: int
    strip: bool = False

    def encode(self, problem: str, steps: Sequence[str]) -> Encoded:
        """`[bos] problem step \\n step \\n` as ids; read at each separator."""
        first = self.tokenizer.bos_token_id
        prompt = [] if first is None else [first]
        prompt += plain_ids(self.tokenizer, problem)
        texts = [step.rstrip() if self.strip else step for step in steps]
        written = [plain_ids(self.tokenizer, text) for text in texts]
        return append_steps(prompt, written, self.separator_id, self.max_length)


@dataclass(frozen=True, slots=True)
class SkyworkLines:
    """Skywork-o1-Open-PRM: first token, problem, and a line break's id after every line.

    Source: `prepare_input` of SkyworkAI/skywork-o1-prm-inference, which scores every line of
    a response. A step of several lines has the score of its last line.
    """

    tokenizer: PreTrainedTokenizerBase
    newline_id: int
    max_length: int

    def encode(self, problem: str, steps: Sequence[str]) -> Encoded:
        """`bos problem \\n line \\n line \\n` as ids; read behind the last line of each step."""
        prompt = self.tokenizer.encode(self.tokenizer.bos_token + problem + "\n")
        written = []
        for step in steps:
            lines = [self.tokenizer.encode(line) if line else [] for line in step.split("\n")]
            ids = [token for line in lines for token in [*line, self.newline_id]]
            written.append(ids[:-1])  # the last line break is the one that is read
        return append_steps(prompt, written, self.newline_id, self.max_length)


@dataclass(frozen=True, slots=True)
class TaggedText:
    """Math-Shepherd: one text, `problem Step 1: ... ки\\nStep 2: ... ки`.

    Source: the model card of peiyi9979/math-shepherd-mistral-7b-prm. The card encodes the
    joined text, and so does this class: ids encoded apart would each begin with a blank in this
    tokenizer. The text is joined at blanks, where no token can reach across, and the tags are
    found by their places in the text, so one that the problem or a step contains is not read.
    """

    tokenizer: PreTrainedTokenizerBase
    tag_id: int
    max_length: int

    def encode(self, problem: str, steps: Sequence[str]) -> Encoded:
        """The joined text as ids; read at the tags behind the steps."""
        text = f"{problem} "
        ends: list[int] = []
        for number, step in enumerate(steps, start=1):
            step = step.strip()
            start = step if NUMBERED.match(step) else f"Step {number}: {step}".rstrip()
            text += ("\n" if ends else "") + f"{start} {STEP_TAG}"
            ends.append(len(text))
        batch = self.tokenizer(text, return_offsets_mapping=True)
        ids, offsets = batch["input_ids"], batch["offset_mapping"]
        tags = {end: at for at, (_, end) in enumerate(offsets) if ids[at] == self.tag_id}
        positions: list[int] = []
        for end in ends:
            at = tags.get(end, self.max_length)
            if at >= self.max_length:
                break
            positions.append(at)
        return encoded(ids, positions)


@dataclass(frozen=True, slots=True)
class TurnPerStep:
    """RLHFlow: every step is a user's turn, and the assistant answers "+" or "-".

    Source: `math-rm/prm_evaluate.py` of RLHFlow/RLHF-Reward-Modeling, which runs the model once
    per step on the chat so far, always with "+" for an answer. The chats are prefixes of each
    other and attention only looks back, so one run over the last of them gives all scores.
    """

    tokenizer: PreTrainedTokenizerBase
    good_id: int
    max_length: int

    def encode(self, problem: str, steps: Sequence[str]) -> Encoded:
        """The chat as ids; read where the assistant's answers are predicted.

        Raises CheckpointError when the chat template rewrites earlier turns.
        """
        chat: list[dict[str, str]] = []
        ids: list[int] = []
        positions: list[int] = []
        for number, step in enumerate(steps):
            text = step.strip() if number else f"{problem} {step.strip()}"
            chat += [{"role": "user", "content": text}, {"role": "assistant", "content": GOOD}]
            longer = self._ids(chat)
            if longer[: len(ids)] != ids or self.good_id not in longer[len(ids) :]:
                raise CheckpointError(
                    "This chat template does not append turns to what was there, so its steps "
                    "cannot be scored in one pass"
                )
            answer = len(longer) - 1 - longer[::-1].index(self.good_id)
            if answer > self.max_length:
                break
            ids = longer
            positions.append(answer - 1)
        return encoded(ids, positions)

    def _ids(self, chat: list[dict[str, str]]) -> list[int]:
        return list(self.tokenizer.apply_chat_template(chat, tokenize=True, return_dict=False))


def separator_chat(
    tokenizer: PreTrainedTokenizerBase,
    separator: str,
    system_prompt: str,
    max_length: int,
    name: str,
) -> SeparatorChat:
    """The format of Qwen's PRMs and ours. Raises CheckpointError without a single token."""
    separator_id = separator_token(tokenizer, separator, name)
    return SeparatorChat(tokenizer, separator, separator_id, system_prompt, max_length)


def separator_text(
    tokenizer: PreTrainedTokenizerBase,
    separator: str,
    max_length: int,
    name: str,
    strip: bool = False,
) -> SeparatorText:
    """The format of PURE and TRL. Raises CheckpointError when the separator is not one token."""
    separator_id = separator_token(tokenizer, separator, name)
    return SeparatorText(tokenizer, separator, separator_id, max_length, strip)


def skywork_lines(tokenizer: PreTrainedTokenizerBase, max_length: int, name: str) -> SkyworkLines:
    """The format of Skywork-o1-Open-PRM. Raises CheckpointError without a first token."""
    if tokenizer.bos_token is None:
        raise CheckpointError(f"The tokenizer of {name} has no bos_token, which its input begins")
    return SkyworkLines(tokenizer, int(tokenizer.encode("\n")[-1]), max_length)


def tagged_text(
    tokenizer: PreTrainedTokenizerBase, max_length: int, name: str
) -> tuple[TaggedText, tuple[int, int]]:
    """The format of Math-Shepherd and the ids of "-" and "+", as its card finds them.

    Raises CheckpointError when they are not single tokens, or not the published ones (648 and
    387, and 12902 for the tag) in a vocabulary of the published size: then the tokenizer was
    read wrongly.
    """
    good_id, bad_id = candidates = tokenizer.encode(f"{GOOD} {BAD}")[-2:]
    tag_id = tokenizer.encode(STEP_TAG)[-1]
    probe = TaggedText(tokenizer, int(tag_id), 1 << 20).encode("1 + 1?", ["It is 2.", "So 2."])
    misread = len(tokenizer) == 32000 and (*candidates, tag_id) != (648, 387, 12902)
    if misread or probe.n_kept_steps != 2:
        raise CheckpointError(
            f"The tokenizer of {name} is not Math-Shepherd's: {GOOD!r}, {BAD!r} and "
            f"{STEP_TAG!r} are {[*candidates, tag_id]} in it"
        )
    return TaggedText(tokenizer, int(tag_id), max_length), (int(bad_id), int(good_id))


def turn_per_step(
    tokenizer: PreTrainedTokenizerBase, max_length: int, name: str
) -> tuple[TurnPerStep, tuple[int, int]]:
    """The format of RLHFlow and the ids of "-" and "+". Raises CheckpointError without a chat."""
    if tokenizer.chat_template is None:
        raise CheckpointError(f"The tokenizer of {name} has no chat template, which RLHFlow needs")
    good_id, bad_id = (int(tokenizer.encode(text)[-1]) for text in (GOOD, BAD))
    form = TurnPerStep(tokenizer, good_id, max_length)
    form.encode("1 + 1?", ["It is 2.", "So 2."])  # an unfit template is refused before a job
    return form, (bad_id, good_id)
