"""Measure how long the work takes, against what else could do it: ``make bench``.

Times are measured, never asserted: nothing fails because a machine is slow. Everything runs on a copy of the sample
year in a temporary folder; no result or report of the project is touched.
"""
