"""Events: the published language. One file of frozen events per publishing module.

Past tense, ids and amounts, never contact data. Whoever hears them may hear them twice.
"""
