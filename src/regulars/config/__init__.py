"""Config: the composition root. Settings come from the environment and the home folder."""
