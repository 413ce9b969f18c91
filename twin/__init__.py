"""What the community is made of, what state it is in, and all SQL."""
