"""The handover pack: what somebody needs who takes over, from the plan and the facts."""
