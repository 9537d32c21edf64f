"""Custom components: tables and the step table, and the files that browsers load for them."""
