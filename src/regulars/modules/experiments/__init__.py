"""Experiments: whether what is promised changes what members do.

Owns       experiments, who was assigned to which arm, and what was frozen of them then.
Offers     services.create, start, decide; queries.arm_of; readout.readout (lift with its interval);
           covering.measured (what ran on the days of a stretch).
           jobs start the experiment of an offer that was published with a holdout.
Announces  experiment.started, experiment.decided.
Hears      offer.created, offer.changed.
"""
