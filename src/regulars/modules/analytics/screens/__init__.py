"""What the console and the member pages show: reads that span modules.

home       the first screen: figures, what to do today, how it went
members    the list of members, found and sorted
member     one member with everything behind them; the timeline of what happened
card       the member's own page
Counts of everybody come from facts, as fresh as the facts are; what is told of one member comes
from the books and is exact.
"""
