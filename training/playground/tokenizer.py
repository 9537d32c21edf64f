"""The playground's tokenizer: a small BPE that keeps digits apart and a blank line whole.

Text is cut as Qwen2's tokenizer cuts it (each digit alone), so that AutoTokenizer, which reads
any tokenizer in a Qwen2 model's folder that way, encodes as training did. The blank line, a
blank with a digit after it, and the judge's tags are added tokens: they are cut out of a text
before anything else, so they never merge, and a prefix has the ids it has within the whole.
"""

from __future__ import annotations

from typing import Any

from models.errors import MissingExtraError
from models.playground.critique import judge_message, judge_reply
from models.playground.world import TRAINING_SEEDS, gold_solution, sample_problems

try:
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast
except ImportError as error:
    raise MissingExtraError("The playground's tokenizer", error) from error

VOCABULARY = 1024
PAD, BOS, EOS = "<|pad|>", "<|begin|>", "<|end|>"
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
SEPARATOR = "<extra_0>"
SPECIAL = (PAD, BOS, EOS, *ROLES, SEPARATOR)
WHOLE = (
    "\n\n", *(f" {digit}" for digit in range(10)), "\\boxed{",
    "<math_problem>", "</math_problem>", "<reference>", "</reference>",
    "<paragraph_", "</paragraph_", "<analysis_", "</analysis_", "<conclusion>", "</conclusion>",
)  # fmt: skip
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] }}"
    "{{ '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
# Qwen2's own rule, from transformers' Qwen2Tokenizer.
_CUT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_tokenizer(n_problems: int = 6000) -> Any:
    """A PreTrainedTokenizerFast of `VOCABULARY` tokens, trained on texts of the world."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_CUT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(WHOLE),
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_corpus(n_problems), trainer)
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in WHOLE])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        additional_special_tokens=[*ROLES, SEPARATOR],
        chat_template=CHAT_TEMPLATE,
        model_max_length=1024,
        clean_up_tokenization_spaces=False,
    )


def _corpus(n_problems: int) -> list[str]:
    system = r"Please reason step by step, and put your final answer within \boxed{}."
    texts = [system] * 50
    for problem in sample_problems(n_problems, TRAINING_SEEDS):
        steps = gold_solution(problem)
        message = judge_message(problem.text, "\n\n".join(steps), steps)
        wrong = judge_reply(problem, steps, 0)
        texts += [message, judge_reply(problem, steps, -1), wrong]
    # As the tokenizer will see them: without what is cut out beforehand.
    for token in WHOLE:
        texts = [text.replace(token, "\x00") for text in texts]
    return [part for text in texts for part in text.split("\x00") if part]
