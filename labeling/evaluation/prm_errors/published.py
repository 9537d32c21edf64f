"""What arXiv 2501.07301 publishes on the three biases, to print beside one's own figures.

Percentages; of other models on other data, so they are a scale and nothing to be compared with.
"""

from __future__ import annotations

# 3.2.1: flawed processes among a policy's right answers, and among ProcessBench's.
FLAWED_OF_POLICY = {"gsm8k": 5.1, "math": 11.9, "olympiadbench": 27.4, "omnimath": 43.4}
FLAWED_IN_PROCESSBENCH = {
    "gsm8k": (7, 200),
    "math": (94, 500),
    "olympiadbench": (161, 500),
    "omnimath": (259, 500),
}
# 3.2.2: accuracy on ProcessBench's right answers with a wrong step, mean of four subsets.
TOLERANCE = {
    "Qwen2.5-Math-7B-Math-Shepherd": 3.8,
    "RLHFlow-PRM-Deepseek-8B": 9.7,
    "RLHFlow-PRM-Mistral-8B": 11.4,
    "Math-Shepherd-PRM-7B": 13.9,
    "EurusPRM-Stage1": 23.5,
    "Skywork-PRM-1.5B": 26.4,
    "EurusPRM-Stage2": 27.4,
    "Skywork-PRM-7B": 27.8,
    "Qwen2.5-Math-7B-PRM800K": 38.2,
    "Qwen2.5-Math-PRM-7B": 53.9,
    "Qwen2.5-Math-PRM-72B": 58.1,
}
TOLERANCE_BY_SOURCE = {"Monte Carlo": 22.2, "judge": 26.2, "people": 38.2}
# 3.2.3: responses whose lowest score is on the last step.
LOWEST_ON_LAST = {
    "RLHFlow-PRM-Mistral-8B": 9.1,
    "Qwen2.5-Math-7B-Math-Shepherd": 9.8,
    "RLHFlow-PRM-Deepseek-8B": 17.3,
    "Qwen2.5-Math-PRM-7B": 17.5,
    "Qwen2.5-Math-PRM-72B": 18.0,
    "Qwen2.5-Math-7B-PRM800K": 26.8,
    "Skywork-PRM-1.5B": 30.9,
    "Skywork-PRM-7B": 42.2,
    "Math-Shepherd-PRM-7B": 44.5,
    "EurusPRM-Stage2": 52.9,
    "EurusPRM-Stage1": 54.6,
}
