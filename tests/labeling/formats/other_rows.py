"""A good row of each format of other projects.

Those of PRMBench, MR-GSM8K, MR-Ben and BIG-Bench-Mistake keep the fields, the types and the turns
of published rows, with texts of our own.
"""

from __future__ import annotations

from typing import Any

STEPS = ["Step 1: 3 * 4 = 12.", "Step 2: 12 + 5 = 18.", "Step 3: #### 18"]
PRMBENCH_ROW: dict[str, Any] = {
    "original_question": "What is 3 * 4 + 5?",
    "modified_question": "What is 3 * 4 + 5?",
    "original_process": ["3 * 4 = 12.", "12 + 5 = 17.", "It is 17."],
    "modified_process": ["3 * 4 = 12.", "12 + 5 = 18.", "It is 18."],
    "modified_steps": [2, 3],
    "error_steps": [2, 3],
    "reason": "Step 2 adds wrong.",
    "idx": "prm_test_p1_0",
    "question": "What is $3 * 4 + 5$?",
    "classification": "confidence",
}
MR_GSM8K_ROW: dict[str, Any] = {
    "uuid": "bd29-1",
    "question": "What is 3 * 4 + 5?",
    "ground_truth_solution": "3 * 4 + 5 = 17\n#### 17",
    "ground_truth_answer": 17,
    "model_output_steps": STEPS,
    "model_output_answer_correctness": "wrong",
    "model_output_solution_correctness": "wrong",
    "model_output_solution_first_error_step": 2,
    "model_output_solution_first_error_reason": "12 + 5 is 17",
    "question_type": "original",
}
MR_BEN_ROW: dict[str, Any] = {
    "Question_UUID": "855f-1",
    "Subject": "college_math",
    "Question": "What is 3 * 4 + 5?",
    "Options": "A: 17 \nB: 18 ",
    "Ground_Truth_Answer": "B",
    "Ground_Truth_Answer_Modified": "A",
    "Sampled_Model": "GPT3.5",
    "Model_Solution_Steps": ["Step 1: 3 * 4 = 12.", "Step 2: 12 + 5 = 18.", "Solution: Choice_B"],
    "Model_Solution_Correctness": "incorrect",
    "Model_Solution_First_Error_Step": "2",
    "Model_Solution_Error_Reason": ["12 + 5 is 17"],
    "Model_Solution_Rectified_First_Error_Step": ["Step 2: 12 + 5 = 17."],
}
BIG_BENCH_ROW: dict[str, Any] = {
    "input": "(3 * 4) + 5 =",
    "steps": ["A = 3 * 4 = 12.", "A + 5 = 18. So the answer is 18"],
    "target": "17",
    "answer": "18",
    "mistake_index": 1,
}
STEPVERIFY_ROW: dict[str, Any] = {
    "problem": "What is 3 * 4 + 5?",
    "reference_solution": "3 * 4 + 5 = 17\n 17",
    "student_incorrect_solution": ["3 * 4 = 12.", "12 + 5 = 18.", " 18"],
    "incorrect_index": 1,
    "incorrect_step": "12 + 5 = 18.",
    "error_category": "Unit conversion error",
    "error_description": "12 + 5 is 17",
}
SCAN_ROW: dict[str, Any] = {"question": "p", "steps": ["a", "b", "c"], "scores": [1, 0.5, 0]}
TREE_ROW: dict[str, Any] = {
    "question": "p",
    "final_answer": "2",
    "question_id": "q1",
    "reasoning_steps": {
        "text": "p",
        "mc_value": 0.5,
        "children": [{"text": r"\boxed{2}", "mc_value": 1.0, "children": []}],
    },
}
TRL_ROW: dict[str, Any] = {"prompt": "p", "completions": ["a", "b"], "labels": [True, False]}
RESPONSES_ROW: dict[str, Any] = {
    "problem": "1 + 1?",
    "gold_answer": "2",
    "annotator": "orm",
    "responses": [
        {"response": "It is 2.", "scores": [0.9], "samples": 2},
        {"response": "It is 3.", "final_answer": "3", "reward": -1.5},
    ],
}
ROWS = {
    "responses": RESPONSES_ROW,
    "prmbench": PRMBENCH_ROW,
    "mr-gsm8k": MR_GSM8K_ROW,
    "mr-ben": MR_BEN_ROW,
    "big-bench-mistake": BIG_BENCH_ROW,
    "stepverify": STEPVERIFY_ROW,
    "scan": SCAN_ROW,
    "omegaprm": TREE_ROW,
    "trl": TRL_ROW,
}
