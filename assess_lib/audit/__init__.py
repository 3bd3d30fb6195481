"""What an auditor does with a scored set: compute it again, add it up, follow rows, draw a sample.

``recompute`` is SQL over the clean tables and shares no code with the scoring: it imports the columns of the tables
and nothing else of this package's library, so this file imports nothing. Nothing here writes a file.
"""
