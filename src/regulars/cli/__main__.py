"""`python -m regulars.cli`."""

from __future__ import annotations

import sys

from regulars.cli import main

sys.exit(main())
