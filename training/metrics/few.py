"""When a figure rests on too little to be told without a warning."""

FEW = 30  # solutions or problems; with fewer, one more or less is over 3 points of a share
