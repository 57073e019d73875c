"""Surveys over HTTP."""
