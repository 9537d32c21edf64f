"""The paper's findings measured again."""
