"""The kinds of word problems in the playground."""
