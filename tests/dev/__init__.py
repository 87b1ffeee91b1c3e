"""The two commands: set-up, servers, processes and what they say when something is in the way."""
