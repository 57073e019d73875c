"""HTTP: strict input, problem documents, permissions and writes, the same for every audience."""
