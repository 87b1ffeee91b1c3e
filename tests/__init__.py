"""The suite: it mirrors apps/ and runs on real parts."""
