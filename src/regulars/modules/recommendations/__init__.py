"""Recommendations: what a member is likely to put into the next basket, and what they may like.

Owns       lists as Parquet files per merchant, made daily beside the forecasts of insight.
Offers     services.recommend (afresh), services.refresh_next (kept); queries.recommendations.
Hears      nothing: it reads analytics' facts through insight, and consents when it answers.
"""
