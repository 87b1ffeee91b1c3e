"""The one place that talks over the network: names, certificates, pages; it reads and never writes.

Each probe is bounded in time and returns facts, or an Unasked that says why there are none.
"""
