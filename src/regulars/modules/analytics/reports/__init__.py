"""The merchant's reports: fact files in, plain dictionaries out, and those as CSV.

Each opens the facts, asks a few expressions and closes them again. Days count up to and with
``as_of``. A merchant without facts gets zeros. Refunds count as known when the facts were
exported, also those after ``as_of``.
"""

from regulars.modules.analytics.reports.cohort_table import cohort_members, cohorts
from regulars.modules.analytics.reports.coverage_and_sales import coverage, new_members, sales
from regulars.modules.analytics.reports.csv_text import Table, to_csv
from regulars.modules.analytics.reports.deferred_points import deferred_points
from regulars.modules.analytics.reports.points_balance import points_liability
from regulars.modules.analytics.reports.programme_change import programme_change
from regulars.modules.analytics.reports.recruitment import frequency, recruitment
from regulars.modules.analytics.reports.repurchase_rate import repurchase, repurchase_trend
from regulars.modules.analytics.reports.rfm_grid import rfm, rfm_members
from regulars.modules.analytics.reports.second_order_curve import second_order
from regulars.modules.analytics.reports.tier_pyramid import tiers

__all__ = [
    "Table",
    "cohort_members",
    "cohorts",
    "coverage",
    "deferred_points",
    "frequency",
    "new_members",
    "points_liability",
    "programme_change",
    "recruitment",
    "repurchase",
    "repurchase_trend",
    "rfm",
    "rfm_members",
    "sales",
    "second_order",
    "tiers",
    "to_csv",
]
