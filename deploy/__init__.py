"""Ships the product and takes it back; runs on an operator's machine or in CI, not in the product.

`cli.py` has the verbs, `target.py` what each of them may ask of a platform, `steps.py` how a step
is told and timed. A platform's own ways live in a folder of its own. It reads no settings of the
product's: an operator's machine has none of the product's variables.
"""
