"""The consensus rule, its run over a project, and exports."""
