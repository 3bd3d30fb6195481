"""``python -m assess_lib``: the same as the command ``assess``."""

import sys

from assess_lib.cli import main

if __name__ == "__main__":
    sys.exit(main())
