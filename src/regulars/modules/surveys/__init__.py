"""Surveys: what members would like, and why they leave, by choosing among what is shown.

Owns       surveys, the benefits they compare, and members' answers.
Offers     services (draft, open, close), answering (answer, put away, take back);
           results.results (utilities, shares, value per cost, who, revealed use);
           queries.said (reasons for leaving as they were said).
Announces  nothing.
Hears      nothing.
"""
