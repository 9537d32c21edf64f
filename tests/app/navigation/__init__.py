"""Getting around in the app: links, Back, the address, doors and carried lists."""
