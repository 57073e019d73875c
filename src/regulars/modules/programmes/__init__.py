"""Programmes: what a merchant promises, in versions that take effect from an instant.

Owns       versioned programme documents (tiers, earning, expiry) and the templates.
Offers     queries.programme_at; statements.statement (where a member stands, in plain JSON);
           services.put_programme, run_due; leaving.leave, come_back, foretold; templates;
           changes.changes, wording.told (what two versions say differently), reigns.reigns (when
           each held).
Announces  programme.published; member.left and member.rejoined, for members.
"""
