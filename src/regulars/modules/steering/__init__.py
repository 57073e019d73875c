"""Steering: on whom money is spent, so that it goes where it changes something.

Owns       plans (whom, what, when, how much, and why not), who was chosen in one that was started;
           ladders of rising offers for sleepers, and where each stands; what was decided of
           sized coupons for next orders.
Offers     services.ask, work, start, stop, drop; queries.plan_view, plans, people;
           next_orders.give_due, decisions; ladders.put_up, advance, take_down, ladder_view.
Announces  nothing of its own: coupons and experiments announce what a plan gives and tries.
Hears      nothing: it reads facts, forecasts, experiments, consents and lists when it decides.
"""
