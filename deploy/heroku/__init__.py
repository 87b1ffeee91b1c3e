"""Heroku, through its Platform API v3: sources, builds, releases and one-off dynos."""
