"""How a reply is read, one file for each contract that a prompt may ask a judge to keep."""
