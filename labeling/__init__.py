"""What labels solutions: steps, answers, Monte Carlo, judge, consensus, formats, jobs."""
