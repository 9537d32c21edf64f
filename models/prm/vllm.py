"""PRMs scored by vLLM: the layouts that vLLM serves, written and read as everywhere here."""

from __future__ import annotations

from models.errors import ModelError
from models.names import checkpoint_folder, checkpoint_revision
from models.prm.base import Scores, Solutions
from models.prm.reader import POSITIVE
from models.prm.schemes import ARCHITECTURE, OWN, check_scheme, open_prm, read_json
from models.vllm_engine import PoolerConfig, PoolingParams, TokensPrompt, start

SERVED = (OWN, "qwen")  # by vLLM's Qwen2ForProcessRewardModel


class VllmPRM:
    """A PRM of Qwen2.5-Math-PRM's layout in vLLM, a Scorer (models/prm/base.py).

    The classes of every token come back, and the separators' are taken: vLLM's own choice of
    steps (STEP pooling) would also take a separator that stands in a problem.
    """

    warning = ""

    def __init__(self, spec: str, scheme: str | None = None) -> None:
        check_scheme(scheme)
        folder = checkpoint_folder(spec)
        _, self.format, self.scheme = open_prm(spec, folder, None, scheme)
        if self.scheme not in SERVED:
            raise ModelError(
                f"{spec} is a PRM of the scheme {self.scheme}, which vLLM does not serve; "
                f"score it with {spec.replace('vllm:', 'transformers:', 1)}"
            )
        written = read_json(folder / "config.json").get("architectures") or [ARCHITECTURE]
        if self.scheme == OWN and written[0] != ARCHITECTURE:
            raise ModelError(
                f"{spec} is a {written[0]}, and of our layouts vLLM serves only {ARCHITECTURE}: a "
                f"Qwen2 with the head mlp. Score it with "
                f"{spec.replace('vllm:', 'transformers:', 1)}"
            )
        self.revision = checkpoint_revision(folder)
        self.engine = start(
            spec,
            folder,
            runner="pooling",
            hf_overrides={"architectures": [ARCHITECTURE]},
            pooler_config=PoolerConfig(tok_pooling_type="ALL"),
        )

    def score(self, solutions: Solutions) -> Scores:
        """P(the step is correct) for every step of every solution, None for dropped steps."""
        encoded = [self.format.encode(problem, steps) for problem, steps in solutions]
        scores: Scores = [[None] * len(steps) for _, steps in solutions]
        kept = [place for place, one in enumerate(encoded) if one.n_kept_steps]
        done = self.engine.encode(
            [TokensPrompt(prompt_token_ids=list(encoded[place].ids)) for place in kept],
            pooling_params=PoolingParams(use_activation=True),
            pooling_task="token_classify",
            use_tqdm=False,
        )
        for place, output in zip(kept, done, strict=True):
            at = list(encoded[place].separator_positions)
            chances = output.outputs.data.float()[at, POSITIVE].tolist()
            scores[place][: len(chances)] = chances
        return scores
