"""The playground: a small world of word problems and the tiny models that live in it."""
