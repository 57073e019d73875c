"""Pure: how models learn from numbers and how sure they are; no framework, no clock."""
