"""A host on loopback that the product is shipped to, taken back on and broken, under load."""
