"""Publishing: run the notebooks in a batch and turn what they show into web pages and PDF.

This part reaches the rules only through the notebooks; it knows nothing of points.
"""
