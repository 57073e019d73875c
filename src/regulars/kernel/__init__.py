"""Kernel: the rules that know no shop, no table and no framework; standard library only."""
