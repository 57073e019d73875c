"""Insight: what members are likely to do next, learnt from what they did, and how sure that is.

Owns       forecasts as Parquet files per merchant, stamped with the day they were learnt as of;
           runs that somebody asked for.
Offers     services.foretell_due, services.foretell_churn_of (afresh), services.refresh_next (kept);
           queries.due_list, queries.churn_list, queries.lost_members, queries.reasons,
           calendar.calendar, values.value_summary, values.value_list, outlook.outlook (from what
           is stored); clv (what a member may still bring, afresh); running (all of them, now).
Tells      segments what is foretold of each member.
Hears      nothing: it reads analytics' facts.
"""
