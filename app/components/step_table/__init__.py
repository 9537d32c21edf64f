"""The step table that Solution and Review share."""
