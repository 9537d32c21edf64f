"""The look of every figure, in the app and in reports."""
