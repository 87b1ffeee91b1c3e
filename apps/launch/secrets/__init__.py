"""The search for secrets in what is committed: forms.py knows them, scan.py looks for them."""
