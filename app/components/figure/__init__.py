"""What stands under a figure: buttons that save it."""
