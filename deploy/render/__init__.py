"""Render, through its API v1: deploys of pushed commits, rollbacks, one-off jobs and exports."""
