"""What the page Import does: takes files in, shows what they would become, follows the import."""
