"""Infra: Django-aware, business-blind plumbing.

Owns   write records (idempotency and audit in one), the outbox and its relay.
Offers db (one place where dialects differ), tenancy, writes, outbox, clock, crypto, http, jobs.
"""
