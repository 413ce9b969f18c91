"""Static sources, one file each: from a file of the user to rows in the twin, with a receipt."""
