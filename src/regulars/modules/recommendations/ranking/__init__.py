"""Pure: which items each member is shown, in which order, and the numbers that tell why."""
