"""Custom components: the step table that Solution and Review share."""
