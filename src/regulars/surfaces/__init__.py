"""Surfaces: one file per audience. Here routers are mounted and doors set, once each.

partner  /api/v1        shops, tills, connectors: an API key
console  /console/api   staff: a session
member   /member/api    members, about themselves: a signed token
admin    /operator/     this installation's operators: a session with a second factor
pages    /console/, /m/ the built web apps
"""
