"""The one place that talks over the network: names, certificates, pages.

It reads and never writes, but for walker.py, by which launch_baseline measures.

Each probe is bounded in time and returns facts, or an Unasked that says why there are none.
"""
