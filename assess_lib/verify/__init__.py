"""Verification: every hash again, every score again from the raw files, ledger sums, printed scores, grades, ranks.

It reads alone: nothing is written, locked or registered. ``verify`` does all of it; ``hashes`` only holds the
files to their receipts and the register, in milliseconds; ``rescore`` makes a set anew in memory.
"""

from assess_lib.verify.again import rescore
from assess_lib.verify.finding import Finding, Verification
from assess_lib.verify.seals import Hashes, hashes
from assess_lib.verify.whole import Progress, verify

__all__ = ["Finding", "Hashes", "Progress", "Verification", "hashes", "rescore", "verify"]
