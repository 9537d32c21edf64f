"""The paper's findings, measured again on one world: `steplens lessons`."""
