"""The tabs below the list of mistakes: a file each, which draws it from the solutions found."""
