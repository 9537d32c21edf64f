"""LLM-as-a-judge: prompts, replies, and the job."""
