"""What can go wrong with a model, said in words that a person can act on."""


class ModelError(ValueError):
    """A model could not be named, found, loaded or used; the message says what to do."""


class CheckpointError(ModelError):
    """A checkpoint folder is missing, incomplete or of a kind that is not read."""


class MissingExtraError(ModelError):
    """The optional packages that a model needs are not installed."""

    def __init__(self, what: str, cause: ImportError, extra: str = "train") -> None:
        super().__init__(
            f"{what} needs the package {cause.name or cause}, which is not installed: "
            f"pip install 'steplens[{extra}]'"
        )
