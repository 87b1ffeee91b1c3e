"""The checks: each a pure function over facts, in a module for its area."""
