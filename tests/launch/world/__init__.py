"""A whole launch on loopback, of real parts, and what can be broken of it."""
