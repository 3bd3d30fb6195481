"""Publishing: run the notebooks in a batch and turn what they show into web pages and PDF.

This part reaches the rules only through the notebooks; it knows nothing of points.
"""

import sys

# nbformat imports jsonschema, which imports this package if it can, and that builds a parser of internet addresses for
# over a second, in each process. No notebook's schema has such an address to judge; jsonschema does without it.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
