"""A plain Linux machine, this one or one over ssh: releases side by side, one symlink that decides.

`layout.py` says what lies where, `shell.py` how a command gets there, `supervisors.py` what keeps
processes running, `building.py` how a release is made, `target.py` in which order all of it
happens. `ready.py` and `carry.py` run on the machine itself, in the new release.
"""
