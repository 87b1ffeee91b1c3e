"""The pages of workspaces, members and invitations, a module for each noun."""
