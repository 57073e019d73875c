"""A pytest plugin: the first failure is enough, nobody reads the smallest one."""

from __future__ import annotations

from hypothesis import Phase, settings

settings.register_profile(
    "unshrunk",
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
)
settings.load_profile("unshrunk")
