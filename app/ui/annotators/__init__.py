"""Annotators on screen: who is compared, whose columns are shown, what they are called."""
