"""What records in DNS mean, by their RFCs: pure functions that look up through their caller."""
